import { SLAB_BYTES } from "./slabs.ts";
import { PREFIX_BYTES } from "./transport.ts";

/**
 * The bytes of an ack unit: what one stream carries, ready to be written again and again. It needs nothing of other units.
 *
 * ```text
 *   slabs      [ prefix header preamble body | prefix body | prefix pream ] [ ble body | ... ]
 *   preambles                    9             0                    9
 * ```
 *
 * The prefixes are gRPC's: a transport that frames by itself writes slabs as they are, cut wherever they are full.
 * `preambles` has for each message the length of its preamble plus 1, or 0 where that of an earlier one holds: a unit can be
 * cut in two that each need nothing of the other.
 */
export interface UnitBytes {
	readonly slabs: readonly Uint8Array<ArrayBuffer>[];
	/** Of all slabs together. */
	readonly length: number;
	readonly headerBytes: number;
	readonly preambles: Uint32Array<ArrayBuffer>;
}

/** All frames in one piece, a copy. */
export function joinSlabs({ slabs, length }: UnitBytes): Uint8Array<ArrayBuffer> {
	const frames = new Uint8Array(length);
	let at = 0;
	for (const slab of slabs) {
		frames.set(slab, at);
		at += slab.length;
	}
	return frames;
}

/** Frames as pieces that are not too large to be written. */
export function cutSlabs(frames: Uint8Array<ArrayBuffer>): readonly Uint8Array<ArrayBuffer>[] {
	const count = Math.ceil(frames.length / SLAB_BYTES);
	return Array.from({ length: count }, (_, n) => frames.subarray(n * SLAB_BYTES, (n + 1) * SLAB_BYTES));
}

/** The messages one after another, without their prefixes: views, but for those that lie in two slabs. */
export function* messagesOf({ slabs, preambles }: UnitBytes): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
	let slab = 0;
	let at = 0;
	function next(length: number): Uint8Array<ArrayBuffer> {
		const from = slabs[slab] as Uint8Array<ArrayBuffer>;
		if (at + length <= from.length) {
			at += length;
			return from.subarray(at - length, at);
		}
		const whole = new Uint8Array(length);
		for (let have = 0; have < length; ) {
			if (at === slabs[slab]?.length) {
				slab++;
				at = 0;
			}
			const piece = (slabs[slab] as Uint8Array<ArrayBuffer>).subarray(at, at + length - have);
			whole.set(piece, have);
			have += piece.length;
			at += piece.length;
		}
		return whole;
	}
	for (let n = 0; n < preambles.length; n++) yield next(messageBytes(next(PREFIX_BYTES), 0));
}

export function writePrefix(bytes: Uint8Array, at: number, length: number): void {
	bytes[at] = 0;
	bytes[at + 1] = length >>> 24;
	bytes[at + 2] = length >>> 16;
	bytes[at + 3] = length >>> 8;
	bytes[at + 4] = length;
}

/** The length that the prefix tells. */
function messageBytes(frames: Uint8Array, at: number): number {
	const byte = (n: number): number => frames[at + n] ?? 0;
	return (byte(1) << 24) | (byte(2) << 16) | (byte(3) << 8) | byte(4);
}

const frameEnd = (frames: Uint8Array, at: number): number => at + PREFIX_BYTES + messageBytes(frames, at);

/** How many messages are whole in the first `length` bytes. */
export function wholeMessages(unit: UnitBytes, length: number): number {
	const frames = joinSlabs(unit);
	let count = 0;
	for (let end = frameEnd(frames, 0); end <= length; end = frameEnd(frames, end)) count++;
	return count;
}

/** Cuts a unit of two messages or more in two; the second gets the header and the preamble that its first message needs. */
export function splitUnit(unit: UnitBytes): readonly [UnitBytes, UnitBytes] {
	const { preambles, headerBytes } = unit;
	const frames = joinSlabs(unit);
	const half = preambles.length >>> 1;
	let cut = 0;
	/** The preamble that holds for the message where it is cut. */
	let preamble = frames.subarray(0, 0);
	for (let n = 0; n < half; n++) {
		const own = preambles[n] as number;
		const start = cut + PREFIX_BYTES + (n === 0 ? headerBytes : 0);
		if (own > 0) preamble = frames.subarray(start, start + own - 1);
		cut = frameEnd(frames, cut);
	}
	const header = frames.subarray(PREFIX_BYTES, PREFIX_BYTES + headerBytes);
	const has = preambles[half] as number;
	const missing = has > 0 ? preamble.subarray(0, 0) : preamble;
	const added = headerBytes + missing.length;
	const rest = new Uint8Array(frames.length - cut + added);
	writePrefix(rest, 0, frameEnd(frames, cut) - cut - PREFIX_BYTES + added);
	rest.set(header, PREFIX_BYTES);
	rest.set(missing, PREFIX_BYTES + headerBytes);
	rest.set(frames.subarray(cut + PREFIX_BYTES), PREFIX_BYTES + added);
	const restPreambles = preambles.slice(half);
	restPreambles[0] = has > 0 ? has : preamble.length + 1;
	return [
		{ slabs: cutSlabs(frames.subarray(0, cut)), length: cut, headerBytes, preambles: preambles.slice(0, half) },
		{ slabs: cutSlabs(rest), length: rest.length, headerBytes, preambles: restPreambles },
	];
}
