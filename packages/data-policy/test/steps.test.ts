import { maskQuery } from "@wirescribe/access-log";
import { createDataPolicy, type DataPolicyOptions } from "@wirescribe/data-policy";
import { describe, expect, test } from "vitest";
import { seen, transaction } from "./transactions.ts";

/** Whatever takes time with the square of this does not end within any test. */
const LONG = 400_000;
const fill = (text: string): string => text.repeat(Math.ceil(LONG / text.length));

const EVERYTHING: DataPolicyOptions = {
	headers: ["*"],
	bodies: { prefixBytes: 65_536, types: ["**"] },
	queryAllow: ["a*b"],
	redact: [
		...["path:ids", "path:emails", "path:tokens", "path:params", "path:/a/*/**", "header:z", "query:z*", "form:z*"],
		...["json:$..a.b", "json:$.a[*].b", "regex:(a+)+!", "regex:^(\\w+\\s?)*$"],
	],
	rateLimits: [{ perSecond: 1e9, per: "endpoint" }],
};
const AWKWARD = [
	"a",
	"/",
	"/a",
	";",
	"@",
	"%40",
	"&",
	"a&",
	"=",
	"a=&",
	"?a",
	"?a=",
	"[",
	'{"a":',
	'"',
	"\\",
	'\\"',
	",",
	"//",
	"//a@",
	"1 ",
];

describe("time grows with the text, not faster", () => {
	test.each(AWKWARD)("of %s again and again", (piece) => {
		const policy = createDataPolicy(EVERYTHING);
		const text = fill(piece);
		for (const before of ["", "/", "?", "//", '{"a":"']) {
			const path = before + text;
			for (const type of ["application/json", "application/x-www-form-urlencoded", "text/plain"]) {
				const content = seen(
					[
						["content-type", type],
						["x", path],
					],
					path,
				);
				expect(typeof policy?.apply(transaction({ path, target: path }), content)).toBe("object");
			}
			maskQuery(path);
		}
	});

	test("an expression that reads to the end for each letter reads so often, and no more", () => {
		const { charCodeAt } = String.prototype;
		const read = (length: number): number => {
			const policy = createDataPolicy({ redact: ["regex:(a*b)|a"] });
			let count = 0;
			String.prototype.charCodeAt = function (this: string, at: number): number {
				count++;
				return charCodeAt.call(this, at);
			};
			try {
				policy?.apply(transaction({ path: `/${"a".repeat(length)}` }), undefined);
			} finally {
				String.prototype.charCodeAt = charCodeAt;
			}
			return count;
		};
		expect(read(8_000)).toBeGreaterThan(8_000 * 50);
		expect(read(8_000)).toBeLessThan(read(2_000) * 5);
	});
});
