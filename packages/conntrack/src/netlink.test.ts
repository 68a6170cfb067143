import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAddress } from "./address.ts";
import { Conntrack } from "./conntrack.ts";
import { REQUEST_BYTES, readAnswers, writeRequest } from "./netlink.ts";
import type { LookupResult, LookupTuple } from "./tuple.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const v4: LookupTuple = { src: parseAddress("10.0.0.1"), dst: parseAddress("10.0.0.2"), sport: 258, dport: 80 };

function request(tuple: LookupTuple): Uint8Array {
	const bytes = new Uint8Array(REQUEST_BYTES).fill(0xee);
	return bytes.subarray(0, writeRequest(new DataView(bytes.buffer), 0, tuple, 7));
}

/** An answer as the kernel sends it: `request` with the type of an entry and a reply tuple behind. */
function answer(original: LookupTuple, reply: LookupTuple): Uint8Array {
	const [first, second] = [request(original), request(reply).slice(20)];
	new DataView(second.buffer).setUint16(2, 0x8002, true);
	const bytes = new Uint8Array([...first, ...second]);
	const view = new DataView(bytes.buffer);
	view.setUint32(0, bytes.length, true);
	view.setUint16(4, 0x100, true);
	return bytes;
}

function read(bytes: Uint8Array): [number, LookupResult][] {
	const answers: [number, LookupResult][] = [];
	readAnswers(bytes, (sequence, result) => void answers.push([sequence, result]));
	return answers;
}

test("a request is what libnetfilter_conntrack would send", () => {
	expect(hex(request(v4))).toBe(
		"4800000001010100070000000000000002000000" +
			"34000180" +
			"14000180080001000a000001080002000a000002" +
			"1c0002800500010006000000060002000102000006000300005000" +
			"00",
	);
	const v6 = { ...v4, src: parseAddress("fd00::1"), dst: parseAddress("fd00::2"), zone: 5 };
	expect(request(v6).length).toBe(104);
	expect(request(v6).length).toBeLessThanOrEqual(REQUEST_BYTES);
	expect(hex(request(v6)).endsWith("0600120000050000")).toBe(true);
});

test("an entry is decoded, errors have their reason", () => {
	const reply = { ...v4, src: v4.dst, dst: v4.src, sport: 80, dport: 258 };
	expect(read(answer(v4, reply))).toEqual([
		[7, { original: { ...v4 }, reply, status: 0, mark: 0, zone: 0, timeoutSeconds: 0 }],
	]);
	const error = (code: number): LookupResult | undefined => {
		const bytes = new Uint8Array(36);
		const view = new DataView(bytes.buffer);
		view.setUint32(0, 36, true);
		view.setUint16(4, 2, true);
		view.setInt32(16, -code, true);
		return read(bytes)[0]?.[1];
	};
	expect([1, 2, 22, 95, 105, 11].map(error)).toEqual(
		["not-permitted", "no-entry", "no-module", "no-module", "busy", "busy"].map((miss) => ({ miss })),
	);
	expect(error(0)).toBeUndefined();
});

test("whatever bytes come, reading them ends and throws nothing", () => {
	const whole = answer(v4, v4);
	fc.assert(
		fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255))), fc.nat(whole.length), (changes, length) => {
			const bytes = Uint8Array.from(whole);
			for (const [at, value] of changes) bytes[at] = value;
			read(bytes.subarray(0, length));
		}),
	);
});

test("tuples that cannot be are mistakes of the caller", () => {
	using conntrack = Conntrack.open();
	expect(() => conntrack.lookup({ ...v4, src: new Uint8Array(3) })).toThrow(RangeError);
	expect(() => conntrack.lookup({ ...v4, dst: parseAddress("::1") })).toThrow("of one family");
	expect(() => conntrack.lookup({ ...v4, dport: 65_536 })).toThrow("Cannot look up port 65536");
	conntrack.close();
	expect(() => conntrack.lookup(v4)).toThrow("closed");
});
