/**
 * The shared memory of a {@linkcode SharedQueue}: who has which block, and what was counted. No waiting for blocks here.
 *
 *     control words | ready line (block numbers) | blocks' words | counters (f64) | block 0 | block 1 | ...
 *
 *     free --claim(filler)--> filling --publish--> ready --take(reader)--> reading --release--> free
 *                                                    '--overwrite--> filling
 *
 * A block belongs to one participant from claim to publish and from take to release, who works on its bytes without a
 * lock. Only the words are changed under the lock, for well below a microsecond. A worker that is terminated stops where
 * a loop repeats or a function begins: so what belongs together is stored without a call in between, in an order whose
 * every such point `forget` can repair.
 */
import type { WhenFullNow } from "./bound.ts";

export const CLOSED = 1;
/** Grows whenever something may have become ready, or was closed: consumers wait on it. */
export const READY_TICK = 2;
/** Grows whenever a block may have become free, or the queue was closed: producers wait on it. */
export const FREE_TICK = 3;
const LOCK = 0;
const HEAD = 4;
const READY = 5;
const USED = 6;
const LIMIT = 7;
const BASE = 8;
const MAX = 9;
const BLOCK_BYTES = 10;
const NEXT_ID = 11;
const OVERWRITE = 12;
const CONTROL_WORDS = 16;

const STATE = 0;
const OWNER = 1;
const RECORDS = 2;
const BYTES = 3;
const WORDS_PER_BLOCK = 4;

const FREE = 0;
const FILLING = 1;
const WAITING = 2;
const READING = 3;

const IN = 0;
const OUT = 1;
const LOST = 2;
const HIGH_WATER = 3;
const COUNTERS = 4;

/** Tries before a thread that wants the lock sleeps: its holder may have been put off the CPU. */
const SPINS = 200;
const LOCK_SLEEP_MS = 0.05;

export interface BlockLayout {
	readonly blocks: number;
	readonly maxBlocks: number;
	readonly blockBytes: number;
	readonly whenFull: "block" | WhenFullNow;
}

export interface SharedCounters {
	readonly in: number;
	readonly out: number;
	readonly lost: number;
	readonly pending: number;
	readonly highWater: number;
	/** Blocks that may be in use now; `expand` moves it. */
	readonly blocks: number;
}

const align8 = (bytes: number): number => (bytes + 7) & ~7;

function offsets(maxBlocks: number): { ready: number; words: number; counters: number; data: number } {
	const ready = CONTROL_WORDS;
	const words = ready + maxBlocks;
	const counters = align8((words + maxBlocks * WORDS_PER_BLOCK) * 4);
	return { ready, words, counters, data: align8(counters + COUNTERS * 8) };
}

export class SharedBlocks {
	readonly memory: SharedArrayBuffer;
	readonly control: Int32Array<SharedArrayBuffer>;
	readonly blockBytes: number;
	readonly #counters: Float64Array;
	readonly #at: ReturnType<typeof offsets>;
	readonly #max: number;

	private constructor(memory: SharedArrayBuffer) {
		this.memory = memory;
		this.control = new Int32Array(memory, 0, Math.floor(memory.byteLength / 4));
		this.#max = this.control[MAX]!;
		this.blockBytes = this.control[BLOCK_BYTES]!;
		this.#at = offsets(this.#max);
		this.#counters = new Float64Array(memory, this.#at.counters, COUNTERS);
	}

	static create({ blocks, maxBlocks, blockBytes, whenFull }: BlockLayout): SharedBlocks {
		// Untouched pages of the blocks above the limit take no memory.
		const memory = new SharedArrayBuffer(offsets(maxBlocks).data + maxBlocks * blockBytes);
		const control = new Int32Array(memory, 0, CONTROL_WORDS);
		control[BASE] = blocks;
		control[LIMIT] = blocks;
		control[MAX] = maxBlocks;
		control[BLOCK_BYTES] = blockBytes;
		control[NEXT_ID] = 1;
		control[OVERWRITE] = whenFull === "overwrite-oldest" ? 1 : 0;
		return new SharedBlocks(memory);
	}

	static attach(memory: SharedArrayBuffer): SharedBlocks {
		return new SharedBlocks(memory);
	}

	/** A number for one more participant. */
	nextId(): number {
		return Atomics.add(this.control, NEXT_ID, 1);
	}

	get closed(): boolean {
		return Atomics.load(this.control, CLOSED) === 1;
	}

	get hasReady(): boolean {
		return Atomics.load(this.control, READY) > 0;
	}

	/** The bytes of a block. */
	bytes(block: number): Uint8Array<SharedArrayBuffer> {
		return new Uint8Array(this.memory, this.#at.data + block * this.blockBytes, this.blockBytes);
	}

	/** A block to fill, or -1 when all are in use. */
	claim(id: number): number {
		return this.#locked(id, () => {
			if (this.closed) return -1;
			const block = this.#free();
			if (block >= 0) this.control[USED]! += 1;
			else if (this.control[OVERWRITE] === 0 || this.control[READY] === 0) return -1;
			const claimed = block >= 0 ? block : this.#oldest();
			const words = this.#words(claimed);
			const overwritten = this.control[words + RECORDS]!;
			this.#set(words, FILLING, id, 0, 0);
			this.#counters[LOST]! += overwritten;
			return claimed;
		});
	}

	/** Puts a filled block at the end of the line; false when the queue was closed meanwhile, the block is free then. */
	publish(id: number, block: number, records: number, bytes: number): boolean {
		const entered = this.#locked(id, () => {
			const words = this.#words(block);
			if (this.closed) {
				this.#set(words, FREE, 0, 0, 0);
				this.control[USED]! -= 1;
				return false;
			}
			this.#set(words, WAITING, 0, records, bytes);
			this.control[this.#at.ready + ((this.control[HEAD]! + this.control[READY]!) % this.#max)] = block;
			this.control[READY]! += 1;
			this.#counters[IN]! += records;
			const pending = this.#pending();
			if (pending > this.#counters[HIGH_WATER]!) this.#counters[HIGH_WATER] = pending;
			return true;
		});
		this.tick(entered ? READY_TICK : FREE_TICK);
		return entered;
	}

	/** The oldest ready block, if there is one. */
	take(id: number): { block: number; records: number; bytes: number } | undefined {
		return this.#locked(id, () => {
			if (this.control[READY] === 0) return undefined;
			const block = this.#oldest();
			const words = this.#words(block);
			this.control[words + STATE] = READING;
			this.control[words + OWNER] = id;
			return { block, records: this.control[words + RECORDS]!, bytes: this.control[words + BYTES]! };
		});
	}

	/** A reader is done with its block: `lost` of its records could not be used. */
	release(id: number, block: number, lost: number): void {
		this.#locked(id, () => this.#release(block, lost));
		this.tick(FREE_TICK);
	}

	/** Records that found no room. */
	refuse(id: number, records: number): void {
		this.#locked(id, () => {
			this.#counters[IN]! += records;
			this.#counters[LOST]! += records;
		});
	}

	close(id: number): void {
		this.#locked(id, () => {
			this.control[CLOSED] = 1;
		});
		this.tick(READY_TICK);
		this.tick(FREE_TICK);
	}

	/** Gives back what a participant held that is no more: what it was reading is lost, what it had not published never was. */
	forget(id: number, dead: number): void {
		Atomics.compareExchange(this.control, LOCK, dead, 0);
		this.#locked(id, () => {
			const line = this.#line();
			this.control[USED] = this.#inUse();
			for (let block = 0; block < this.#max; block++) {
				const words = this.#words(block);
				const state = this.control[words + STATE];
				// Ready but in no line: it died between taking the block and owning it.
				const stray = state === WAITING && !line.has(block);
				const held = this.control[words + OWNER] === dead && state !== FREE;
				if (stray || held) this.#release(block, state === FILLING ? 0 : this.control[words + RECORDS]!);
			}
		});
		this.tick(FREE_TICK);
	}

	/** The numbers of the ready blocks. */
	#line(): Set<number> {
		const line = new Set<number>();
		for (let i = 0; i < this.control[READY]!; i++) {
			line.add(this.control[this.#at.ready + ((this.control[HEAD]! + i) % this.#max)]!);
		}
		return line;
	}

	#inUse(): number {
		let used = 0;
		for (let block = 0; block < this.#max; block++) if (this.control[this.#words(block) + STATE] !== FREE) used++;
		return used;
	}

	counters(id: number): SharedCounters {
		return this.#locked(id, () => {
			const pending = this.#pending();
			const [entered = 0, out = 0, lost = 0, highWater = 0] = this.#counters;
			this.#counters[HIGH_WATER] = pending;
			return { in: entered, out, lost, pending, highWater, blocks: this.control[LIMIT]! };
		});
	}

	/** Wakes those who wait on this word. All of them: one that has given up would swallow a single wake-up. */
	tick(word: number): void {
		Atomics.add(this.control, word, 1);
		Atomics.notify(this.control, word);
	}

	#locked<R>(id: number, work: () => R): R {
		for (let tries = 0; ; tries++) {
			const holder = Atomics.compareExchange(this.control, LOCK, 0, id);
			if (holder === 0) break;
			if (tries >= SPINS) Atomics.wait(this.control, LOCK, holder, LOCK_SLEEP_MS);
		}
		const result = work();
		Atomics.store(this.control, LOCK, 0);
		return result;
	}

	/** The lowest free block below the limit, which grows if it may. */
	#free(): number {
		const limit = this.control[LIMIT]!;
		if (this.control[USED]! >= limit) {
			if (limit >= this.#max) return -1;
			this.control[LIMIT] = Math.min(this.#max, limit * 2);
		}
		for (let block = 0; block < this.#max; block++) if (this.control[this.#words(block) + STATE] === FREE) return block;
		return -1;
	}

	#oldest(): number {
		const head = this.control[HEAD]!;
		this.control[HEAD] = (head + 1) % this.#max;
		this.control[READY]! -= 1;
		return this.control[this.#at.ready + head]!;
	}

	#release(block: number, lost: number): void {
		const words = this.#words(block);
		// A block that was being filled has none: its records were never in.
		const records = this.control[words + RECORDS]!;
		this.#set(words, FREE, 0, 0, 0);
		this.#counters[OUT]! += records - lost;
		this.#counters[LOST]! += lost;
		this.control[USED]! -= 1;
		if (this.control[USED] === 0) this.control[LIMIT] = this.control[BASE]!;
	}

	#pending(): number {
		return this.#counters[IN]! - this.#counters[OUT]! - this.#counters[LOST]!;
	}

	#words(block: number): number {
		return this.#at.words + block * WORDS_PER_BLOCK;
	}

	#set(words: number, state: number, owner: number, records: number, bytes: number): void {
		this.control[words + STATE] = state;
		this.control[words + OWNER] = owner;
		this.control[words + RECORDS] = records;
		this.control[words + BYTES] = bytes;
	}
}
