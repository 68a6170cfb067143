import type { Lane } from "./lane.ts";
import type { QueueWarning } from "./options.ts";
import type { EventQueueError } from "./queue-error.ts";

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

interface Waiter<E> {
	readonly event: E;
	resolve(entered: boolean): void;
	reject(error: Error): void;
}

export interface IntakeOptions {
	readonly capacity?: number;
	readonly whenFull?: "block" | "drop-newest";
	readonly onWarning?: (warning: QueueWarning) => void;
}

/** Between threads a batch goes as soon as it is this long; the rest with the next turn of the event loop. */
const BATCH = 256;
const ALMOST_FULL = 0.9;

/** Bounds, counts and batches what is pushed to one partition. */
export class ShardIntake<E> {
	readonly #queue: string;
	readonly #partition: number;
	readonly #capacity: number;
	readonly #block: boolean;
	readonly #onWarning: ((warning: QueueWarning) => void) | undefined;
	#lane: Lane<E> | undefined;
	/** Not sent yet. */
	#batch: E[] = [];
	#flush: ReturnType<typeof setImmediate> | undefined;
	#waiters: Waiter<E>[] = [];
	#in = 0;
	#out = 0;
	#lost = 0;
	/** Sent or in the batch; not acknowledged. */
	#pending = 0;
	#highWater = 0;
	#restarts = 0;
	#gone = false;
	#warned = false;

	constructor(queue: string, partition: number, options: IntakeOptions) {
		this.#queue = queue;
		this.#partition = partition;
		this.#capacity = options.capacity ?? 65_536;
		this.#block = options.whenFull === "block";
		this.#onWarning = options.onWarning;
	}

	attach(lane: Lane<E>): void {
		this.#lane = lane;
	}

	push(event: E): boolean | Promise<boolean> {
		if (this.#gone) return this.#drop();
		if (this.#pending < this.#capacity && this.#waiters.length === 0) return this.#enter(event);
		if (!this.#block) return this.#drop();
		return new Promise((resolve, reject) => this.#waiters.push({ event, resolve, reject }));
	}

	consumed(count: number, failed: boolean): void {
		this.#pending -= count;
		if (failed) this.#lost += count;
		else this.#out += count;
		this.#admit();
	}

	pulled(count: number): void {
		this.#in += count;
		this.#out += count;
	}

	/** The worker took with it what it had been sent. */
	died(restarting: boolean): void {
		const sent = this.#pending - this.#batch.length;
		this.#pending -= sent;
		this.#lost += sent;
		if (restarting) this.#restarts++;
		else this.loseRest();
		this.#admit();
	}

	/** Nobody will take what is pending. */
	loseRest(): void {
		this.#gone = true;
		this.#batch = [];
		this.#lost += this.#pending;
		this.#pending = 0;
		this.#admit();
	}

	/** No more waiting; what is in goes to the partition now. */
	close(error: EventQueueError): void {
		for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
		this.#send();
	}

	counters(): QueueCounters {
		const {
			in: entered,
			out,
			lost,
			pending,
		} = { in: this.#in, out: this.#out, lost: this.#lost, pending: this.#pending };
		const highWater = this.#highWater;
		this.#highWater = pending;
		return { in: entered, out, lost, pending, highWater, restarts: this.#restarts };
	}

	checkFill(): void {
		const full = this.#pending > this.#capacity * ALMOST_FULL;
		if (full === this.#warned) return;
		this.#warned = full;
		const where = `Queue '${this.#queue}', partition ${this.#partition}`;
		const fill = `${this.#pending} of ${this.#capacity} events pending`;
		this.#onWarning?.({
			kind: full ? "almost-full" : "over",
			queue: this.#queue,
			partition: this.#partition,
			pending: this.#pending,
			capacity: this.#capacity,
			message: full
				? `${where} is almost full (${fill}): raise 'capacity' or 'partitions', or push less`
				: `${where} has room again (${fill})`,
		});
	}

	#enter(event: E): true {
		this.#in++;
		this.#pending++;
		if (this.#pending > this.#highWater) this.#highWater = this.#pending;
		this.#batch.push(event);
		if (this.#batch.length >= BATCH && this.#lane?.crossesThreads) this.#send();
		else this.#flush ??= setImmediate(() => this.#send());
		return true;
	}

	#drop(): false {
		this.#in++;
		this.#lost++;
		return false;
	}

	#send(): void {
		if (this.#flush) clearImmediate(this.#flush);
		this.#flush = undefined;
		if (this.#batch.length === 0) return;
		const batch = this.#batch;
		this.#batch = [];
		this.#lane?.send(batch);
	}

	/** Lets waiting pushes in, first come first. */
	#admit(): void {
		let admitted = 0;
		for (const waiter of this.#waiters) {
			if (!this.#gone && this.#pending >= this.#capacity) break;
			waiter.resolve(this.#gone ? this.#drop() : this.#enter(waiter.event));
			admitted++;
		}
		if (admitted > 0) this.#waiters.splice(0, admitted);
	}
}
