import { matchProcesses } from "@wirescribe/connections";
import type { WatchOptions } from "../cli/watch-options.ts";

/** What is watched, in words: `all 53 processes on port 8080`. */
export function watchedText({ selection, kubernetes, proc }: WatchOptions): string {
	const watched = matchProcesses(selection, proc).length;
	const { pids = [], comms = [], exes = [], containers = [], cgroups = [], exclude, ports = [] } = selection;
	const everything = pids.length + comms.length + exes.length + containers.length + cgroups.length === 0 && !exclude;
	const what = everything
		? `all ${watched} processes`
		: `${watched} process${watched === 1 ? "" : "es"}, and those that will match`;
	const on = ports.length > 0 ? ` on port ${ports.join(", ")}` : "";
	return `${what}${on}${kubernetes ? ` of node ${kubernetes.nodeName}` : ""}`;
}

/** What is watched, where it goes, and what to try: the one line that a start shows. */
export function startLine(options: WatchOptions): string {
	const { selection, backend } = options;
	const where = backend ? `; delivering to ${backend.host}:${backend.port}` : "";
	const port = selection.ports?.[0] ?? 8080;
	return `watching ${watchedText(options)}${where}; try: curl http://localhost:${port}/ · Ctrl-C ends and shows the ledger`;
}
