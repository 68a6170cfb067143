import { expect, test } from "vitest";
import { controlAt, firstOther, forgetViews, viewOf } from "./compare.ts";

/** Printable, no two places alike for long. */
const TEXT = Uint8Array.from({ length: 64 }, (_, i) => 33 + ((i * 7) % 90));
const OURS = new DataView(TEXT.buffer);

test("the first other byte, wherever it is, at any alignment, length and beginning", () => {
	for (let place = 0; place < 9; place++) {
		for (let end = 0; end <= 40; end++) {
			for (let other = 0; other <= end; other++) {
				const theirs = new Uint8Array(place + end);
				theirs.set(TEXT.subarray(0, end), place);
				if (other < end) theirs[place + other]! ^= other % 2 === 0 ? 1 : 0x80;
				const view = new DataView(theirs.buffer);
				for (let at = 0; at <= other; at++) expect(firstOther(OURS, at, view, place, end)).toBe(other);
			}
		}
	}
});

test("what is before the beginning may differ", () => {
	const theirs = TEXT.slice();
	theirs.fill(0, 0, 21);
	for (let end = 21; end <= 64; end++) expect(firstOther(OURS, 21, new DataView(theirs.buffer), 0, end)).toBe(end);
});

test("the first control character, tabs passed", () => {
	for (const control of [0, 8, 10, 13, 31]) {
		for (let length = 0; length < 30; length++) {
			for (let at = 0; at <= length; at++) {
				const bytes = new Uint8Array(length + 3).fill(0xe4);
				for (let i = 0; i < length; i += 3) bytes[i] = 9;
				bytes[at] = control;
				const view = new DataView(bytes.buffer);
				expect(controlAt(view, 0, length)).toBe(Math.min(at, length));
				expect(controlAt(view, Math.min(at + 1, length), length)).toBe(length);
			}
		}
	}
});

test("views are those of the memory that is asked for, however it changes", () => {
	const buffers = [1, 2, 3].map((first) => Uint8Array.of(first, 9, 9, first).buffer);
	for (const n of [0, 0, 1, 0, 1, 2, 1, 2, 0, 2]) {
		const bytes = new Uint8Array(buffers[n]!, n, 1);
		expect(viewOf(bytes).getUint8(0)).toBe(n + 1);
		expect(viewOf(bytes).buffer).toBe(buffers[n]);
		if (n === 2) forgetViews();
	}
});
