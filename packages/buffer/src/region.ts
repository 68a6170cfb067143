import type { Piece } from "./piece.ts";
import { CUT, HOLE, NONE, type Span } from "./span.ts";
import type { Store } from "./store.ts";
import type { Stream } from "./stream.ts";

/** Begins the region of a stream's store with the bytes of its current span, which end at `end` and are those of `front`. */
export function beginRegion(store: Store, stream: Stream, front: Piece, end: number): void {
	// Nothing of an earlier region is needed any more.
	store.from = store.to = -1;
	const { bytes, from, to, at } = stream;
	store.at =
		front.bytes === undefined && bytes === store.bytes
			? front.at + at - front.start
			: copyInto(store, stream, bytes, from, to);
	store.from = at;
	store.to = end;
	store.last = front;
}

/** Joins what follows the region to it, and says what ends it. Each byte is joined once, however often this is called. */
export function growRegion(store: Store, stream: Stream): Span {
	for (let last = store.last!; ; last = store.last!) {
		if (store.to < last.end) return CUT;
		const piece = last.next;
		if (piece === undefined) return NONE;
		if (piece.afterUnknownHole || piece.start > store.to) return HOLE;
		const captured = piece.start + piece.captured;
		if (captured > store.to) join(store, stream, piece, captured);
		store.last = piece;
	}
}

/** Makes the region reach to the end of a piece's captured bytes. */
function join(store: Store, stream: Stream, piece: Piece, captured: number): void {
	const from = piece.at + store.to - piece.start;
	if (piece.bytes !== undefined || from !== store.at + store.to - store.from) {
		moveRegion(store, stream);
		let source = piece.bytes;
		let at = from;
		if (source === undefined) {
			source = store.bytes.slice(from - store.base, from - store.base + captured - store.to);
			at = 0;
		}
		piece.at = copyInto(store, stream, source, at, at + captured - store.to) - (store.to - piece.start);
		piece.bytes = undefined;
	}
	store.to = captured;
}

/** Adds the region once more, so that it lies at the end and can grow. */
function moveRegion(store: Store, stream: Stream): void {
	makeRoom(store, stream, store.to - store.from);
	const count = store.to - store.from;
	if (store.at + count === store.written) return;
	const from = store.at - store.base;
	store.bytes.copyWithin(store.written - store.base, from, from + count);
	store.at = store.written;
	store.written += count;
}

/** Adds source[from..to) to a stream's store, and returns its running number. */
export function copyInto(store: Store, stream: Stream, source: Uint8Array, from: number, to: number): number {
	const count = to - from;
	makeRoom(store, stream, count);
	const { bytes, written } = store;
	const at = written - store.base;
	if (count > 16) bytes.set(source.length === count ? source : source.subarray(from, to), at);
	else for (let i = 0; i < count; i++) bytes[at + i] = source[from + i]!;
	store.written += count;
	return written;
}

function makeRoom(store: Store, stream: Stream, count: number): void {
	if (store.written - store.base + count > store.bytes.length) store.makeRoom(count, oldestOf(store, stream));
}

/** The smallest running number of the store that is still needed. */
function oldestOf(store: Store, { at, first, needed }: Stream): number {
	let oldest = store.to > store.from ? store.at + Math.max(0, at - store.from) : store.written;
	for (let piece = first; piece !== undefined; piece = piece.next) {
		if (piece.bytes !== undefined || piece.captured === 0) continue;
		const read = needed - piece.start;
		oldest = Math.min(oldest, piece.at + Math.max(0, Math.min(read, piece.captured)));
	}
	return oldest;
}
