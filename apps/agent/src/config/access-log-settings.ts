import { USUAL_EXCLUDED } from "../cli/kubernetes-options.ts";
import type { Setting } from "./setting.ts";

const BOOLEAN = { kind: "boolean" } as const;
const FILE = { kind: "file" } as const;
const PORTS = { kind: "list", of: "ports", min: 1, max: 65_535 } as const;
const PIDS = { kind: "list", of: "pids", min: 1, max: 4_194_304 } as const;
const list = (of: string): Setting["type"] => ({ kind: "list", of });

/** The keys of `access_log`: what is looked at, and what is written of it. */
export const ACCESS_LOG_SETTINGS: readonly Setting[] = [
	{
		key: "access_log.exclude_namespaces",
		option: "exclude-namespaces",
		type: list("namespaces"),
		default: `${USUAL_EXCLUDED.join(",")} with Kubernetes, else none`,
		about: "Nothing of workloads in these namespaces. An empty list: of all.",
		env: "ROVER_ACCESS_LOG_EXCLUDE_NAMESPACES",
		reload: "live",
	},
	{
		key: "access_log.exclude_cluster",
		option: "exclude-cluster",
		type: list("clusters"),
		default: "",
		about: "Nothing of services whose names begin with one of these clusters.",
		env: "ROVER_ACCESS_LOG_EXCLUDE_CLUSTER",
		reload: "live",
	},
	{
		key: "access_log.select.pids",
		option: "pid",
		type: PIDS,
		default: "",
		about: "Only these processes. This and the next four are alternatives: a process that meets one is watched.",
		reload: "live",
	},
	{
		key: "access_log.select.comms",
		option: "comm",
		type: list("names"),
		default: "",
		about: "Only processes of this name, as in /proc/PID/comm (at most 15 bytes).",
		reload: "live",
	},
	{
		key: "access_log.select.exes",
		option: "exe",
		type: list("globs"),
		default: "",
		about: "Only these programs: `/usr/sbin/nginx`, `/opt/**`.",
		reload: "live",
	},
	{
		key: "access_log.select.containers",
		option: "container",
		type: list("ids"),
		default: "",
		about: "Only these containers, by how their ids begin.",
		reload: "live",
	},
	{
		key: "access_log.select.cgroups",
		option: "cgroup",
		type: list("globs"),
		default: "",
		about: "Only these cgroups: `/system.slice/nginx.service`.",
		reload: "live",
	},
	{
		key: "access_log.select.ports",
		option: "port",
		type: PORTS,
		default: "",
		about: "Only connections with one of these ports at either end.",
		reload: "live",
	},
	{
		key: "access_log.select.role",
		option: "role",
		type: { kind: "choice", choices: ["client", "server"] },
		default: "",
		about: "Only this side of a connection; both, if not told.",
		reload: "live",
	},
	{
		key: "access_log.select.exclude",
		option: "exclude",
		type: list("KIND=VALUE"),
		default: "",
		about: "Not these, whatever else is said; KIND is pid, port, comm, exe, container or cgroup.",
		reload: "live",
	},
	{
		key: "access_log.output",
		option: "output",
		type: { kind: "choice", choices: ["text", "json"] },
		default: "none with a backend; else text on a terminal, json elsewhere",
		about: "Lines on stdout.",
		reload: "live",
	},
	{
		key: "access_log.query_values",
		option: "query-values",
		type: BOOLEAN,
		default: "false",
		about: "Show query values instead of x. They often hold secrets.",
		reload: "live",
	},
	{
		key: "access_log.tcp_operations",
		option: "tcp-operations",
		type: BOOLEAN,
		default: "false",
		about: "Report the operations of connections that are not HTTP, too.",
		reload: "live",
	},
	{
		key: "access_log.ledger_file",
		option: "ledger",
		type: FILE,
		default: "",
		about: "Write the ledger as JSON there, at exit and on SIGUSR2.",
		reload: "live",
	},
];
