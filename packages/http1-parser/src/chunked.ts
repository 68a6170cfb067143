import { BYTES, HOLE, NONE, type Stream } from "@wirescribe/buffer";
import type { BodyTap } from "./body-tap.ts";
import { HEX, latin1 } from "./bytes.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import type { Message } from "./message.ts";

/** How far a chunked body has been read. */
export type ChunkedState = "more" | "done" | "broken" | "lost" | "not-captured";

const SIZE = 0;
const EXTENSION = 1;
const DATA = 2;
const DATA_END = 3;
const TRAILER = 4;

/** Reads a chunked body from a stream, however its bytes are cut. */
export class ChunkedBody {
	/** Bytes on the wire so far. */
	wireBytes = 0;
	/** Bytes of chunk data so far. */
	decodedBytes = 0;
	/** Bytes of chunk data that were lost, not only left out, since the reader took note; and where the first one stood. */
	lostBytes = 0;
	lostAt = 0;
	/** The lines of its trailers. */
	trailers = "";
	/** It is "broken" because a line is longer than the limit. */
	tooLong = false;
	readonly #maxLine: number;
	readonly #maxTrailer: number;
	#phase = SIZE;
	#left = 0;
	#digits = 0;
	#line = 0;
	#trailer = 0;

	constructor(maxLine: number = DEFAULT_LIMITS.maxChunkLine, maxTrailer: number = DEFAULT_LIMITS.maxTrailerBytes) {
		this.#maxLine = maxLine;
		this.#maxTrailer = maxTrailer;
	}

	/** Reads as far as it can. "lost" and "not-captured": chunk lines are in a gap, which has not been consumed. */
	read(stream: Stream, tap?: BodyTap, message?: Message): ChunkedState {
		for (;;) {
			if (this.#phase === DATA) {
				const blocked = this.#data(stream, tap, message);
				if (blocked !== undefined) return blocked;
			}
			const span = stream.span();
			if (span === NONE) return "more";
			if (span !== BYTES) return span === HOLE ? "lost" : "not-captured";
			const { bytes, from, to } = stream;
			const whole = this.#phase === SIZE && this.#line + this.#digits === 0 && tap === undefined;
			let end = whole ? this.#wholeChunks(bytes, from, to) : from;
			if (end === from) end = this.#lines(bytes, from, to);
			// Of broken lines, what is before the byte that breaks them belongs to the body, however the bytes are cut.
			const step = (end < 0 ? -1 - end : end) - from;
			stream.advance(step);
			this.wireBytes += step;
			if (end < 0) return "broken";
			if (this.#phase === DONE) return "done";
		}
	}

	/** Skips chunk data. Holes inside one chunk cost nothing but their bytes. */
	#data(stream: Stream, tap?: BodyTap, message?: Message): ChunkedState | undefined {
		while (this.#left > 0) {
			let step = tap === undefined ? stream.skip(this.#left) : tap.skip(stream, message!, this.#left);
			if (step === 0) {
				if (stream.span() === NONE) return "more";
				if (stream.length < 0 || stream.length > this.#left) return "lost";
				step = stream.length;
				if (this.lostBytes === 0) this.lostAt = stream.at;
				stream.advance(step);
				this.lostBytes += step;
				tap?.missing(message!, step);
			}
			this.#left -= step;
			this.wireBytes += step;
			this.decodedBytes += step;
		}
		this.#phase = DATA_END;
		return undefined;
	}

	/** Passes chunks that are here from their first digit to their last line end; none of their data is looked at. */
	#wholeChunks(b: Uint8Array, from: number, to: number): number {
		let i = from;
		for (;;) {
			let size = 0;
			let digit = HEX[b[i]!]!;
			let k = i;
			for (; digit < 16 && k - i < 7; digit = HEX[b[++k]!]!) size = size * 16 + digit;
			const end = k + 2 + size;
			if (size === 0 || end + 2 > to || b[k] !== 13 || b[k + 1] !== 10 || b[end] !== 13 || b[end + 1] !== 10) return i;
			this.decodedBytes += size;
			i = end + 2;
		}
	}

	/** Reads lines until chunk data begins, the body ends, or the bytes do. Returns where; -1 - at: at this byte they break. */
	#lines(b: Uint8Array, from: number, to: number): number {
		let i = from;
		let trailer = from;
		while (i < to) {
			const c = b[i++]!;
			switch (this.#phase) {
				case SIZE:
					if (!this.#size(c)) return -i;
					break;
				case EXTENSION:
					if (++this.#line > this.#maxLine) return this.#over(i);
					break;
				case DATA_END:
					if (c === 10) {
						// The next chunks may be whole.
						this.#begin(SIZE);
						return i;
					}
					if (c !== 13 || ++this.#line > 1) return -i;
					continue;
				default:
					if (++this.#trailer > this.#maxTrailer) return this.#over(i);
					if (c !== 13 && c !== 10) this.#line++;
			}
			if (c !== 10) continue;
			if (this.#phase === TRAILER) {
				if (this.#line === 0) {
					this.#phase = DONE;
					break;
				}
				this.#line = 0;
			} else {
				if (this.#digits === 0) return -i;
				if (this.#left === 0) {
					this.#begin(TRAILER);
					trailer = i;
				} else {
					this.#phase = DATA;
					this.#line = 0;
					return i;
				}
			}
		}
		// The blank line alone is the common case.
		const blank = this.#phase === DONE && i - trailer < 3 && this.trailers === "";
		if (this.#phase >= TRAILER && !blank) this.trailers += latin1(b, trailer, i);
		return i;
	}

	#over(i: number): number {
		this.tooLong = true;
		return -i;
	}

	/** One byte of the size line up to its extension. */
	#size(c: number): boolean {
		const digit = HEX[c]!;
		if (digit < 16) {
			this.#digits++;
			this.#left = this.#left * 16 + digit;
			return this.#left <= Number.MAX_SAFE_INTEGER;
		}
		if (this.#digits === 0) return false;
		if (c === 59 || c === 32 || c === 9 || c === 13) this.#phase = EXTENSION;
		return this.#phase === EXTENSION || c === 10;
	}

	#begin(phase: number): void {
		this.#phase = phase;
		this.#left = this.#digits = this.#line = 0;
	}
}

const DONE = 5;

/** What the last captured bytes of an operation say of a chunked body: it ends here; perhaps here, or right behind; it goes on. */
export function chunkedEnd(bytes: Uint8Array): "yes" | "perhaps" | "no" {
	const n = bytes.length;
	const blank = bytes[n - 1] === 10 && bytes[n - 2] === 13 && bytes[n - 3] === 10 && bytes[n - 4] === 13;
	let begun = false;
	// The "0" line, with a line end or nothing before it; the search is short, because the trailers are.
	for (let i = n - 1; i >= 0 && i > n - 512; i--) {
		if (bytes[i] === 48 && (i === 0 || bytes[i - 1] === 10)) {
			if (blank && bytes[i + 1] === 13 && bytes[i + 2] === 10) return "yes";
			begun = true;
		}
		if (bytes[i]! < 9 || bytes[i]! > 126) return begun ? "perhaps" : "no";
	}
	// Of a few bytes it cannot be told.
	return begun || n < 16 ? "perhaps" : "no";
}
