import { Tinypool } from "tinypool";
import type { LaneEvents, LaneOptions } from "./lane.ts";
import { ThreadLane } from "./thread-lane.ts";

/**
 * The workers of one queue.
 *
 *     owner thread                         worker threads (a tinypool pool, min = max = partitions)
 *     lane 0 ---- MessagePort of its own ---- runPartition(0)   one task that ends when the partition closes
 *     lane 1 ---- MessagePort of its own ---- runPartition(1)
 *
 * The pool only starts, replaces and ends workers: it cannot address one. What belongs to a partition goes through the
 * partition's own port, past the pool. `useAtomics` would put an idle worker to sleep in `Atomics.wait`, where neither
 * its timers nor its port run.
 */
export class ThreadLanes<E, D> implements AsyncDisposable {
	readonly #pool: Tinypool;

	constructor(queue: string, partitions: number, report: (error: unknown) => void) {
		this.#pool = new Tinypool({
			filename: import.meta.resolve("@wirescribe/event-queue/worker"),
			name: "runPartition",
			useAtomics: false,
			minThreads: partitions,
			maxThreads: partitions,
			workerData: { queue },
		});
		// Without a listener an error of a worker that has no task would end the process.
		this.#pool.on("error", report);
	}

	lane(module: string, events: LaneEvents, options: LaneOptions<D>): ThreadLane<E, D> {
		return new ThreadLane<E, D>(this.#pool, module, events, options);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#pool.destroy();
	}
}
