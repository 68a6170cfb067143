import { describe, expect, test } from "vitest";
import { bytesOf } from "../test/wire.ts";
import { endsChunked } from "./chunked.ts";

describe("the tail of a cut chunked body", () => {
	test.each([
		["\r\n0\r\n\r\n", true],
		["0\r\n\r\n", true],
		["abc\r\n0\r\nX-Sum: 1\r\n\r\n", true],
		["10\r\n\r\n", false],
		["0\r\n\r", false],
		["\r\n0\r\nbody\r\n", false],
		["abc\r\n\r\n", false],
	])("%j: %s", (tail, ends) => {
		expect(endsChunked(bytesOf(tail))).toBe(ends);
	});
});
