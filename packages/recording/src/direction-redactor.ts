import { HeadRedactor } from "./head-redactor.ts";
import type { Asked, MessageOrder } from "./message-order.ts";
import { isStartLine, looksLikeStart } from "./start-line.ts";

const X = 0x78;
const CR = 0x0d;
const LF = 0x0a;
const LAST_CHUNK: Uint8Array = new TextEncoder().encode("\r\n0\r\n\r\n");

/**
 * Where a direction is in its stream of messages.
 *
 *     seek ---a message starts at an operation's start---> head --> body of known length | chunks | until close | none
 *       ^                                                             |
 *       '------- a hole, or bytes that are not HTTP ------------------'--- a message may start here: boundary
 */
type Place =
	| "seek"
	| "boundary"
	| "head"
	| "body"
	| "until-close"
	| "chunk-size"
	| "chunk-extension"
	| "chunk-data"
	| "chunk-end"
	| "chunks-lost"
	| "trailer";

/** Redacts one direction of one socket, operation after operation, in place. */
export class DirectionRedactor {
	readonly #order: MessageOrder;
	readonly #head: HeadRedactor = new HeadRedactor();
	#place: Place = "seek";
	/** Stream position of the next byte, modulo 2^32; unknown before the first operation. */
	#next: number | undefined;
	/** Where the operation ends in the batch. */
	#end = -1;
	/** Of a body or chunk. */
	#left = 0;
	#chunkDigits = 0;
	#crSeen = false;
	/** Whether a body is there was guessed: its request was not seen. */
	#guessed = false;

	constructor(order: MessageOrder) {
		this.#order = order;
	}

	/**
	 * One operation: `captured` bytes at `from`, then `hole` bytes that are not there, then `tail` bytes. `offset` is where
	 * in the stream it starts.
	 */
	operation(bytes: Uint8Array, offset: number, from: number, captured: number, hole: number, tail: number): void {
		const first = this.#next === undefined;
		const ahead = this.#next === undefined ? 0 : (offset - this.#next) >>> 0;
		const end = from + captured + tail;
		if (ahead >= 0x8000_0000) {
			// From before what was read: late, or twice. Its place is gone.
			bytes.fill(X, from, end);
			return;
		}
		this.#skip(ahead);
		// The bytes reach the operation's end unless the hole is the last of it.
		this.#end = hole > 0 && tail === 0 ? -1 : end;
		this.#next = (offset + captured + hole + tail) >>> 0;
		this.#atOperationStart(bytes, from, from + captured, first);
		this.#run(bytes, from, from + captured);
		this.#skip(hole);
		this.#run(bytes, from + captured, end);
	}

	/** Bytes of the stream that are not there. */
	#skip(count: number): void {
		if (count === 0 || this.#place === "until-close" || this.#place === "chunks-lost") return;
		const inData = this.#place === "body" || this.#place === "chunk-data";
		if (inData && this.#left >= count) {
			this.#left -= count;
			if (this.#left === 0) this.#dataEnds();
		} else if (this.#place.startsWith("chunk")) this.#place = "chunks-lost";
		else this.#lose();
	}

	#lose(): void {
		this.#place = "seek";
		this.#order.lost();
	}

	/** Only the start of an operation can show a lost direction where it is. */
	#atOperationStart(bytes: Uint8Array, from: number, to: number, first: boolean): void {
		if (first) {
			if (looksLikeStart(bytes, from, to)) this.#place = "boundary";
			return;
		}
		const place = this.#place;
		const lost = place === "seek" || place === "chunks-lost";
		const doubtful = place === "body" || place === "until-close" || place === "chunk-size";
		if (!lost && !(doubtful && this.#guessed)) return;
		if (isStartLine(bytes, from, to, this.#head.status > 0 ? "response" : "any")) this.#place = "boundary";
	}

	#run(bytes: Uint8Array, from: number, to: number): void {
		let at = from;
		while (at < to) at = this.#step(bytes, at, to);
	}

	/** Handles bytes of the place this is at; returns where the next place starts. */
	#step(bytes: Uint8Array, at: number, to: number): number {
		if (this.#order.opaque) return this.#blank(bytes, at, to);
		switch (this.#place) {
			case "boundary":
				return this.#start(bytes, at, to);
			case "head":
			case "trailer":
				return this.#inHead(bytes, at, to);
			case "body":
			case "chunk-data":
				return this.#inData(bytes, at, to);
			case "chunk-size":
			case "chunk-extension":
				return this.#chunkLine(bytes, at);
			case "chunk-end":
				return this.#chunkEnd(bytes, at);
			case "chunks-lost":
				return this.#afterLostChunks(bytes, at, to);
			default:
				return this.#blank(bytes, at, to);
		}
	}

	#blank(bytes: Uint8Array, at: number, to: number): number {
		bytes.fill(X, at, to);
		return to;
	}

	#start(bytes: Uint8Array, at: number, to: number): number {
		if (!looksLikeStart(bytes, at, to)) {
			this.#lose();
			return at;
		}
		let from = at;
		while (from < to && (bytes[from] === CR || bytes[from] === LF)) from++;
		if (from < to) {
			this.#head.begin();
			this.#place = "head";
		}
		return from;
	}

	#inHead(bytes: Uint8Array, at: number, to: number): number {
		const next = this.#head.redact(bytes, at, to);
		if (this.#head.state === "broken") this.#lose();
		else if (this.#head.state === "done" && this.#place === "trailer") this.#place = "boundary";
		else if (this.#head.state === "done") this.#headEnds();
		return next;
	}

	#headEnds(): void {
		const { status, method } = this.#head;
		this.#guessed = false;
		if (status === 0) {
			this.#order.requested(method);
			this.#bodyStarts("boundary");
		} else if (status === 101) this.#order.opaque = true;
		else if (status < 200) this.#place = "boundary";
		else this.#responseEnds(status, this.#order.answered());
	}

	#responseEnds(status: number, asked: Asked | undefined): void {
		this.#guessed = asked === undefined;
		if (asked === "connect" && status < 300) this.#order.opaque = true;
		else if (asked === "head" || status === 204 || status === 304) this.#place = "boundary";
		else this.#bodyStarts("until-close");
	}

	#bodyStarts(without: "boundary" | "until-close"): void {
		const framing = this.#head.framing();
		if (framing === "invalid") this.#lose();
		else if (framing === "chunked") this.#chunkStarts();
		else if (framing === "none") this.#place = without;
		else {
			this.#left = framing;
			this.#place = framing === 0 ? "boundary" : "body";
		}
	}

	#inData(bytes: Uint8Array, at: number, to: number): number {
		const count = Math.min(this.#left, to - at);
		bytes.fill(X, at, at + count);
		this.#left -= count;
		if (this.#left === 0) this.#dataEnds();
		return at + count;
	}

	#dataEnds(): void {
		this.#crSeen = false;
		this.#place = this.#place === "body" ? "boundary" : "chunk-end";
	}

	#chunkStarts(): void {
		this.#place = "chunk-size";
		this.#left = 0;
		this.#chunkDigits = 0;
		this.#crSeen = false;
	}

	/** One byte of `1a;extension CRLF`: digits and line end stay. */
	#chunkLine(bytes: Uint8Array, at: number): number {
		const byte = bytes[at]!;
		const digit = hexDigit(byte);
		if (byte === LF && this.#chunkDigits > 0) this.#chunkLineEnds();
		else if (this.#place === "chunk-extension") {
			if (byte !== CR) bytes[at] = X;
		} else if (digit >= 0 && this.#chunkDigits < 13) {
			this.#left = this.#left * 16 + digit;
			this.#chunkDigits++;
		} else if (this.#chunkDigits > 0 && (byte === 0x3b || byte === CR || byte === 0x20 || byte === 0x09)) {
			this.#place = "chunk-extension";
		} else return this.#chunksBreak(at);
		return at + 1;
	}

	#chunkLineEnds(): void {
		if (this.#left > 0) this.#place = "chunk-data";
		else {
			this.#head.beginTrailer();
			this.#place = "trailer";
		}
	}

	#chunkEnd(bytes: Uint8Array, at: number): number {
		if (bytes[at] === CR && !this.#crSeen) {
			this.#crSeen = true;
			return at + 1;
		}
		if (bytes[at] !== LF) return this.#chunksBreak(at);
		this.#chunkStarts();
		return at + 1;
	}

	/** Not chunks, after all: the rest is blanked, from this byte on. */
	#chunksBreak(at: number): number {
		this.#lose();
		return at;
	}

	/**
	 * The end of a chunked body that was cut is seen at the end of an operation, if anywhere: the last chunk's own bytes
	 * stay, so that a reader of the recording sees the end where a reader of the wire does.
	 */
	#afterLostChunks(bytes: Uint8Array, at: number, to: number): number {
		const last = to - LAST_CHUNK.length;
		const ends = to === this.#end && last >= at && LAST_CHUNK.every((byte, i) => bytes[last + i] === byte);
		bytes.fill(X, at, ends ? last : to);
		if (ends) this.#place = "boundary";
		return to;
	}
}

function hexDigit(byte: number): number {
	if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
	const letter = byte | 0x20;
	return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
