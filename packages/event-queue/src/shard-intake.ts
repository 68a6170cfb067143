import { Bound, type BoundOptions } from "./bound.ts";
import { Fifo } from "./fifo.ts";
import type { Lane } from "./lane.ts";
import type { QueueWarning } from "./options.ts";
import type { EventQueueError } from "./queue-error.ts";
import { Waiters, type WaitOptions } from "./waiters.ts";

/** `in = out + lost + pending`, always. */
export interface QueueCounters {
	/** Events pushed or pulled, dropped ones included. */
	readonly in: number;
	/** Events that a partition is done with. */
	readonly out: number;
	/** Dropped when full, in a `consume` that threw, or with a worker that died. */
	readonly lost: number;
	/** Pushed events that no partition is done with yet. */
	readonly pending: number;
	/** The most that were pending since the counters were read last. */
	readonly highWater: number;
	/** Workers that had to be replaced. */
	readonly restarts: number;
}

/** One partition's intake and the lane behind it. */
export interface Shard<E> {
	readonly intake: ShardIntake<E>;
	readonly lane: Lane<E>;
}

export interface IntakeOptions extends BoundOptions {
	readonly onWarning?: (warning: QueueWarning) => void;
}

/** Between threads a batch goes as soon as it is this long; the rest with the next turn of the event loop. */
const BATCH = 256;
const ALMOST_FULL = 0.9;

/** What is sent cannot be overwritten any more: with `overwrite-oldest` no more than this, or half the bound, is sent ahead. */
const SENT_AHEAD = 1024;

/**
 * Bounds, counts and batches what is pushed to one partition.
 *
 *     push --> [ unsent ] --batches--> in flight --consumed()-->
 *              \_______ pending, within the bound ______/
 */
export class ShardIntake<E> {
	readonly #queue: string;
	readonly #partition: number;
	readonly #bound: Bound;
	readonly #onWarning: ((warning: QueueWarning) => void) | undefined;
	readonly #unsent: Fifo<E> = new Fifo();
	readonly #waiters: Waiters<E, boolean> = new Waiters();
	#lane: Lane<E> | undefined;
	#flush: ReturnType<typeof setImmediate> | undefined;
	#in = 0;
	#out = 0;
	#lost = 0;
	/** Sent, not acknowledged. */
	#inFlight = 0;
	#maxInFlight: number;
	#highWater = 0;
	#restarts = 0;
	#gone = false;
	#warned = false;

	constructor(queue: string, partition: number, options: IntakeOptions) {
		this.#queue = queue;
		this.#partition = partition;
		this.#bound = new Bound(options);
		this.#onWarning = options.onWarning;
		const half = Math.max(1, Math.floor(this.#bound.capacity / 2));
		this.#maxInFlight =
			this.#bound.whenFull === "overwrite-oldest" ? Math.min(SENT_AHEAD, half) : Number.POSITIVE_INFINITY;
	}

	/** Pushed events that the partition is not done with. */
	get pending(): number {
		return this.#inFlight + this.#unsent.size;
	}

	attach(lane: Lane<E>): void {
		this.#lane = lane;
	}

	push(event: E, wait: WaitOptions = {}): boolean | Promise<boolean> {
		if (this.#gone) return this.#refuse();
		if (this.#waiters.size === 0 && this.#bound.admits(this.pending)) return this.#enter(event);
		if (this.#bound.whenFull === "block") {
			const timeoutMs = wait.timeoutMs ?? this.#bound.blockTimeoutMs;
			return this.#waiters.wait(event, { ...wait, timeoutMs }, () => this.#refuse());
		}
		if (this.#bound.whenFull === "drop-newest" || this.#unsent.size === 0) return this.#refuse();
		this.#unsent.shift();
		this.#lost++;
		return this.#enter(event);
	}

	consumed(count: number, failed: boolean): void {
		this.#inFlight -= count;
		if (failed) this.#lost += count;
		else this.#out += count;
		this.#settle();
	}

	pulled(count: number): void {
		this.#in += count;
		this.#out += count;
	}

	/** The worker took with it what it had been sent. */
	died(restarting: boolean): void {
		this.#lost += this.#inFlight;
		this.#inFlight = 0;
		if (restarting) this.#restarts++;
		else this.loseRest();
		this.#settle();
	}

	/** Nobody will take what is pending. */
	loseRest(): void {
		this.#gone = true;
		this.#lost += this.pending;
		this.#inFlight = 0;
		this.#unsent.take(this.#unsent.size);
		this.#settle();
	}

	/** No more waiting; what is in goes to the partition now. */
	close(error: EventQueueError): void {
		this.#waiters.rejectAll(error);
		this.#maxInFlight = Number.POSITIVE_INFINITY;
		this.#send();
	}

	counters(): QueueCounters {
		const { pending } = this;
		const highWater = this.#highWater;
		this.#highWater = pending;
		return { in: this.#in, out: this.#out, lost: this.#lost, pending, highWater, restarts: this.#restarts };
	}

	checkFill(): void {
		const { pending } = this;
		const capacity = this.#bound.ceiling;
		const full = pending > capacity * ALMOST_FULL;
		if (full === this.#warned) return;
		this.#warned = full;
		const where = `Queue '${this.#queue}', partition ${this.#partition}`;
		const fill = `${pending} of ${capacity} events pending`;
		this.#onWarning?.({
			kind: full ? "almost-full" : "over",
			queue: this.#queue,
			partition: this.#partition,
			pending,
			capacity,
			message: full
				? `${where} is almost full (${fill}): raise 'capacity' or 'partitions', or push less`
				: `${where} has room again (${fill})`,
		});
	}

	#enter(event: E): true {
		this.#in++;
		this.#unsent.push(event);
		const { pending } = this;
		if (pending > this.#highWater) this.#highWater = pending;
		if (this.#unsent.size >= BATCH && this.#lane?.crossesThreads) this.#send();
		else this.#sendSoon();
		return true;
	}

	#refuse(): false {
		this.#in++;
		this.#lost++;
		return false;
	}

	#sendSoon(): void {
		this.#flush ??= setImmediate(() => this.#send());
	}

	#send(): void {
		if (this.#flush) clearImmediate(this.#flush);
		this.#flush = undefined;
		const batch = this.#unsent.take(this.#maxInFlight - this.#inFlight);
		if (batch.length === 0) return;
		this.#inFlight += batch.length;
		this.#lane?.send(batch);
	}

	/** After events went out: the bound comes back, waiting pushes come in, first come first, and what waits is sent. */
	#settle(): void {
		this.#bound.settle(this.pending);
		while (this.#waiters.size > 0 && (this.#gone || this.#bound.admits(this.pending))) {
			this.#waiters.release((event) => (this.#gone ? this.#refuse() : this.#enter(event)));
		}
		if (this.#unsent.size > 0) this.#sendSoon();
	}
}
