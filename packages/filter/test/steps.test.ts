import { compileFilter, compileGlob, compileRegex, FilterError, parseFilter } from "@wirescribe/filter";
import { describe, expect, test } from "vitest";

/**
 * How many characters are read of strings while `run` runs: the steps that a matcher or a scanner takes, counted and not
 * timed. Both read through these two methods.
 */
function charactersRead(run: () => void): number {
	const { charCodeAt, codePointAt } = String.prototype;
	let count = 0;
	String.prototype.charCodeAt = function (this: string, at: number): number {
		count++;
		return charCodeAt.call(this, at);
	};
	String.prototype.codePointAt = function (this: string, at: number): number | undefined {
		count++;
		return codePointAt.call(this, at);
	};
	try {
		run();
	} finally {
		String.prototype.charCodeAt = charCodeAt;
		String.prototype.codePointAt = codePointAt;
	}
	return count;
}

/** What backtracking matchers take exponential or cubic time for, each with a text that it nearly matches. */
const AWKWARD: readonly (readonly [pattern: string, text: (length: number) => string])[] = [
	["(a+)+$", (length) => `${"a".repeat(length)}!`],
	["(a|a)*$", (length) => `${"a".repeat(length)}!`],
	["(a|aa)+$", (length) => `${"a".repeat(length)}!`],
	["(.*)(.*)(.*)(.*)[xz]$", (length) => `x${"y".repeat(length)}`],
	["^(\\w+\\s?)*$", (length) => `${"word ".repeat(length / 5)}!`],
	["([a-zA-Z0-9]+)*@$", (length) => `@${"a".repeat(length)}`],
];

describe("steps grow with the text, not faster", () => {
	test.each(AWKWARD)("regular expression %s", (source, text) => {
		const pattern = compileRegex(source);
		const read = [1_000, 10_000, 100_000].map((length) => charactersRead(() => pattern.test(text(length))));
		expect(read[0]).toBeGreaterThanOrEqual(1_000);
		expect(read[1]).toBeLessThanOrEqual((read[0] as number) * 11);
		expect(read[2]).toBeLessThanOrEqual((read[0] as number) * 110);
	});

	test("glob", () => {
		const pattern = compileGlob("**a**b*a*a**a?b");
		const read = [1_000, 10_000, 100_000].map((length) =>
			charactersRead(() => pattern.test(`ab${"a".repeat(length)}`)),
		);
		expect(read[0]).toBeGreaterThanOrEqual(1_000);
		expect(read[2]).toBeLessThanOrEqual((read[0] as number) * 110);
	});

	test("a filter reads each field once for each comparison", () => {
		const filter = compileFilter(Array.from({ length: 100 }, () => "status == 200").join(" and "));
		let reads = 0;
		filter.matches({
			get status() {
				reads++;
				return 200;
			},
		});
		expect(reads).toBe(100);
	});
});

describe("limits", () => {
	test.each([
		["length", `${"tls and ".repeat(512)}tls`],
		["depth of parentheses", `${"(".repeat(33)}tls${")".repeat(33)}`],
		["depth of not", `${"not ".repeat(33)}tls`],
	])("%s", (_, text) => {
		expect(() => parseFilter(text)).toThrow(expect.objectContaining({ code: "ERR_FILTER_LIMIT" }));
	});

	test("a filter at the limits is read", () => {
		parseFilter(`${"tls and ".repeat(511)}tls`);
		parseFilter(`${"(".repeat(32)}tls${")".repeat(32)}`);
	});

	test.each(["x".repeat(1025), "(?=a)", "(a)\\1", "((a{1000}){1000})"])("pattern %#", (pattern) => {
		expect(() => parseFilter(`path =~ "${pattern}"`)).toThrow(FilterError);
	});
});
