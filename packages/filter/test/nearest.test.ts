import { readFileSync } from "node:fs";
import { nearest } from "@wirescribe/filter/nearest";
import { describe, expect, test } from "vitest";

describe("nearest", () => {
	test.each([
		["statsu", ["method", "status"], "status"],
		["statsu", ["state", "status"], "state"],
		["headr", ["header", "headers"], "header"],
		["abc", ["abd", "abe"], "abd"],
		["path", ["pat", "path"], "path"],
		["", ["a", "abc"], "a"],
		["role", ["status"], undefined],
		["xyz", ["abc"], undefined],
		["role", [], undefined],
	] as const)("%j of %j: %j", (name, candidates, expected) => {
		expect(nearest(name, candidates)).toBe(expected);
		expect(nearest(name, new Set(candidates))).toBe(expected);
	});

	test("imports nothing", () => {
		expect(readFileSync(new URL("../src/nearest.ts", import.meta.url), "utf8")).not.toMatch(/\b(import|from)\b.*["']/);
	});
});
