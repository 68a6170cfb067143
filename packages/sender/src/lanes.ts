import { readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import type { Transport } from "./transport.ts";

/** What `lanes: "auto"` looks at: the contents of the cgroup's cpu.max and memory.max (null: not there), and the machine. */
export interface LaneResources {
	readonly cpuMax: string | null;
	readonly memoryMax: string | null;
	readonly cpus: number;
	readonly memoryBytes: number;
}

const BYTES_PER_LANE = 256 * 1024 * 1024;
const MOST_LANES = 8;

/** One lane for each whole CPU and each 256 MiB that the cgroup allows; at least 1, at most 8. */
export function autoLanes({ cpuMax, memoryMax, cpus, memoryBytes }: LaneResources): number {
	// "max 100000" or "200000 100000": microseconds of CPU in each period of microseconds.
	const [quota, period] = (cpuMax ?? "").trim().split(" ").map(Number);
	const allowedCpus = quota && period ? Math.min(cpus, quota / period) : cpus;
	const limit = Number(memoryMax ?? Number.NaN);
	const allowedBytes = limit > 0 ? Math.min(memoryBytes, limit) : memoryBytes;
	return Math.max(1, Math.min(MOST_LANES, Math.floor(allowedCpus), Math.floor(allowedBytes / BYTES_PER_LANE)));
}

/** The limits of this process' own cgroup (version 2). */
export function laneResources(): LaneResources {
	const group = /^0::(.*)$/m.exec(readOrNull("/proc/self/cgroup") ?? "")?.[1] ?? "/";
	const folder = `/sys/fs/cgroup${group === "/" ? "" : group}`;
	return {
		cpuMax: readOrNull(`${folder}/cpu.max`),
		memoryMax: readOrNull(`${folder}/memory.max`),
		cpus: availableParallelism(),
		memoryBytes: totalmem(),
	};
}

function readOrNull(file: string): string | null {
	try {
		return readFileSync(file, "utf8");
	} catch {
		return null;
	}
}

/** The transports of the lanes that the options ask for. */
export function openLanes(
	transport: Transport | ((lane: number) => Transport),
	lanes: number | "auto",
): readonly Transport[] {
	const count = lanes === "auto" ? autoLanes(laneResources()) : lanes;
	if (!Number.isInteger(count) || count < 1) {
		throw new RangeError(
			`Cannot create a sender as 'lanes' must be a positive whole number or "auto": received ${lanes}`,
		);
	}
	if (typeof transport === "function") return Array.from({ length: count }, (_, lane) => transport(lane));
	if (lanes === 1) return [transport];
	throw new TypeError(
		"Cannot create a sender as several lanes need a transport each: give a function that makes one as 'transport'",
	);
}
