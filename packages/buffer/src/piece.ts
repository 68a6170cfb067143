import type { Chunk } from "./chunk.ts";

/** A chunk at its place in a stream, in the stream's own count. Belongs to the stream, which uses it again. */
export interface Piece {
	/** The place of its first byte. */
	start: number;
	/** The place behind its last byte. */
	end: number;
	/** Where its captured bytes are; undefined: in the stream's store. */
	bytes: Uint8Array | undefined;
	/** The index of its first byte there; in the store a running number. */
	at: number;
	/** How many bytes were captured from its front. */
	captured: number;
	/** The very last bytes, when it was cut. */
	tail: Uint8Array | undefined;
	/** How many bytes the stream has copied for it. */
	kept: number;
	/** The operation that moved it. */
	dataId: number;
	/** The operation that was handed in before that one. */
	prevDataId: number;
	/** Which piece of its operation it is, from 0. */
	sequence: number;
	/** No other piece of its operation follows. */
	finished: boolean;
	/** When its call was entered, nanoseconds; 0: not known. */
	startNs: number;
	/** When its call returned, nanoseconds. */
	endNs: number;
	/** The clock when it came; a hole in front of it is pending from then on. */
	arrivedNs: number;
	/** Bytes of unknown number are missing before it. */
	afterUnknownHole: boolean;
	/** The one behind it. */
	next: Piece | undefined;
}

/** Pieces to be filled again, so that the common chunk costs no object. Shared by all streams of a thread. */
const SPARE: Piece[] = [];
const MOST_SPARE = 256;

/** A piece for a chunk; its bytes are not copied. */
export function takePiece(chunk: Chunk, start: number, nowNs: number): Piece {
	const piece = SPARE.pop() ?? emptyPiece();
	const { payload, bytes } = chunk;
	piece.start = start;
	piece.end = start + bytes;
	piece.bytes = payload;
	piece.at = 0;
	piece.captured = payload.length < bytes ? payload.length : bytes;
	piece.tail = chunk.tail;
	piece.dataId = chunk.dataId;
	piece.prevDataId = chunk.prevDataId;
	piece.sequence = chunk.sequence;
	piece.finished = chunk.finished !== false;
	piece.startNs = chunk.startNs;
	piece.endNs = chunk.endNs;
	piece.arrivedNs = nowNs;
	return piece;
}

/** Gives a piece back. */
export function givePiece(piece: Piece): void {
	piece.bytes = piece.tail = piece.next = undefined;
	piece.kept = 0;
	piece.afterUnknownHole = false;
	if (SPARE.length < MOST_SPARE) SPARE.push(piece);
}

/** True when `a` is to be read before `b`. */
export function isBefore(a: Piece, b: Piece): boolean {
	return a.start < b.start || (a.start === b.start && a.arrivedNs < b.arrivedNs);
}

/** The same piece of the same operation. */
export function isSame(a: Piece, b: Piece): boolean {
	return a.dataId === b.dataId && a.sequence === b.sequence && a.start === b.start;
}

function emptyPiece(): Piece {
	return {
		...{ start: 0, end: 0, bytes: undefined, at: 0, captured: 0, tail: undefined, kept: 0 },
		...{ dataId: 0, prevDataId: 0, sequence: 0, finished: true, startNs: 0, endNs: 0, arrivedNs: 0 },
		...{ afterUnknownHole: false, next: undefined },
	};
}
