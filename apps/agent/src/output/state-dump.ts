import { writeFileSync } from "node:fs";
import process from "node:process";
import type { SessionState } from "../live/session-state.ts";
import { log } from "../logging/log.ts";
import { liveHeapBytes } from "../metrics/live-heap.ts";
import { version } from "../version.ts";

/** Connections of each partition in a dump: the oldest ones, which are the ones that somebody asks about. */
export const DUMPED_CONNECTIONS = 1000;

/** Writes all that is known of the agent's state as JSON: to a file, or as one line to stderr. */
export function dumpState(state: SessionState, file: string | undefined): void {
	const { pid, memoryUsage, uptime } = process;
	const dump = {
		time: new Date().toISOString(),
		process: {
			...{ pid, version: version(), uptimeSeconds: uptime() },
			...{ memory: { ...memoryUsage(), liveHeap: liveHeapBytes() }, resources: resources(), log: log.counts() },
		},
		...state,
	};
	if (file === undefined) {
		process.stderr.write(`${JSON.stringify(dump)}\n`);
		return;
	}
	try {
		writeFileSync(file, `${JSON.stringify(dump, null, 2)}\n`, { mode: 0o600 });
		log.info(`state written to ${file}`, { pauseMs: 0 });
	} catch (error) {
		log.error(`cannot write the state to '${file}': ${(error as Error).message}`);
	}
}

/** What keeps the event loop busy, by kind: timers, sockets, files. Empty where the runtime does not say. */
function resources(): Readonly<Record<string, number>> {
	const counts: Record<string, number> = {};
	for (const kind of process.getActiveResourcesInfo?.() ?? []) counts[kind] = (counts[kind] ?? 0) + 1;
	return counts;
}
