import type { WatchOptions } from "../cli/watch-options.ts";
import { type Limits, readLimits } from "./cgroup-limits.ts";

/** A number that was derived from what the agent may use, and how. */
export interface Tuned {
	readonly value: number;
	readonly reason: string;
}

/** What `run` uses where nobody said anything else. */
export interface Tuning {
	readonly partitions: Tuned;
	/** Bytes of each partition's ring. */
	readonly ringBytes: Tuned;
	/** Connections to the backend, if they are to be chosen: `lanes: auto`. */
	readonly autoLanes: Tuned;
	/** Bytes of records that wait for the backend's acknowledgement, in memory. */
	readonly retainedBytes: Tuned;
}

const MB = 1 << 20;
const RING_BYTES = 8 * MB;
const LEAST_RING_BYTES = MB / 4;
const RETAINED_BYTES = 64 * MB;
/** With less the open units of all streams would not fit. */
export const LEAST_RETAINED_BYTES: number = 4 * MB;
const BYTES_PER_LANE = 256 * MB;
const MOST_LANES = 8;
const MOST_PARTITIONS = 64;

/** Derives the numbers; each says why it is what it is. */
export function tune({ cpus, cpusFrom, memoryBytes, memoryFrom }: Limits): Tuning {
	const some = `${Number(cpus.toFixed(2))} CPU${cpus === 1 ? "" : "s"} (${cpusFrom})`;
	const memory = `${Math.floor(memoryBytes / MB)} MB (${memoryFrom})`;
	const partitions = cpus < 4 ? 1 : Math.min(MOST_PARTITIONS, Math.floor(cpus / 2));
	const ring = Math.min(RING_BYTES, Math.max(LEAST_RING_BYTES, powerOfTwo(memoryBytes / 8 / partitions)));
	const retained = Math.min(RETAINED_BYTES, Math.max(LEAST_RETAINED_BYTES, Math.floor(memoryBytes / 4)));
	const lanes = Math.max(1, Math.min(MOST_LANES, Math.floor(cpus), Math.floor(memoryBytes / BYTES_PER_LANE)));
	return {
		partitions: {
			value: partitions,
			reason:
				cpus < 4 ? `below 4 CPUs one, on the main thread: ${some}` : `half of ${some}, at most ${MOST_PARTITIONS}`,
		},
		ringBytes: {
			value: ring,
			reason:
				ring === RING_BYTES
					? `room for some 10,000 requests that were not read yet; all rings are at most an eighth of ${memory}`
					: `all rings together an eighth of ${memory}, as a power of two`,
		},
		autoLanes: {
			value: lanes,
			reason: `one for each whole CPU and each 256 MB, at most ${MOST_LANES}: ${some}, ${memory}`,
		},
		retainedBytes: {
			value: retained,
			reason: retained === RETAINED_BYTES ? `at most a quarter of ${memory}` : `a quarter of ${memory}`,
		},
	};
}

let own: Tuning | undefined;

/** The numbers of this process, on this machine. */
export function tuning(): Tuning {
	own ??= tune(readLimits());
	return own;
}

/** How many partitions `run` has. Perf buffers belong to CPUs: one partition reads them all. */
export function partitionsOf({ queue, partitions }: Pick<WatchOptions, "queue" | "partitions">): number {
	return queue === "perf" ? 1 : (partitions ?? tuning().partitions.value);
}

/** A size as `byteSize` reads it. */
export function showBytes(bytes: number): string {
	return bytes % (1 << 20) === 0 ? `${bytes / (1 << 20)}MB` : `${bytes / (1 << 10)}KB`;
}

function powerOfTwo(bytes: number): number {
	return 2 ** Math.floor(Math.log2(Math.max(1, bytes)));
}
