import type { ProcessCriteria } from "@wirescribe/connections";
import type { WatchSelection } from "../live/selection.ts";
import {
	numberList,
	type OptionSpecs,
	oneOf,
	type ParsedArguments,
	stringList,
	usageError,
	wholeNumber,
} from "./options.ts";

export const SELECTION_SPECS: OptionSpecs = {
	pid: { type: "string", multiple: true, value: "N…", help: "only these processes" },
	port: { type: "string", multiple: true, value: "N…", help: "only connections with this port at either end" },
	comm: { type: "string", multiple: true, value: "NAME…", help: "only processes of this name (as in /proc/PID/comm)" },
	exe: { type: "string", multiple: true, value: "GLOB…", help: "only these programs: /usr/sbin/nginx, '/opt/**'" },
	container: { type: "string", multiple: true, value: "ID…", help: "only these containers, by how their ids begin" },
	cgroup: { type: "string", multiple: true, value: "GLOB…", help: "only these cgroups: '/system.slice/nginx.service'" },
	role: { type: "string", value: "client|server", help: "only this side of a connection" },
	exclude: {
		type: "string",
		multiple: true,
		value: "KIND=VALUE…",
		help: "not these, whatever else is said: pid, port, comm, exe, container or cgroup",
	},
};

type Criteria = { -readonly [Kind in keyof ProcessCriteria]: ProcessCriteria[Kind] };
type Selected = Omit<WatchSelection, "excludeNamespaces" | "excludeClusters">;

/** The kernel's own limit (PID_MAX_LIMIT, proc(5)). */
const MAX_PID = 4_194_304;
/** Container ids are 64 hex digits; fewer than these name nobody in particular. */
const MIN_ID_DIGITS = 4;

/** What is to be watched. Criteria for processes are alternatives; ports, role and exclusions each limit what they leave. */
export function parseSelection(command: string, parsed: ParsedArguments): Selected {
	const criteria = processCriteria(command, (kind) => stringList(parsed, kind));
	const ports = numberList(command, parsed, "port", 1, 65_535);
	const role = oneOf(command, parsed, "role", ["client", "server"]);
	const excluded = excludedValues(command, parsed);
	const exclude = processCriteria(command, (kind) => excluded.get(kind) ?? []);
	const excludePorts = (excluded.get("port") ?? []).map((text) =>
		wholeNumber(command, "exclude port", text, 1, 65_535),
	);
	return {
		...criteria,
		...(ports.length > 0 ? { ports } : {}),
		...(role ? { role } : {}),
		...(Object.keys(exclude).length > 0 ? { exclude } : {}),
		...(excludePorts.length > 0 ? { excludePorts } : {}),
	};
}

function processCriteria(command: string, valuesOf: (kind: string) => readonly string[]): Criteria {
	const criteria: Criteria = {};
	const pids = valuesOf("pid").map((text) => wholeNumber(command, "pid", text, 1, MAX_PID));
	if (pids.length > 0) criteria.pids = pids;
	if (valuesOf("comm").length > 0) criteria.comms = valuesOf("comm").map((name) => checkComm(command, name));
	if (valuesOf("exe").length > 0) criteria.exes = valuesOf("exe").map((glob) => checkPath(command, "exe", glob));
	if (valuesOf("container").length > 0) criteria.containers = valuesOf("container").map((id) => checkId(command, id));
	if (valuesOf("cgroup").length > 0)
		criteria.cgroups = valuesOf("cgroup").map((glob) => checkPath(command, "cgroup", glob));
	return criteria;
}

function excludedValues(command: string, parsed: ParsedArguments): ReadonlyMap<string, readonly string[]> {
	const kinds = ["pid", "port", "comm", "exe", "container", "cgroup"];
	const values = new Map<string, string[]>();
	for (const text of stringList(parsed, "exclude")) {
		const [kind = "", ...rest] = text.split("=");
		const value = rest.join("=");
		if (!kinds.includes(kind) || value === "") {
			throw usageError(command, `--exclude takes KIND=VALUE, KIND one of ${kinds.join(", ")}; not '${text}'`);
		}
		values.set(kind, [...(values.get(kind) ?? []), value]);
	}
	return values;
}

/** The kernel keeps 15 bytes of a process's name (TASK_COMM_LEN, proc(5)). */
function checkComm(command: string, name: string): string {
	if (new TextEncoder().encode(name).length <= 15) return name;
	throw usageError(
		command,
		`--comm '${name}' can match nothing: the kernel keeps 15 bytes of a name, try '${name.slice(0, 15)}'`,
	);
}

function checkPath(command: string, name: string, glob: string): string {
	if (/^[/*?]/.test(glob)) return glob;
	throw usageError(command, `--${name} '${glob}' can match nothing: a path begins with '/', try '**/${glob}'`);
}

function checkId(command: string, id: string): string {
	if (/^[0-9a-f]+$/.test(id) && id.length >= MIN_ID_DIGITS && id.length <= 64) return id;
	throw usageError(command, `--container takes ${MIN_ID_DIGITS} to 64 hex digits of a container's id, not '${id}'`);
}
