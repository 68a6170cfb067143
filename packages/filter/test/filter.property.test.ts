import { compileFilter, type Expression, FilterError, parseFilter, printFilter } from "@wirescribe/filter";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expression } from "./arbitrary.ts";

const fits = (one: Expression): boolean => printFilter(one).length <= 4096;

describe("any filter", () => {
	test("is read as it was printed", () => {
		fc.assert(
			fc.property(expression.filter(fits), (one) => {
				expect(parseFilter(printFilter(one))).toEqual(one);
			}),
			{ numRuns: 1000 },
		);
	});

	test("says yes or no of any record", () => {
		fc.assert(
			fc.property(expression.filter(fits), fc.anything(), (one, record) => {
				expect(typeof compileFilter(printFilter(one)).matches(record)).toBe("boolean");
			}),
			{ numRuns: 1000 },
		);
	});

	test("and its opposite never agree", () => {
		const record = fc.record(
			{
				method: fc.constantFrom("GET", "POST", null),
				path: fc.constantFrom("/a", "/users/7?x=x", null),
				status: fc.constantFrom(200, 503, null),
				duration_ms: fc.nat(),
				tls: fc.boolean(),
				partial: fc.constantFrom([], ["body-bytes-lost"]),
			},
			{ requiredKeys: [] },
		);
		fc.assert(
			fc.property(expression.filter(fits), record, (one, seen) => {
				const text = printFilter(one);
				expect(compileFilter(`not (${text})`).matches(seen)).toBe(!compileFilter(text).matches(seen));
			}),
		);
	});
});

describe("any text", () => {
	const words = fc.constantFrom(
		"status", "path", "tls", "trace", "duration_ms", "partial", "not", "and", "or", "in", "has", "(", ")", "[", "]", ",",
		"==", "!=", "<", ">=", "~", "=~", "=", "&&", "5xx", "500ms", "10KB", "true", '"', "'", "/api/*", "(a+)+$", "\n", " ",
	); // biome-ignore format: a line of words reads better
	const texts = fc.oneof(
		fc.string({ unit: "binary", maxLength: 60 }),
		fc.array(words, { maxLength: 20 }).map((all) => all.join(" ")),
	);

	test("is a filter, or a FilterError that shows a place in it", () => {
		fc.assert(
			fc.property(texts, (text) => {
				try {
					compileFilter(text);
				} catch (error) {
					if (!(error instanceof FilterError)) throw error;
					expect(error.position).toBeGreaterThanOrEqual(0);
					expect(error.position).toBeLessThanOrEqual(text.length);
					expect(error.message.split("\n")).toHaveLength(3);
				}
			}),
			{ numRuns: 5000 },
		);
	});
});
