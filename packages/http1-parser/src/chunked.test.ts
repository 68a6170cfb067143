import { describe, expect, test } from "vitest";
import { bytesOf } from "../test/wire.ts";
import { chunkedEnd } from "./chunked.ts";

describe("the tail of a cut chunked body", () => {
	test.each([
		["\r\n0\r\n\r\n", "yes"],
		["0\r\n\r\n", "yes"],
		["abc\r\n0\r\nX-Sum: 1\r\n\r\n", "yes"],
		["10\r\n\r\n", "perhaps"],
		["0\r\n\r", "perhaps"],
		["\r\n0\r\nbody\r\n", "perhaps"],
		["long enough to be told apart\r\n0\r\nX-Su", "perhaps"],
		["long enough to be told apart\r\n\r\n", "no"],
		["long enough to be told apart\r\n10\r\n\r\n", "no"],
		["0\r\n and the rest of a body\0", "no"],
		["", "perhaps"],
	] as const)("%j: %s", (tail, end) => {
		expect(chunkedEnd(bytesOf(tail))).toBe(end);
	});
});
