import { expect, test } from "vitest";
import { parseAddress, unmapped } from "./address.ts";

test.each([
	["10.0.255.1", [10, 0, 255, 1]],
	["::", new Array(16).fill(0)],
	["::1", [...new Array(15).fill(0), 1]],
	["fd00::12:3", [0xfd, ...new Array(12).fill(0), 0x12, 0, 3]],
	["1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
	["fe80::", [0xfe, 0x80, ...new Array(14).fill(0)]],
	["::ffff:10.0.0.1", [...new Array(10).fill(0), 255, 255, 10, 0, 0, 1]],
])("%s", (text, bytes) => expect([...parseAddress(text)]).toEqual(bytes));

test.each([
	"",
	"10.0.0",
	"10.0.0.256",
	"10.0.0.1.1",
	":",
	":::",
	"1::2::3",
	"1:2:3:4:5:6:7",
	"1:2:3:4:5:6:7:8:9",
	"12345::",
	"g::",
	"::1.2.3",
	"1:2:3:4:5:6:7::8:9",
])("%j is no address", (text) => expect(() => parseAddress(text)).toThrow(`Cannot parse '${text}'`));

test("mapped addresses are IPv4", () => {
	expect([...unmapped(parseAddress("::ffff:10.0.0.1"))]).toEqual([10, 0, 0, 1]);
	expect(unmapped(parseAddress("::fffe:10.0.0.1")).length).toBe(16);
	expect(unmapped(parseAddress("1::ffff:10.0.0.1")).length).toBe(16);
});
