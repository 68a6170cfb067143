import { BYTES } from "./span.ts";
import type { Stream } from "./stream.ts";

/** The operations that moved some bytes of one direction. */
export class OperationRange {
	/** The operation of the first byte. */
	readonly firstDataId: number;
	/** The operation that was handed in before that one; 0: none. */
	readonly prevDataId: number;
	/** The operation of the last byte. */
	readonly lastDataId: number;
	/** The last operation moved bytes behind the last byte, too. */
	readonly lastShared: boolean;

	/** As the stream's `slice` makes it. */
	constructor(firstDataId: number, prevDataId: number, lastDataId: number, lastShared: boolean) {
		this.firstDataId = firstDataId;
		this.prevDataId = prevDataId;
		this.lastDataId = lastDataId;
		this.lastShared = lastShared;
	}

	/** As `3..5`, `3..5+` when the last one is shared, and `3` for one alone. */
	toString(): string {
		const { firstDataId, lastDataId } = this;
		const numbers = firstDataId === lastDataId ? `${firstDataId}` : `${firstDataId}..${lastDataId}`;
		return this.lastShared ? `${numbers}+` : numbers;
	}
}

/** A place in a stream: it stays true whatever comes later. */
export interface StreamPlace {
	/** Unwrapped position; modulo 2^32 TCP's own. */
	readonly position: number;
	/** The operation whose byte stands there. */
	readonly dataId: number;
	/** The operation that was handed in before that one; 0: none. */
	readonly prevDataId: number;
}

/** Bytes of a stream, not copied: valid until the next call on the stream. */
export interface Slice {
	/** The bytes: a view. */
	readonly bytes: Uint8Array;
	/** The unwrapped position of the first one. */
	readonly position: number;
	/** Which operations moved them. */
	readonly operations: OperationRange;
}

/** The place of the next byte to read; undefined: none has come, or a hole is there. */
export function placeOf(stream: Stream): StreamPlace | undefined {
	const piece = stream.pieceAt(stream.at);
	if (piece === undefined) return undefined;
	return { position: stream.position, dataId: piece.dataId, prevDataId: piece.prevDataId };
}

/** The next `count` bytes, not read and not copied; undefined: fewer follow each other. */
export function peek(stream: Stream, count: number): Uint8Array | undefined {
	if (stream.span() !== BYTES) return undefined;
	if (stream.to - stream.from < count) stream.gather();
	return stream.to - stream.from < count ? undefined : stream.bytes.subarray(stream.from, stream.from + count);
}

/** The next `count` bytes with the operations that moved them, not read; undefined: fewer follow each other. */
export function sliceOf(stream: Stream, count: number): Slice | undefined {
	const bytes = peek(stream, count);
	const { at, position } = stream;
	const first = count > 0 ? stream.pieceAt(at) : undefined;
	if (bytes === undefined || first === undefined) return undefined;
	const end = at + count;
	let last = first;
	while (last.end < end && last.next !== undefined) last = last.next;
	const operations = new OperationRange(first.dataId, first.prevDataId, last.dataId, last.end > end || !last.finished);
	return { bytes, position, operations };
}

/** Reads the next `count` bytes; undefined: fewer follow each other, and none is read. */
export function read(stream: Stream, count: number): Slice | undefined {
	const slice = sliceOf(stream, count);
	if (slice !== undefined) stream.advance(count);
	return slice;
}

/** Reads up to the next `byte`, which is the last one; undefined: it does not follow within what has come, and none is read. */
export function readUntil(stream: Stream, byte: number): Slice | undefined {
	if (stream.span() !== BYTES) return undefined;
	let at = indexOf(stream, byte);
	if (at < 0) {
		stream.gather();
		at = indexOf(stream, byte);
	}
	return at < 0 ? undefined : read(stream, at + 1);
}

function indexOf(stream: Stream, byte: number): number {
	return stream.bytes.subarray(stream.from, stream.to).indexOf(byte);
}
