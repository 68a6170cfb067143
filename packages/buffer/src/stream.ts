import { type Chunk, emptyPiece, fillPiece, NO_BYTES, type Piece } from "./chunk.ts";
import { Joined } from "./joined.ts";
import { BYTES, CUT, HOLE, NONE, type Span, type StreamCounters } from "./span.ts";

const TWO32 = 4294967296;

/**
 * One direction of a connection: chunks in the order of their positions, read from the front.
 *
 * ```
 *        position                    hole
 *  gone    v  pieces[0]   pieces[1]  ....   pieces[2]
 *  -------|===========|============|......|==========|
 *          payload cut tail
 * ```
 *
 * Reading is `span()`, then `advance()` or `skip()`. What was read is committed and gone; what was not is kept, and read
 * again when something comes in front of it.
 */
export class Stream {
	/** The bytes of the current span; set by `span()` and `gather()`. Valid until the next call on this stream. */
	bytes: Uint8Array = NO_BYTES;
	from: number = 0;
	to: number = 0;
	/** The length of the current gap; -1: unknown. Set by `span()`. */
	length: number = 0;
	/** Where the next byte to read stands, unwrapped. */
	position: number = 0;
	/** The operation of the byte consumed last. */
	last: Piece | undefined = undefined;
	/** Reading has begun; before that, chunks gather and wait for their predecessors. */
	started: boolean = false;
	/** Bytes copied into memory of this stream. */
	retained: number = 0;
	readonly counters: StreamCounters = { late: 0, duplicates: 0, overlaps: 0, holes: 0, lostBytes: 0, evicted: 0 };

	/** Two pieces that are filled again and again, so that the common chunk costs no object. */
	readonly #spare: [Piece, Piece] = [emptyPiece(), emptyPiece()];
	#borrowed: Piece | undefined = undefined;
	#pieces: Piece[] = [];
	#first = 0;
	#highest = 0;
	#seen = false;
	/** Holes before this position are given up. */
	#lostUntil = -1;
	#lastHoleFrom = 0;
	#lastHoleTo = 0;
	/** Made when bytes of several pieces are wanted in one. */
	#joined: Joined | undefined = undefined;

	/** The piece at the read position, or the first one behind a hole. */
	get front(): Piece | undefined {
		return this.#pieces[this.#first];
	}

	/** How many pieces wait. */
	get pending(): number {
		return this.#pieces.length - this.#first;
	}

	/** The position a chunk has in this stream: its u32 offset, unwrapped next to the highest position so far. */
	place(offset: number): number {
		if (!this.#seen) return offset + TWO32;
		const delta = (offset - (this.#highest % TWO32)) | 0;
		return this.#highest + delta;
	}

	/** The end of everything that has come. */
	get end(): number {
		return this.#seen ? this.#highest : TWO32;
	}

	/** Takes a chunk to its place. In order and nothing waiting: O(1), no copy. */
	append(chunk: Chunk, start: number, nowNs: number): void {
		const end = start + chunk.bytes;
		if (this.started && start === this.position && this.#first === this.#pieces.length) {
			const spare = this.last === this.#spare[0] ? this.#spare[1] : this.#spare[0];
			this.#borrowed = fillPiece(spare, chunk, start, nowNs);
			this.#pieces.length = 0;
			this.#first = 0;
			this.#pieces.push(this.#borrowed);
			if (end > this.#highest) this.#highest = end;
			return;
		}
		this.#insert(chunk, start, end, nowNs);
	}

	#insert(chunk: Chunk, start: number, end: number, nowNs: number): void {
		if (this.started && end <= this.position) {
			if (start < this.#lastHoleTo && end > this.#lastHoleFrom) this.counters.late++;
			else this.counters.duplicates++;
			return;
		}
		this.settle();
		const pieces = this.#pieces;
		let at = pieces.length;
		while (at > this.#first && pieces[at - 1]!.start > start) at--;
		for (let i = at; i > this.#first && pieces[i - 1]!.start === start; i--) {
			const other = pieces[i - 1]!;
			if (other.dataId === chunk.dataId && other.sequence === chunk.sequence) {
				this.counters.duplicates++;
				return;
			}
		}
		const before = at > this.#first ? pieces[at - 1] : undefined;
		const after = pieces[at];
		if ((before !== undefined && before.end > start) || (after !== undefined && after.start < end)) {
			this.counters.overlaps++;
		}
		const piece = fillPiece(emptyPiece(), chunk, start, nowNs);
		this.#own(piece, 0);
		pieces.splice(at, 0, piece);
		// The joined bytes end where something came in front of what was joined.
		if (this.#joined !== undefined && start < this.#joined.end) this.#joined = undefined;
		if (!this.#seen || end > this.#highest) this.#highest = end;
		this.#seen = true;
	}

	/** Begins to read at a position, before anything has come. */
	startAt(position: number): void {
		this.started = this.#seen = true;
		this.position = this.#highest = position;
	}

	/** Begins to read at the first piece. `certain` false: something before it may be missing. */
	start(certain: boolean): void {
		const piece = this.front;
		if (piece === undefined || this.started) return;
		this.started = true;
		this.position = piece.start;
		if (!certain) {
			piece.afterUnknownHole = true;
			this.counters.holes++;
		}
	}

	/** Says what lies at the read position, without moving it. */
	span(): Span {
		const piece = this.#pieces[this.#first];
		if (piece === undefined || !this.started) return NONE;
		const relative = this.position - piece.start;
		if (relative < 0) {
			if (this.#lostUntil < piece.start) return NONE;
			this.length = -relative;
			return HOLE;
		}
		if (piece.afterUnknownHole) {
			this.length = -1;
			return HOLE;
		}
		const payload = piece.payload;
		if (relative < payload.length) {
			this.bytes = payload;
			this.from = relative;
			this.to = payload.length;
			return BYTES;
		}
		const tail = piece.tail;
		const tailStart = tail === undefined ? piece.end : piece.end - tail.length;
		if (this.position < tailStart) {
			this.length = tailStart - this.position;
			return CUT;
		}
		this.bytes = tail!;
		this.from = this.position - tailStart;
		this.to = this.from + piece.end - this.position;
		return BYTES;
	}

	/**
	 * Joins all bytes that follow each other from the read position on into `bytes[from..to)`, and says what ends them.
	 * Each byte is joined once, however often this is called.
	 */
	gather(): Span {
		const pieces = this.#pieces;
		if (this.span() !== BYTES) return NONE;
		let end = this.position + this.to - this.from;
		if (end < pieces[this.#first]!.end) return CUT;
		let index = this.#first + 1;
		if (index === pieces.length) return NONE;
		this.#joined ??= new Joined();
		const joined = this.#joined;
		if (joined.covers(this.position, end)) {
			index = Math.max(index, joined.next);
			end = joined.end;
		} else {
			joined.begin(this.position);
			joined.add(this.bytes, this.from, this.to, this.position);
		}
		let ends: Span = NONE;
		for (; index < pieces.length; index++) {
			const piece = pieces[index]!;
			if (piece.afterUnknownHole) ends = HOLE;
			else if (piece.start > end && this.#lostUntil >= piece.start) ends = HOLE;
			if (piece.afterUnknownHole || piece.start > end) break;
			const captured = piece.start + piece.payload.length;
			if (captured > end) {
				joined.add(piece.payload, end - piece.start, piece.payload.length, this.position);
				end = captured;
			}
			if (end < piece.end) {
				ends = CUT;
				break;
			}
		}
		joined.next = index;
		this.bytes = joined.bytes;
		this.from = this.position - joined.start;
		this.to = end - joined.start;
		return ends;
	}

	/** Consumes `count` bytes or, after an unknown hole, the hole (count -1). */
	advance(count: number): void {
		const pieces = this.#pieces;
		if (count < 0) {
			pieces[this.#first]!.afterUnknownHole = false;
			return;
		}
		this.position += count;
		while (this.#first < pieces.length) {
			const piece = pieces[this.#first]!;
			if (piece.start < this.position) this.last = piece;
			if (piece.end > this.position) break;
			this.#release(piece);
			this.#first++;
		}
		if (this.#first === pieces.length) {
			pieces.length = 0;
			this.#first = 0;
			this.#joined = undefined;
		} else if (this.#first > 256 && this.#first * 2 > pieces.length) {
			pieces.splice(0, this.#first);
			if (this.#joined !== undefined) this.#joined.next -= this.#first;
			this.#first = 0;
		}
	}

	/** Consumes up to `count` bytes, captured or not, but no lost ones. Returns how many. */
	skip(count: number): number {
		let done = 0;
		while (done < count) {
			const piece = this.front;
			if (piece === undefined || !this.started || piece.start > this.position || piece.afterUnknownHole) break;
			const step = Math.min(count - done, piece.end - this.position);
			this.advance(step);
			done += step;
		}
		return done;
	}

	/** Gives up the first hole, when what lies behind it has waited long enough. True: the hole can be read now. */
	expire(nowNs: number, windowNs: number): boolean {
		if (!this.started) return false;
		let end = this.position;
		for (let i = this.#first; i < this.#pieces.length; i++) {
			const piece = this.#pieces[i]!;
			if (piece.start > end && this.#lostUntil < piece.start) {
				if (nowNs - piece.arrivedNs < windowNs) return false;
				this.#lostUntil = piece.start;
				this.#lastHoleFrom = end;
				this.#lastHoleTo = piece.start;
				this.counters.holes++;
				this.counters.lostBytes += piece.start - end;
				return true;
			}
			if (piece.end > end) end = piece.end;
		}
		return false;
	}

	/** Copies what was borrowed from the caller and is still needed. Called at the end of every append. */
	settle(): void {
		// A view of the caller's memory must not outlive the call.
		if (this.bytes !== this.#joined?.bytes) this.bytes = NO_BYTES;
		const piece = this.#borrowed;
		if (piece === undefined) return;
		this.#borrowed = undefined;
		if (this.#pieces[this.#first] !== piece) return;
		const kept = { ...piece };
		this.#own(kept, this.position - kept.start);
		this.#pieces[this.#first] = kept;
		if (this.last === piece) this.last = kept;
	}

	/** Copies the piece's bytes; what lies before `from` has been read and is not copied. */
	#own(piece: Piece, from: number): void {
		if (from >= piece.payload.length) {
			piece.start += piece.payload.length;
			piece.payload = NO_BYTES;
		} else {
			piece.start += from;
			piece.payload = piece.payload.slice(from);
		}
		if (piece.tail !== undefined) piece.tail = piece.tail.slice();
		this.retained += piece.payload.length + (piece.tail?.length ?? 0);
	}

	#release(piece: Piece): void {
		if (piece === this.#borrowed) this.#borrowed = undefined;
		else this.retained -= piece.payload.length + (piece.tail?.length ?? 0);
		piece.payload = NO_BYTES;
		piece.tail = undefined;
	}

	/** Marks that bytes of unknown number are missing before the last piece, which begins at `start`. */
	breakBefore(start: number): void {
		const piece = this.#pieces[this.#pieces.length - 1];
		if (piece === undefined || piece.start !== start) return;
		piece.afterUnknownHole = true;
		this.counters.holes++;
	}

	/** The last captured bytes of the piece at the read position: its tail, or its payload when that reaches the end. */
	ending(): Uint8Array {
		const piece = this.front;
		if (piece === undefined) return NO_BYTES;
		if (piece.tail !== undefined && piece.tail.length > 0) return piece.tail;
		return piece.start + piece.payload.length === piece.end ? piece.payload : NO_BYTES;
	}

	/** Drops everything; what comes later is nobody's. */
	clear(): void {
		this.#pieces = [];
		this.#first = 0;
		this.#borrowed = undefined;
		this.#joined = undefined;
		this.retained = 0;
		this.position = Math.max(this.position, this.#highest);
	}
}
