import { dispatcher } from "./dispatch.ts";
import { InlineLane } from "./inline-lane.ts";
import type { Lane, LaneEvents, LaneOptions } from "./lane.ts";
import { checkOptions, type EventQueueOptions } from "./options.ts";
import { type PartitionFactory, type PartitionFailure, type PartitionPhase, toFailure } from "./partition.ts";
import { EventQueueError, type EventQueueErrorCode } from "./queue-error.ts";
import { type QueueCounters, type Shard, ShardIntake } from "./shard-intake.ts";
import { ThreadLanes } from "./thread-lanes.ts";
import { abortable, type WaitOptions } from "./waiters.ts";
import { loadFactory } from "./worker.ts";

const WARN_EVERY_MS = 5000;

/**
 * A partitioned queue: events of one key go to one partition, in order.
 *
 *     push(key, event) --> intake 0 --> lane 0 --> partition 0 --emit--> onOutput(0, buffer)
 *                     \--> intake 1 --> lane 1 --> partition 1
 *                                                  ^ pull(): its own source, no thread crossed
 *
 * The intake bounds and counts, the lane carries (a call inline, a batch between threads), the partition works.
 */
export class EventQueue<E, D = undefined> implements AsyncDisposable {
	readonly name: string;
	readonly #options: EventQueueOptions<E, D>;
	readonly #dispatch: (key: number) => number;
	#shards: Shard<E>[] = [];
	#threads: ThreadLanes<E, D> | undefined;
	#warner: ReturnType<typeof setInterval> | undefined;
	/** `starting` and `closed` may overlap: a queue may be closed while it starts. */
	#state: "new" | "starting" | "running" | "closed" = "new";
	#closed: Promise<void> | undefined;

	constructor(name: string, options: EventQueueOptions<E, D>) {
		checkOptions(name, options);
		this.name = name;
		this.#options = options;
		this.#dispatch = this.#dispatcher();
	}

	/**
	 * Makes the partitions. Rejects when one cannot be made, or with the signal's reason when it fires meanwhile; those
	 * already made are closed again.
	 */
	async start({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
		signal?.throwIfAborted();
		const abort = (): void => void this.close();
		signal?.addEventListener("abort", abort);
		try {
			await this.#start();
		} catch (error) {
			signal?.throwIfAborted();
			throw error;
		} finally {
			signal?.removeEventListener("abort", abort);
		}
	}

	async #start(): Promise<void> {
		if (this.#state !== "new") throw this.#error("ERR_QUEUE_STATE", `Cannot start: it is ${this.#state} already`);
		this.#state = "starting";
		try {
			this.#shards = await this.#makeShards();
			await settleAll(this.#shards.map(({ lane }) => lane.start()));
		} catch (error) {
			await this.close();
			if (error instanceof EventQueueError) throw error;
			throw this.#error("ERR_PARTITION_START", `Cannot start a partition: ${String(error)}`);
		}
		if (this.#closed) throw this.#error("ERR_QUEUE_CLOSED", "Cannot start: closed meanwhile");
		this.#state = "running";
		this.#warner = setInterval(() => this.#shards.forEach(({ intake }) => void intake.checkFill()), WARN_EVERY_MS);
		this.#warner.unref?.();
	}

	/**
	 * Hands `event` to the partition of `key`, a safe integer.
	 *
	 * True: it is in. False: the partition is full and the event was dropped and counted. A promise (only with
	 * `whenFull: "block"`): it goes in as soon as there is room, behind those that wait already; false when that took
	 * longer than the timeout. It rejects, and the event is not counted, when the signal fires or the queue is closed.
	 */
	push(key: number, event: E, wait?: WaitOptions): boolean | Promise<boolean> {
		wait?.signal?.throwIfAborted();
		if (this.#state !== "running") {
			if (this.#closed) throw this.#error("ERR_QUEUE_CLOSED", "Cannot push: it was closed");
			throw this.#error("ERR_QUEUE_STATE", "Cannot push: it has not been started");
		}
		const shard = this.#shards[this.#dispatch(key)];
		return shard ? shard.intake.push(event, wait) : false;
	}

	/**
	 * What partition `index` answers. A worker that waits for its source answers within 100 ms. Rejects with the reason of
	 * `signal` when that fires first; the partition is not told.
	 */
	ask(index: number, question: unknown, { signal }: { readonly signal?: AbortSignal } = {}): Promise<unknown> {
		const shard = this.#shards[index];
		if (!shard) {
			return Promise.reject(
				this.#error("ERR_PARTITION_ASK", `Cannot ask partition ${index} of ${this.#shards.length}`),
			);
		}
		return abortable(() => shard.lane.ask(question), signal);
	}

	/** Sums over all partitions; `highWater` is the highest of any since the last call. */
	counters(): QueueCounters {
		const sum = { in: 0, out: 0, lost: 0, pending: 0, highWater: 0, restarts: 0 };
		for (const counters of this.#shards.map(({ intake }) => intake.counters())) {
			sum.in += counters.in;
			sum.out += counters.out;
			sum.lost += counters.lost;
			sum.pending += counters.pending;
			sum.restarts += counters.restarts;
			sum.highWater = Math.max(sum.highWater, counters.highWater);
		}
		return sum;
	}

	/**
	 * Takes no more events, lets the partitions finish what they have, closes them, ends their threads. When `signal` fires
	 * first, workers are ended as they are, and what they had is lost and counted.
	 */
	async close({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
		const end = (): void => void this.#threads?.[Symbol.asyncDispose]();
		if (signal?.aborted) end();
		else signal?.addEventListener("abort", end);
		this.#closed ??= this.#close();
		await this.#closed;
		signal?.removeEventListener("abort", end);
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	async #close(): Promise<void> {
		this.#state = "closed";
		clearInterval(this.#warner);
		await Promise.all(
			this.#shards.map(async ({ intake, lane }) => {
				intake.close(this.#error("ERR_QUEUE_CLOSED", "Cannot push: the queue was closed while this waited for room"));
				await lane.close();
				intake.loseRest();
			}),
		);
		await this.#threads?.[Symbol.asyncDispose]();
	}

	async #makeShards(): Promise<Shard<E>[]> {
		const { partitions, placement, worker } = this.#options;
		const factory = this.#options.factory ?? (placement === "inline" ? await loadFactory(worker ?? "") : undefined);
		if (placement === "threads") {
			this.#threads = new ThreadLanes<E, D>(this.name, partitions, (error) =>
				this.#report(-1, "worker", toFailure(error)),
			);
		}
		return Array.from({ length: partitions }, (_, index) => {
			const intake = new ShardIntake<E>(this.name, index, this.#options);
			const events = this.#laneEvents(index, intake);
			const laneOptions = this.#laneOptions(index);
			const lane: Lane<E> = this.#threads
				? this.#threads.lane(worker ?? "", events, laneOptions)
				: new InlineLane<E, D>(factory as PartitionFactory<E, D>, events, laneOptions);
			intake.attach(lane);
			return { intake, lane };
		});
	}

	#dispatcher(): (key: number) => number {
		const { dispatch = "by-key", partitions } = this.#options;
		return dispatcher(dispatch, partitions, (lane) => this.#shards[lane]?.intake.pending ?? 0);
	}

	#laneOptions(index: number): LaneOptions<D> {
		const { data, pullIntervalMs, tickIntervalMs, drainMs, closeTimeoutMs } = this.#options;
		return {
			queue: this.name,
			index,
			data: () => (data ? data(index) : (undefined as D)),
			interval: pullIntervalMs ?? { min: 1, max: 20 },
			tickIntervalMs: tickIntervalMs ?? 100,
			drainMs: drainMs ?? 2000,
			closeTimeoutMs: closeTimeoutMs ?? 10_000,
		};
	}

	#laneEvents(index: number, intake: ShardIntake<E>): LaneEvents {
		return {
			consumed: (count, failed) => intake.consumed(count, failed),
			pulled: (count) => intake.pulled(count),
			died: (restarting) => intake.died(restarting),
			failed: (phase, error) => this.#report(index, phase, error),
			output: (buffer) => {
				try {
					this.#options.onOutput?.(index, buffer);
				} catch (error) {
					this.#report(index, "output", toFailure(error));
				}
			},
		};
	}

	#report(partition: number, phase: PartitionPhase, error: PartitionFailure): void {
		this.#options.onError?.({ queue: this.name, partition, phase, error });
	}

	#error(code: EventQueueErrorCode, what: string): EventQueueError {
		return new EventQueueError(code, `${what} (queue '${this.name}')`);
	}
}

/** Waits for all, then throws the first error: a partition still starting could not be closed. */
async function settleAll(promises: readonly Promise<void>[]): Promise<void> {
	for (const result of await Promise.allSettled(promises)) if (result.status === "rejected") throw result.reason;
}
