import { type BoundOptions, checkBound } from "./bound.ts";
import type { Dispatch } from "./dispatch.ts";
import type { PullInterval } from "./pacer.ts";
import type { PartitionFactory, PartitionFailure, PartitionPhase } from "./partition.ts";
import { EventQueueError } from "./queue-error.ts";

/** What went wrong in one partition. The others go on. */
export interface PartitionErrorReport {
	readonly queue: string;
	readonly partition: number;
	readonly phase: PartitionPhase;
	readonly error: PartitionFailure;
}

/** A partition is nearly full, or no longer. Once each per episode. */
export interface QueueWarning {
	readonly kind: "almost-full" | "over";
	readonly queue: string;
	readonly partition: number;
	readonly pending: number;
	readonly capacity: number;
	/** The same in a sentence, with what to change. */
	readonly message: string;
}

/** How a queue is built. Give `factory`, or `worker`, or both. `capacity` and `whenFull` hold for each partition. */
export interface EventQueueOptions<E, D> extends BoundOptions {
	readonly partitions: number;
	/** `inline`: on the owner's thread. `threads`: each on a worker thread of its own. */
	readonly placement: "inline" | "threads";
	/** Makes the partitions of an inline queue. */
	readonly factory?: PartitionFactory<E, D>;
	/** URL of a module that exports `createPartition`: needed for threads, taken inline when there is no factory. */
	readonly worker?: string;
	/** What partition `index` is given: cloned for threads, and asked for again when a worker is replaced. */
	readonly data?: (index: number) => D;
	/** How pushed events are spread; `by-key` if not told. Only that keeps the order of a key. */
	readonly dispatch?: Dispatch;
	/** Bounds of the pause between pulls; 1 to 20 ms if not told. */
	readonly pullIntervalMs?: PullInterval;
	/** How often `tick` is called; every 100 ms if not told. */
	readonly tickIntervalMs?: number;
	/** How long `close` may take to empty a partition's own source; 2 s if not told. */
	readonly drainMs?: number;
	/** How long a worker may take to close before it is ended; 10 s if not told. */
	readonly closeTimeoutMs?: number;
	readonly onOutput?: (index: number, buffer: ArrayBuffer) => void;
	readonly onError?: (report: PartitionErrorReport) => void;
	readonly onWarning?: (warning: QueueWarning) => void;
}

/** Throws where options contradict each other: at once, not at the first event. */
export function checkOptions<E, D>(name: string, options: EventQueueOptions<E, D>): void {
	const fail = (why: string): never => {
		throw new EventQueueError("ERR_QUEUE_OPTIONS", `Cannot create queue '${name}': ${why}`);
	};
	checkBound(name, options);
	const { partitions, placement, pullIntervalMs = { min: 1, max: 20 }, dispatch = "by-key" } = options;
	if (!Number.isInteger(partitions) || partitions < 1)
		fail(`'partitions' must be a positive integer: received ${partitions}`);
	if (!["by-key", "round-robin", "least-pending"].includes(dispatch)) {
		fail(`'dispatch' must be by-key, round-robin or least-pending: received ${String(dispatch)}`);
	}
	const { min, max } = pullIntervalMs;
	if (!(min >= 1 && max >= min)) fail(`'pullIntervalMs' must be 1 <= min <= max: received ${min} and ${max}`);
	if (placement === "threads" && !options.worker) {
		fail("placement 'threads' needs 'worker', the URL of a module that exports createPartition");
	}
	if (placement === "inline" && !options.worker && !options.factory)
		fail("placement 'inline' needs 'factory' or 'worker'");
}
