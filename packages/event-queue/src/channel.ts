import { Bound, type BoundOptions, checkBound } from "./bound.ts";
import { Fifo } from "./fifo.ts";
import { EventQueueError } from "./queue-error.ts";
import { Waiters, type WaitOptions } from "./waiters.ts";

/** `in = out + lost + pending`, always. */
export interface ChannelCounters {
	/** Items sent, refused ones included. */
	readonly in: number;
	/** Items that a consumer has taken. */
	readonly out: number;
	/** Refused or overwritten when full. */
	readonly lost: number;
	readonly pending: number;
	/** The most that were pending since the counters were read last. */
	readonly highWater: number;
	/** The bound as it is now: `expand` moves it. */
	readonly capacity: number;
}

/**
 * A bounded queue with any number of producers and consumers on one thread: each item goes to exactly one consumer.
 *
 *     send(item) --> [ oldest ... newest ] --> take(max), for await (const item of channel)
 *                     bound: capacity           each call, each loop a consumer of its own
 *
 * Items are taken in the order they were sent. `close()` refuses more; consumers take what is left, then end by
 * themselves, and producers that wait for room are released with an error.
 */
export class Channel<T> implements AsyncIterable<T>, Disposable {
	readonly name: string;
	readonly #bound: Bound;
	readonly #items: Fifo<T> = new Fifo();
	readonly #producers: Waiters<T, boolean> = new Waiters();
	readonly #consumers: Waiters<number, T[]> = new Waiters();
	#in = 0;
	#out = 0;
	#lost = 0;
	#highWater = 0;
	#closed = false;

	constructor(name: string, options: BoundOptions = {}) {
		checkBound(name, options);
		this.name = name;
		this.#bound = new Bound(options);
	}

	/**
	 * Puts an item in. True: it is in. False: full, and it was refused and counted. A promise (only with `block`): it goes
	 * in as soon as there is room, behind those that wait already; false when that took longer than the timeout.
	 *
	 * A promise that rejects, by signal or because the channel was closed, leaves the item with the caller: it is not
	 * counted.
	 */
	send(item: T, wait: WaitOptions = {}): boolean | Promise<boolean> {
		if (this.#closed) throw this.#closedError("Cannot send: it was closed");
		wait.signal?.throwIfAborted();
		if (this.#producers.size === 0 && this.#bound.admits(this.#items.size)) return this.#enter(item);
		if (this.#bound.whenFull === "block") {
			const timeoutMs = wait.timeoutMs ?? this.#bound.blockTimeoutMs;
			return this.#producers.wait(item, { ...wait, timeoutMs }, () => this.#refuse());
		}
		if (this.#bound.whenFull === "drop-newest") return this.#refuse();
		this.#items.shift();
		this.#lost++;
		return this.#enter(item);
	}

	/**
	 * Takes what is there, at least one item and at most `max`, and waits for it if need be. Empty: the channel is closed
	 * and drained. Rejects with `ERR_QUEUE_TIMEOUT` when nothing came in time.
	 */
	async take(max: number, wait: WaitOptions = {}): Promise<T[]> {
		if (!(max >= 1))
			throw new RangeError(`Cannot take from queue '${this.name}': 'max' must be at least 1: received ${max}`);
		wait.signal?.throwIfAborted();
		if (this.#items.size > 0) return this.#leave(max);
		if (this.#closed) return [];
		return await this.#consumers.wait(max, wait, () => {
			throw new EventQueueError("ERR_QUEUE_TIMEOUT", `Nothing came within ${wait.timeoutMs} ms (queue '${this.name}')`);
		});
	}

	/** Takes what is there without waiting; may be nothing. */
	takeNow(max: number): T[] {
		return this.#leave(max);
	}

	/** A consumer that ends when the channel is closed and drained. */
	async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
		// One at a time: an item handed to a loop that breaks off would be lost to the others.
		for (let items = await this.take(1); items.length > 0; items = await this.take(1)) yield items[0] as T;
	}

	counters(): ChannelCounters {
		const pending = this.#items.size;
		const highWater = this.#highWater;
		this.#highWater = pending;
		return { in: this.#in, out: this.#out, lost: this.#lost, pending, highWater, capacity: this.#bound.capacity };
	}

	/** Takes no more. What is in can still be taken. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#producers.rejectAll(this.#closedError("Cannot send: it was closed while this waited for room"));
		// Consumers wait only where nothing is left.
		while (this.#consumers.size > 0) this.#consumers.release(() => []);
	}

	[Symbol.dispose](): void {
		this.close();
	}

	#enter(item: T): true {
		this.#in++;
		this.#items.push(item);
		if (this.#items.size > this.#highWater) this.#highWater = this.#items.size;
		if (this.#consumers.size > 0) this.#consumers.release((max) => this.#leave(max));
		return true;
	}

	#refuse(): false {
		this.#in++;
		this.#lost++;
		return false;
	}

	#leave(max: number): T[] {
		const items = this.#items.take(max);
		this.#out += items.length;
		this.#bound.settle(this.#items.size);
		while (this.#producers.size > 0 && this.#bound.admits(this.#items.size)) {
			this.#producers.release((item) => this.#enter(item));
		}
		return items;
	}

	#closedError(what: string): EventQueueError {
		return new EventQueueError("ERR_QUEUE_CLOSED", `${what} (queue '${this.name}')`);
	}
}
