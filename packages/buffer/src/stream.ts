import { type Chunk, NO_BYTES } from "./chunk.ts";
import { Heap } from "./heap.ts";
import { givePiece, isBefore, isSame, type Piece, takePiece } from "./piece.ts";
import { beginRegion, copyInto, growRegion } from "./region.ts";
import { keepApart } from "./slab.ts";
import { BYTES, CUT, HOLE, NO_COUNTS, NONE, type Span, type StreamCounters } from "./span.ts";
import { giveStore, type Store, takeStore } from "./store.ts";

const TWO32 = 4294967296;

/**
 * A stream counts its bytes from `FIRST` on (what comes before the first byte has room below) and sets the count back
 * behind `MOST`: numbers from 2^31 on are objects to V8, with which a request of 374 bytes takes 80 ns more.
 */
const FIRST = 2 ** 29;
const MOST = 2 ** 30;

const COUNTER_NAMES = Object.keys(NO_COUNTS) as (keyof StreamCounters)[];

/**
 * One direction of a connection: chunks in the order of their positions, read from the front.
 *
 * ```
 *        position                        hole
 *  gone    v   front    ...   back       ....   ahead (a heap)
 *  -------|===========|============|     ....  |==========|
 *          captured cut tail        run end
 * ```
 *
 * What follows each other from the read position on is a list; what waits behind a pending hole is a heap, and moves into
 * the list when the hole is filled or given up. Reading is `span()`, then `advance()` or `skip()`. What was read is
 * committed and gone; what was not is kept, and read again when something comes in front of it.
 */
export class Stream {
	/** The bytes of the current span; set by `span()` and `gather()`. Valid until the next call on this stream. */
	bytes: Uint8Array = NO_BYTES;
	/** Where the span begins in `bytes`. */
	from: number = 0;
	/** Where it ends there. */
	to: number = 0;
	/** The length of the current gap; -1: unknown. Set by `span()`. */
	length: number = 0;
	/** Where the next byte to read stands, in the count that pieces have. */
	at: number = FIRST;
	/** The operation of the byte consumed last. */
	lastDataId: number = 0;
	/** When it returned, nanoseconds. */
	lastEndNs: number = 0;
	/** It moved bytes behind the read position, too. */
	lastShared: boolean = false;
	/** Reading has begun; before that, chunks gather and wait for their predecessors. */
	started: boolean = false;
	/** Bytes copied into memory of this stream. */
	retained: number = 0;
	/** How many pieces wait. */
	pending: number = 0;
	/** While reading is held: up to here it is committed; -1: what is read is committed at once. */
	committed: number = -1;
	#counters: StreamCounters | undefined = undefined;

	/** The first piece that was read and is held. */
	#held: Piece | undefined = undefined;
	#front: Piece | undefined = undefined;
	#back: Piece | undefined = undefined;
	/** Where the list ends. */
	#runEnd = FIRST;
	#ahead: Heap<Piece> | undefined = undefined;
	/** The front piece, while its bytes are the caller's. */
	#borrowed: Piece | undefined = undefined;
	#highest = FIRST;
	#seen = false;
	#holeFrom = 0;
	#holeTo = 0;
	#store: Store | undefined = undefined;
	/** The position at which the own count is 0. */
	#base = TWO32 - FIRST;

	/** What has happened to its chunks. */
	get counters(): Readonly<StreamCounters> {
		return this.#counters ?? NO_COUNTS;
	}

	/** Counts what is not the common course. */
	count(what: keyof StreamCounters, by: number = 1): void {
		this.#counters ??= { ...NO_COUNTS };
		this.#counters[what] += by;
	}

	/** The piece at the read position, or the first one behind a hole. */
	get front(): Piece | undefined {
		return this.#front ?? this.#ahead?.top;
	}

	/** The first piece that is kept, read and held or not read yet. */
	get first(): Piece | undefined {
		return this.#held ?? this.#front;
	}

	/** Bytes before this place are not needed any more. */
	get needed(): number {
		return this.committed < 0 ? this.at : this.committed;
	}

	/** The position of the next byte to read, unwrapped: modulo 2^32 TCP's own. */
	get position(): number {
		return this.#base + this.at;
	}

	/** The place of a chunk in the stream's own count: of its u32 offset, unwrapped next to the highest one so far. */
	place(offset: number): number {
		if (this.#seen) return this.#highest + ((offset - this.#base - this.#highest) | 0);
		this.#base = offset + TWO32 - FIRST;
		return FIRST;
	}

	/** The end of everything that has come, in the stream's own count. */
	get end(): number {
		return this.#highest;
	}

	/** Sets the own count back, if nothing waits, and returns where `place` is then. */
	#setBack(place: number): number {
		if (this.#back !== undefined || this.#ahead !== undefined) return place;
		const by = this.at - FIRST;
		this.#base += by;
		this.at -= by;
		this.#runEnd -= by;
		this.#highest -= by;
		this.#holeFrom -= by;
		this.#holeTo -= by;
		return place - by;
	}

	/** Takes a chunk to its place (`place`, or `end`). In order: O(1), and no copy when nothing waits before it. */
	append(chunk: Chunk, place: number, nowNs: number): void {
		const start = this.at > MOST ? this.#setBack(place) : place;
		const piece = takePiece(chunk, start, nowNs);
		if (!this.#seen || piece.end > this.#highest) this.#highest = piece.end;
		this.#seen = true;
		if (start !== this.#runEnd || !this.started) {
			this.#insert(piece);
			return;
		}
		if (this.#back === undefined) this.#borrowed = piece;
		else this.#keep(piece, 0);
		this.#link(piece);
		if (this.#ahead !== undefined) this.#pull();
	}

	/** Puts a piece at the end of the list. */
	#link(piece: Piece): void {
		if (this.#back !== undefined) this.#back.next = piece;
		this.#front ??= piece;
		this.#back = piece;
		if (piece.end > this.#runEnd) this.#runEnd = piece.end;
		this.pending++;
	}

	#insert(piece: Piece): void {
		if (!this.started || piece.start > this.#runEnd) {
			this.#own(piece);
			this.#ahead ??= new Heap(isBefore);
			this.#ahead.push(piece);
			this.pending++;
			return;
		}
		if (piece.end <= this.at) {
			const lost = piece.start < this.#holeTo && piece.end > this.#holeFrom;
			if (!lost || this.committed < 0 || piece.end <= this.committed) {
				this.count(lost ? "late" : "duplicates");
				givePiece(piece);
				return;
			}
			this.rewind();
			this.count("resets");
		}
		this.#insertInRun(piece);
		if (this.#ahead !== undefined) this.#pull();
	}

	/** Puts a piece into the list: into a hole that was given up and not read yet, or over other pieces. */
	#insertInRun(piece: Piece): void {
		let before: Piece | undefined;
		for (let at = this.#front; at !== undefined && at.start <= piece.start; at = at.next) {
			before = at;
			if (isSame(at, piece)) {
				this.count("duplicates");
				this.#release(piece);
				return;
			}
		}
		const after = before === undefined ? this.#front : before.next;
		if ((before !== undefined && before.end > piece.start) || (after !== undefined && after.start < piece.end)) {
			this.count("overlaps");
		}
		if (piece.kept === 0) this.#own(piece);
		const store = this.#store;
		if (store !== undefined && piece.start < store.to) store.from = store.to = -1;
		if (after === undefined) {
			this.#link(piece);
			return;
		}
		piece.next = after;
		if (before === undefined) {
			this.settle();
			this.#front = piece;
		} else before.next = piece;
		if (piece.end > this.#runEnd) this.#runEnd = piece.end;
		this.pending++;
	}

	/** Moves what follows the list out of the heap into it. */
	#pull(): void {
		const ahead = this.#ahead!;
		for (let piece = ahead.top; piece !== undefined && piece.start <= this.#runEnd; piece = ahead.top) {
			ahead.pop();
			this.pending--;
			if (piece.start === this.#runEnd) this.#link(piece);
			else if (piece.end > this.at) this.#insertInRun(piece);
			else {
				this.count("duplicates");
				this.#release(piece);
			}
		}
		if (ahead.top === undefined) this.#ahead = undefined;
	}

	/** Begins to read at a place, before anything has come. */
	startAt(place: number = this.#highest): void {
		this.started = this.#seen = true;
		this.at = this.#runEnd = this.#highest = place;
	}

	/** Begins to read at the first piece. `certain` false: something before it may be missing. */
	start(certain: boolean): void {
		const piece = this.front;
		if (piece === undefined || this.started) return;
		this.started = true;
		this.at = this.#runEnd = piece.start;
		this.#pull();
		if (certain) return;
		piece.afterUnknownHole = true;
		this.count("holes");
	}

	/** Says what lies at the read position, without moving it. */
	span(): Span {
		const piece = this.#front;
		if (piece === undefined) return NONE;
		const relative = this.at - piece.start;
		if (relative < 0) {
			this.length = -relative;
			return HOLE;
		}
		if (piece.afterUnknownHole) {
			this.length = -1;
			return HOLE;
		}
		if (relative < piece.captured) {
			let { bytes, at } = piece;
			if (bytes === undefined) {
				const store = this.#store!;
				bytes = store.bytes;
				at -= store.base;
			}
			this.bytes = bytes;
			this.from = at + relative;
			this.to = at + piece.captured;
			return BYTES;
		}
		const { tail } = piece;
		const tailStart = tail === undefined ? piece.end : piece.end - tail.length;
		if (this.at < tailStart) {
			this.length = tailStart - this.at;
			return CUT;
		}
		this.bytes = tail!;
		this.from = this.at - tailStart;
		this.to = this.from + piece.end - this.at;
		return BYTES;
	}

	/**
	 * Joins all bytes that follow each other from the read position on into `bytes[from..to)`, and says what ends them.
	 * Each byte is joined once, however often this is called.
	 */
	gather(): Span {
		const front = this.#front;
		if (front === undefined || this.span() !== BYTES) return NONE;
		const end = this.at + this.to - this.from;
		if (end < front.end) return CUT;
		if (front.next === undefined) return NONE;
		this.#store ??= takeStore();
		const store = this.#store;
		if (this.at < store.from || end > store.to) beginRegion(store, this, front, end);
		const ends = growRegion(store, this);
		this.bytes = store.bytes;
		this.from = store.at - store.base + this.at - store.from;
		this.to = this.from + store.to - this.at;
		return ends;
	}

	/** Consumes `count` bytes or, after an unknown hole, the hole (count -1). */
	advance(count: number): void {
		let piece = this.#front;
		if (count < 0) {
			if (piece !== undefined) piece.afterUnknownHole = false;
			return;
		}
		this.at += count;
		for (; piece !== undefined; piece = this.#front) {
			if (piece.start < this.at) this.#touch(piece);
			if (piece.end > this.at) return;
			this.#front = piece.next;
			this.pending--;
			if (this.committed < 0) this.#release(piece);
			else this.#held ??= piece;
		}
		if (this.#held === undefined) this.#back = undefined;
		// A caller that knows better than the list: nothing has come from there.
		if (this.at > this.#runEnd) this.#runEnd = this.at;
	}

	/** From here on, what is read stays until `commit`: a late chunk that fills a hole behind the committed position resets. */
	hold(): void {
		if (this.committed < 0) this.committed = this.at;
	}

	/** What was read is not needed any more; reading stays held from here on. */
	commit(): void {
		this.committed = this.at;
		for (let piece = this.#held; piece !== undefined; piece = this.#held) {
			if (piece === this.#front) break;
			this.#held = piece.next;
			this.#release(piece);
		}
		this.#held = undefined;
		if (this.#front === undefined) this.#back = undefined;
	}

	/** Goes back to the committed position. */
	rewind(): void {
		if (this.committed < 0) return;
		this.at = this.committed;
		for (let piece = this.#held; piece !== undefined && piece !== this.#front; piece = piece.next) this.pending++;
		this.#front = this.first;
		this.#held = undefined;
	}

	/** The piece that has the byte at a place, read and held or not read yet; behind it, `next`. */
	pieceAt(place: number): Piece | undefined {
		let piece = this.first;
		while (piece !== undefined && piece.end <= place) piece = piece.next;
		return piece !== undefined && piece.start <= place ? piece : undefined;
	}

	/** Drops unread pieces that came before a time, from the front; their place becomes a hole. True: there were some. */
	evict(beforeNs: number): boolean {
		let piece = this.#front;
		if (piece === undefined || piece.arrivedNs >= beforeNs) return false;
		this.rewind();
		this.settle();
		for (piece = this.#front; piece !== undefined && piece.arrivedNs < beforeNs; piece = this.#front) {
			this.count("evicted");
			this.count("lostBytes", piece.end - Math.max(piece.start, this.at));
			this.#front = piece.next;
			this.pending--;
			this.#release(piece);
		}
		this.#holeFrom = this.at;
		this.#holeTo = this.#front?.start ?? this.#runEnd;
		if (this.#front === undefined) this.#back = undefined;
		if (this.#store !== undefined) this.#store.from = this.#store.to = -1;
		return true;
	}

	#touch(piece: Piece): void {
		this.lastDataId = piece.dataId;
		this.lastEndNs = piece.endNs;
		this.lastShared = piece.end > this.at || !piece.finished;
	}

	/** Consumes up to `count` bytes, captured or not, but no lost ones. Returns how many. */
	skip(count: number): number {
		let done = 0;
		while (done < count) {
			const piece = this.#front;
			if (piece === undefined || piece.start > this.at || piece.afterUnknownHole) break;
			const step = Math.min(count - done, piece.end - this.at);
			this.advance(step);
			done += step;
		}
		return done;
	}

	/** Gives up the first hole, when what lies behind it has waited long enough. True: the hole can be read now. */
	expire(nowNs: number, windowNs: number): boolean {
		const piece = this.#ahead?.top;
		if (piece === undefined || !this.started || nowNs - piece.arrivedNs < windowNs) return false;
		this.#holeFrom = this.#runEnd;
		this.#holeTo = this.#runEnd = piece.start;
		this.count("holes");
		this.count("lostBytes", this.#holeTo - this.#holeFrom);
		this.#pull();
		return true;
	}

	/** Copies what was borrowed from the caller and is still needed. Called at the end of every append. */
	settle(): void {
		// A view of the caller's memory must not outlive the call.
		this.bytes = NO_BYTES;
		const piece = this.#borrowed;
		if (piece !== undefined) {
			this.#borrowed = undefined;
			this.#keep(piece, Math.max(0, this.needed - piece.start));
		}
		if (this.#store !== undefined && this.#back === undefined) {
			giveStore(this.#store);
			this.#store = undefined;
		}
	}

	/** Copies a piece of the list into the store; what lies before `read` has been read and is not copied. */
	#keep(piece: Piece, read: number): void {
		const source = piece.bytes!;
		const count = piece.captured - read;
		if (count > 0) {
			this.#store ??= takeStore();
			const from = piece.at + read;
			piece.at = copyInto(this.#store, this, source, from, from + count) - read;
		}
		piece.bytes = undefined;
		this.#account(piece, Math.max(0, count));
	}

	/** Copies a piece's bytes out of the caller's memory, because those before it have not come. */
	#own(piece: Piece): void {
		keepApart(piece);
		this.#account(piece, piece.captured);
	}

	#account(piece: Piece, copied: number): void {
		if (piece.tail !== undefined) piece.tail = piece.tail.slice();
		piece.kept = copied + (piece.tail?.length ?? 0);
		this.retained += piece.kept;
	}

	#release(piece: Piece): void {
		if (piece === this.#borrowed) this.#borrowed = undefined;
		this.retained -= piece.kept;
		givePiece(piece);
	}

	/** Marks that bytes of unknown number are missing before the last piece, if it is in the list. */
	breakLast(): void {
		if (this.#back?.end !== this.#highest) return;
		this.#back.afterUnknownHole = true;
		this.count("holes");
	}

	/** The last captured bytes of the piece at the read position: its tail, or its payload when that reaches the end. */
	ending(): Uint8Array {
		const piece = this.#front;
		if (piece === undefined) return NO_BYTES;
		if (piece.tail !== undefined && piece.tail.length > 0) return piece.tail;
		if (piece.start + piece.captured !== piece.end) return NO_BYTES;
		const bytes = piece.bytes ?? this.#store!.bytes;
		const at = piece.bytes === undefined ? piece.at - this.#store!.base : piece.at;
		return bytes.subarray(at + Math.max(0, this.at - piece.start), at + piece.captured);
	}

	/** Nothing waits and nothing is held: `save` tells everything there is to know of it. */
	get idle(): boolean {
		return this.pending === 0 && this.retained === 0 && this.committed < 0 && this.#store === undefined;
	}

	/** Puts an idle stream into numbers, of which a new one can be made by `load`. */
	save(into: number[]): void {
		const counters = this.#counters;
		if (counters !== undefined) for (const what of COUNTER_NAMES) into.push(counters[what]);
		const flags = (counters ? 1 : 0) | (this.lastShared ? 2 : 0) | (this.started ? 4 : 0) | (this.#seen ? 8 : 0);
		const { at } = this;
		into.push(this.position, this.#runEnd - at, this.#highest - at, this.#holeFrom - at, this.#holeTo - at);
		into.push(this.lastDataId, this.lastEndNs, flags);
	}

	/** Takes what `save` has put last. */
	load(from: number[]): void {
		const flags = from.pop()!;
		this.lastEndNs = from.pop()!;
		this.lastDataId = from.pop()!;
		this.at = FIRST;
		this.#holeTo = FIRST + from.pop()!;
		this.#holeFrom = FIRST + from.pop()!;
		this.#highest = FIRST + from.pop()!;
		this.#runEnd = FIRST + from.pop()!;
		this.#base = from.pop()! - FIRST;
		this.lastShared = (flags & 2) !== 0;
		this.started = (flags & 4) !== 0;
		this.#seen = (flags & 8) !== 0;
		if ((flags & 1) === 0) return;
		this.#counters = { ...NO_COUNTS };
		for (const what of COUNTER_NAMES.toReversed()) this.#counters[what] = from.pop()!;
	}

	/** Drops everything; what comes later is nobody's. */
	clear(): void {
		this.#held = this.#front = this.#back = this.#borrowed = this.#ahead = this.#store = undefined;
		this.retained = this.pending = 0;
		this.at = this.#runEnd = Math.max(this.at, this.#highest);
	}
}
