import { NO_BYTES } from "./chunk.ts";
import type { Piece } from "./piece.ts";

/** Bytes of a new store: many heads that wait for their rest are shorter. Those that have grown are used again up to `MOST_BYTES`. */
const BLOCK = 1024;
const MOST_BYTES = 4096;
const SPARE: Store[] = [];
const MOST_SPARE = 64;

/**
 * The bytes that one stream has copied, in the order in which they came. They are addressed by running numbers, so that
 * they may be moved when room is needed.
 *
 * ```
 *   running number   base            at          written
 *   bytes             [ gone | kept ... region ... | free ]
 * ```
 *
 * Its region is what `gather` has joined: bytes that follow each other in the stream and here.
 */
export class Store {
	bytes: Uint8Array = NO_BYTES;
	/** The running number of bytes[0], and the one behind the last byte. */
	base: number = 0;
	written: number = 0;
	/** Positions of the stream between which the region lies, and the running number of its first byte. */
	from: number = -1;
	to: number = -1;
	at: number = 0;
	/** The last piece in the region. */
	last: Piece | undefined = undefined;

	/** Makes room for so many more bytes. `oldest`: what comes before that number is not needed. */
	makeRoom(count: number, oldest: number): void {
		const first = Math.max(this.base, Math.min(oldest, this.written));
		const needed = this.written - first + count;
		const kept = this.bytes.subarray(first - this.base, this.written - this.base);
		// To the front or into twice the room: each byte is moved a bounded number of times.
		if (needed * 2 > this.bytes.length) this.bytes = new Uint8Array(Math.max(BLOCK, needed * 2));
		this.bytes.set(kept, 0);
		this.base = first;
		const gone = first - this.at;
		if (this.to < 0 || gone <= 0) return;
		this.at = first;
		this.from += gone;
	}
}

/** An empty store, with memory. */
export function takeStore(): Store {
	return SPARE.pop() ?? new Store();
}

/** Gives a store back; its bytes are used again. Large ones are left to the collector. */
export function giveStore(store: Store): void {
	if (store.bytes.length > MOST_BYTES || SPARE.length >= MOST_SPARE) return;
	store.base = store.written = 0;
	store.from = store.to = -1;
	store.last = undefined;
	SPARE.push(store);
}
