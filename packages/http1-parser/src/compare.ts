import { CONTROL, HIGH } from "./scan.ts";

/**
 * Views of the memory that bytes lie in. Making one takes as long as comparing 500 bytes, asking for the memory as 100. Two
 * take turns: the caller's memory and what a stream has joined.
 */
interface Seen {
	bytes: Uint8Array;
	buffer: ArrayBufferLike;
	view: DataView;
}

const seen: { latest: Seen; other: Seen } = { latest: nothing(), other: nothing() };

function nothing(): Seen {
	const bytes = new Uint8Array(0);
	return { bytes, buffer: bytes.buffer, view: new DataView(bytes.buffer) };
}

/** A view of all the memory in which these bytes begin at `byteOffset`. */
export function viewOf(bytes: Uint8Array): DataView {
	let { latest } = seen;
	if (bytes === latest.bytes) return latest.view;
	const { buffer } = bytes;
	if (buffer !== latest.buffer) {
		latest = seen.other;
		seen.other = seen.latest;
		seen.latest = latest;
		if (buffer !== latest.buffer) {
			latest.buffer = buffer;
			latest.view = new DataView(buffer);
		}
	}
	latest.bytes = bytes;
	return latest.view;
}

/** Lets go of the memory that was read. */
export function forgetViews(): void {
	seen.latest = nothing();
	seen.other = nothing();
}

/**
 * The first index from `at` on, before `end`, at which `ours` is not like `theirs`, whose index 0 is at `place`; else
 * `end`. `ours` is printable ASCII and line ends: none of its numbers is a zero, of which there are two, or not a number,
 * which is like none.
 */
export function firstOther(ours: DataView, at: number, theirs: DataView, place: number, end: number): number {
	const last = end - 8;
	let i = at;
	// `| 0`: sums that need not be checked.
	let j = (at + place) | 0;
	while (
		i < last - 8 &&
		ours.getFloat64(i, true) === theirs.getFloat64(j, true) &&
		ours.getFloat64((i + 8) | 0, true) === theirs.getFloat64((j + 8) | 0, true)
	) {
		i = (i + 16) | 0;
		j = (j + 16) | 0;
	}
	if (i < last && ours.getFloat64(i, true) === theirs.getFloat64(j, true)) i += 8;
	if (i >= last) {
		if (last < at) {
			while (i < end && ours.getUint8(i) === theirs.getUint8(i + place)) i++;
			return i;
		}
		i = last;
		if (ours.getFloat64(i, true) === theirs.getFloat64(i + place, true)) return end;
	}
	let other = ours.getInt32(i, true) ^ theirs.getInt32(i + place, true);
	if (other === 0) {
		i += 4;
		other = ours.getInt32(i, true) ^ theirs.getInt32(i + place, true);
	}
	return i + ((31 - Math.clz32(other & -other)) >> 3);
}

/** The first control character but a tab from `at` on, before `end`; else `end`. */
export function controlAt(view: DataView, at: number, end: number): number {
	let i = at;
	for (; i <= end - 8; i = (i + 8) | 0) {
		const a = view.getInt32(i, true);
		const b = view.getInt32((i + 4) | 0, true);
		const high = (((a | HIGH) - CONTROL) | a) & (((b | HIGH) - CONTROL) | b);
		if ((high & HIGH) !== (HIGH | 0)) break;
	}
	while (i < end && (view.getUint8(i) >= 32 || view.getUint8(i) === 9)) i++;
	return i;
}
