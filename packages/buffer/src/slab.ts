import { NO_BYTES } from "./chunk.ts";
import type { Piece } from "./piece.ts";

const SLAB = 8192;
/** Longer ones get memory of their own. */
const MOST = 1024;

let slab: Uint8Array = NO_BYTES;
let used = 0;

/**
 * Copies a piece's bytes. Short ones, of all streams of a thread, lie side by side in one array until it is full: a typed
 * array for each costs more than its bytes, and the collector more than that. A slab lives as long as its last piece.
 */
export function keepApart(piece: Piece): void {
	const { captured } = piece;
	const source = piece.bytes!;
	if (captured > MOST) {
		piece.bytes = source.slice(0, captured);
		return;
	}
	if (used + captured > slab.length) {
		slab = new Uint8Array(SLAB);
		used = 0;
	}
	slab.set(captured === source.length ? source : source.subarray(0, captured), used);
	piece.bytes = slab;
	piece.at = used;
	used += captured;
}
