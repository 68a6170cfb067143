/** Keys of the reference agent that say nothing to this one: taken, with a warning that says why. */
export interface WithoutMeaning {
	/** A key, or a whole section. */
	readonly keys: readonly string[];
	readonly why: string;
	/** How the reference agent calls them in the environment. */
	readonly variables: readonly string[];
}

export const WITHOUT_MEANING: readonly WithoutMeaning[] = [
	{
		keys: ["access_log.flush.max_count", "access_log.flush.period"],
		why: "records are read as they arrive and sent in units of 1 MiB or 1 s, whichever comes first: there is no flush",
		variables: ["ROVER_ACCESS_LOG_FLUSH_MAX_COUNT", "ROVER_ACCESS_LOG_FLUSH_PERIOD"],
	},
	{
		keys: ["access_log.connection_analyze.per_cpu_buffer", "access_log.protocol_analyze.per_cpu_buffer"],
		why: "events go through a ring for each partition, not through buffers for each CPU: capture.ring_size is its size",
		variables: [
			"ROVER_ACCESS_LOG_CONNECTION_ANALYZE_PER_CPU_BUFFER",
			"ROVER_ACCESS_LOG_PROTOCOL_ANALYZE_PER_CPU_BUFFER",
		],
	},
	{
		keys: [
			"access_log.connection_analyze.parse_parallels",
			"access_log.connection_analyze.analyze_parallels",
			"access_log.protocol_analyze.parse_parallels",
			"access_log.protocol_analyze.analyze_parallels",
		],
		why: "a partition drains, parses and pairs its connections alone: capture.partitions is how many there are",
		variables: [
			"ROVER_ACCESS_LOG_CONNECTION_ANALYZE_PARSE_PARALLELS",
			"ROVER_ACCESS_LOG_CONNECTION_ANALYZE_PARALLELS",
			"ROVER_ACCESS_LOG_PROTOCOL_ANALYZE_PARSE_PARALLELS",
			"ROVER_ACCESS_LOG_PROTOCOL_ANALYZE_PARALLELS",
		],
	},
	{
		keys: ["access_log.connection_analyze.queue_size", "access_log.protocol_analyze.queue_size"],
		why: "there is no queue between draining and parsing",
		variables: ["ROVER_ACCESS_LOG_CONNECTION_ANALYZE_QUEUE_SIZE", "ROVER_ACCESS_LOG_PROTOCOL_ANALYZE_QUEUE_SIZE"],
	},
	{
		keys: ["core.backend.check_period"],
		why: "a connection that fails is noticed by its streams, not by looking now and then",
		variables: ["ROVER_BACKEND_CHECK_PERIOD"],
	},
	{
		keys: ["core.backend.insecure_skip_verify"],
		why: "certificates are always verified: name the authority with core.backend.ca_pem_path, the name with core.backend.server_name",
		variables: ["ROVER_BACKEND_INSECURE_SKIP_VERIFY"],
	},
	{
		keys: ["process_discovery.heartbeat_period", "process_discovery.properties_report_period"],
		why: "processes are not reported to the backend, only the connections that they have",
		variables: ["ROVER_PROCESS_DISCOVERY_HEARTBEAT_PERIOD", "ROVER_PROCESS_DISCOVERY_PROPERTIES_REPORT_PERIOD"],
	},
	{
		keys: ["process_discovery.scanner"],
		why: "processes are known by the kernel's events, not by scanning: access_log.select says which are watched",
		variables: ["ROVER_PROCESS_DISCOVERY_SCAN_PERIOD", "ROVER_PROCESS_DISCOVERY_SCAN_MODE"],
	},
	{
		keys: ["process_discovery.kubernetes.analyzers"],
		why: "the names of services come of the API server's services, by one rule",
		variables: [],
	},
	{ keys: ["logger"], why: "what the agent says goes to stderr, all of it", variables: ["ROVER_LOGGER_LEVEL"] },
	{ keys: ["profiling", "pprof"], why: "this agent writes access logs only", variables: ["ROVER_PROFILING_ACTIVE"] },
	{
		keys: [],
		why: "nothing is read from the host's /etc",
		variables: ["ROVER_HOST_ETC_MAPPING"],
	},
];

/** The row of a key, or of the section that it is in. */
export function withoutMeaning(key: string): WithoutMeaning | undefined {
	return WITHOUT_MEANING.find(({ keys }) => keys.includes(key));
}

/** Keys of the reference agent of which one value only can be honoured: the others are errors, not warnings. */
export const ONLY: Readonly<
	Record<string, { readonly allows: RegExp; readonly otherwise: string; readonly env: string }>
> = {
	"access_log.active": {
		allows: /^(true|on|yes|1|)$/i,
		otherwise: "the access log is all that this agent does: set it to true, or do not run the agent",
		env: "ROVER_ACCESS_LOG_ACTIVE",
	},
	"process_discovery.kubernetes.namespaces": {
		allows: /^$/,
		otherwise:
			"there is no list of namespaces to watch: leave it empty, and name the others in access_log.exclude_namespaces",
		env: "ROVER_PROCESS_DISCOVERY_KUBERNETES_NAMESPACES",
	},
};
