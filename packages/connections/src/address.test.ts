import fc from "fast-check";
import { expect, test } from "vitest";
import { formatAddress, formatEndpoint } from "./address.ts";

const v6 = (...groups: number[]): Uint8Array => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));

test.each([
	[v6(0, 0, 0, 0, 0, 0, 0, 0), "::"],
	[v6(0, 0, 0, 0, 0, 0, 0, 1), "::1"],
	[v6(0x2001, 0xdb8, 0, 0, 0, 0, 2, 1), "2001:db8::2:1"],
	[v6(0x2001, 0xdb8, 0, 1, 1, 1, 1, 1), "2001:db8:0:1:1:1:1:1"],
	[v6(0x2001, 0, 0, 1, 0, 0, 0, 1), "2001:0:0:1::1"],
	[v6(0x2001, 0xdb8, 0, 0, 1, 0, 0, 1), "2001:db8::1:0:0:1"],
	[v6(0xfe80, 0, 0, 0, 0, 0, 0, 0), "fe80::"],
	[v6(0, 0, 0, 0, 0, 0xffff, 0xc0a8, 0x0102), "192.168.1.2"],
	[v6(0, 0, 0, 0, 0, 0xfffe, 0xc0a8, 0x0102), "::fffe:c0a8:102"],
])("%o is %s", (bytes, text) => expect(formatAddress(bytes, 10)).toBe(text));

test("IPv4 is the first four bytes", () => {
	expect(formatAddress(Uint8Array.of(10, 0, 255, 1, 9, 9), 2)).toBe("10.0.255.1");
});

test("any IPv6 address is written as the URL standard writes it", () => {
	const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
	fc.assert(
		fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
			fc.pre(!(groups.slice(0, 5).every((value) => value === 0) && groups[5] === 0xffff));
			const full = groups.map((value) => value.toString(16)).join(":");
			expect(`[${formatAddress(v6(...groups), 10)}]`).toBe(new URL(`http://[${full}]`).hostname);
		}),
	);
});

test("too few bytes are a mistake of the caller", () => {
	expect(() => formatAddress(new Uint8Array(4), 10)).toThrow("4 bytes, needs 16");
});

test("endpoints", () => {
	expect(formatEndpoint("10.0.0.1", 80)).toBe("10.0.0.1:80");
	expect(formatEndpoint("::1", 8080)).toBe("[::1]:8080");
});
