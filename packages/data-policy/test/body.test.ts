import { createDataPolicy, DEFAULT_BODY_TYPES, MARGIN_BYTES } from "@wirescribe/data-policy";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seen, transaction } from "./transactions.ts";

function bodyOf(
	type: string,
	body: string | Uint8Array,
	{
		redact = [] as string[],
		prefixBytes = 4096,
		headers = [] as [string, string][],
		cut = false,
		types = ["text/*", ...DEFAULT_BODY_TYPES],
	} = {},
): { body: string | undefined; bodyCut: boolean } {
	const policy = createDataPolicy({ bodies: { prefixBytes, types }, redact });
	const judged = policy?.apply(transaction(), seen([["Content-Type", type], ...headers], body, cut));
	if (typeof judged !== "object") throw new Error("left out");
	return judged.content?.request as { body: string | undefined; bodyCut: boolean };
}

const json = (body: string, ...redact: string[]): string | undefined =>
	bodyOf("application/json", body, { redact }).body;
const form = (body: string, ...redact: string[]): string | undefined =>
	bodyOf("application/x-www-form-urlencoded", body, { redact }).body;

describe("JSON", () => {
	test.each([
		['{"user":{"name":"a","pin":1234}}', "json:$.user.pin", '{"user":{"name":"a","pin":"x"}}'],
		['{"user":{"pin":1},"pin":2}', "json:$.pin", '{"user":{"pin":1},"pin":"x"}'],
		['{"a":[{"pin":1},{"pin":"2"}]}', "json:$.a[*].pin", '{"a":[{"pin":"x"},{"pin":"x"}]}'],
		['{"a":[{"pin":1},{"pin":2}]}', "json:$.a[1].pin", '{"a":[{"pin":1},{"pin":"x"}]}'],
		['{"a":{"b":{"pin":{"deep":[1,2]}}}}', "json:$..pin", '{"a":{"b":{"pin":"x"}}}'],
		['{"PIN":1,"p\\u0069n":2}', "json:pin", '{"PIN":"x","p\\u0069n":"x"}'],
		["[1,[2,3]]", "json:$[1]", '[1,"x"]'],
		['{"a":1}\n{"a":2}', "json:a", '{"a":"x"}\n{"a":"x"}'],
		['{"pin":1,"x":"y', "json:pin", '{"pin":"x","x":x'],
		['{"pin":{"a":1', "json:pin", '{"pin":"x"'],
		['{"pin":"12', "json:pin", '{"pin":"x'],
		["{'pin':1}", "json:pin", "{x"],
	])("%s with %s", (body, rule, expected) => {
		expect(json(body, rule)).toBe(expected);
	});

	test("secrets by custom are masked without a rule", () => {
		expect(json('{"user":"u","password":"p","accessToken":"t","client_secret":{"a":1},"n":1}')).toBe(
			'{"user":"u","password":"x","accessToken":"x","client_secret":"x","n":1}',
		);
	});

	test("is known by its looks, too", () => {
		expect(bodyOf("text/plain", ' {"password":"p"}').body).toBe(' {"password":"x"}');
	});

	test("what cannot be read is masked, however deep", () => {
		expect(json(`${"[".repeat(100)}"canary"${"]".repeat(100)}`)).not.toContain("canary");
		expect(json('{"a" "canary"}')).not.toContain("canary");
		expect(json("\u0000canary")).not.toContain("canary");
	});

	/** A tree whose leaves at secret keys are the canary, and elsewhere are not. */
	const tree = fc.letrec<{ value: unknown }>((tie) => ({
		value: fc.oneof(
			{ maxDepth: 4 },
			fc.oneof(fc.string({ unit: "binary", maxLength: 8 }), fc.integer(), fc.boolean(), fc.constant(null)),
			fc.array(tie("value"), { maxLength: 3 }),
			fc.dictionary(fc.constantFrom("a", "b", "pin", "password", 'q"\\'), tie("value"), { maxKeys: 4 }),
		),
	})).value;

	const planted = (value: unknown): unknown => {
		if (Array.isArray(value)) return value.map(planted);
		if (typeof value !== "object" || value === null) return value;
		return Object.fromEntries(
			Object.entries(value).map(([key, one]) => [
				key,
				key === "pin" || key === "password" ? ["canary", { one }] : planted(one),
			]),
		);
	};
	const masked = (value: unknown): unknown => {
		if (Array.isArray(value)) return value.map(masked);
		if (typeof value !== "object" || value === null) return value;
		return Object.fromEntries(
			Object.entries(value).map(([key, one]) => [key, key === "pin" || key === "password" ? "x" : masked(one)]),
		);
	};

	test("any text comes out with exactly its secrets masked", () => {
		fc.assert(
			fc.property(tree, fc.constantFrom(undefined, 2), (value, indent) => {
				const found = json(JSON.stringify(planted(value), null, indent), "json:$..pin") as string;
				expect(JSON.parse(found)).toEqual(masked(JSON.parse(JSON.stringify(value))));
			}),
			{ numRuns: 500 },
		);
	});

	test("and without them, wherever it is cut, whatever it is spoilt by", () => {
		fc.assert(
			fc.property(
				tree,
				fc.nat(400),
				fc.option(fc.constantFrom('"', "{", "\\", ":", "]", "\u0000")),
				(value, at, spoilt) => {
					const text = JSON.stringify(planted(value));
					const cut = spoilt === null ? text.slice(0, at) : `${text.slice(0, at)}${spoilt}`;
					expect(json(cut === "" ? "0" : cut, "json:$..pin")).not.toContain("canary");
				},
			),
			{ numRuns: 2000 },
		);
	});
});

describe("forms", () => {
	test("by rule and by custom", () => {
		expect(form("user=u&password=p&pin=1&n=", "form:pin")).toBe("user=u&password=x&pin=x&n=");
		expect(form("pass%77ord=canary&PASSWORD=canary&user+token=canary")).not.toContain("canary");
		expect(form("a=1&password=cana")).toBe("a=1&password=x");
	});
});

describe("any body", () => {
	test("regular expressions", () => {
		expect(
			bodyOf("text/plain", "card 4111111111111111, 4222222222222222.", { redact: ["regex:[0-9]{13,16}"] }).body,
		).toBe("card x, x.");
		expect(json('{"a":"4111111111111111"}', "regex:[0-9]{13,16}")).toBe('{"a":"x"}');
	});

	test("of very many places the last ones are masked together", () => {
		const { body } = bodyOf("text/plain", `${"7 ".repeat(150)}canary`, { redact: ["regex:7"] });
		expect(body).toBe(`${"x ".repeat(100)}x`);
	});

	test("a secret at the cut is found as a whole", () => {
		const found = bodyOf("text/plain", `${"a".repeat(90)} 4111111111111111 more`, {
			prefixBytes: 100,
			redact: ["regex:[0-9]{13,16}"],
		});
		expect(found).toEqual({ headers: [], body: `${"a".repeat(90)} x`, bodyCut: true });
	});

	test("no more leaves than was asked for", () => {
		const body = "é".repeat(500);
		const found = bodyOf("text/plain", body, { prefixBytes: 100 });
		expect(found).toMatchObject({ body: "é".repeat(50), bodyCut: true });
		expect(bodyOf("text/plain", "short", { cut: true })).toMatchObject({ body: "short", bodyCut: true });
		expect(createDataPolicy({ bodies: { prefixBytes: 100 } })?.wants).toEqual({ bodyBytes: 100 + MARGIN_BYTES });
	});

	test.each([
		["application/octet-stream", []],
		["image/png", []],
		["multipart/form-data; boundary=x", []],
		["text/plain", [["Content-Encoding", "gzip"]]],
		["text/plain", [["transfer-encoding", "gzip, chunked"]]],
	] as [string, [string, string][]][])("none of %s %j", (type, headers) => {
		expect(bodyOf(type, "text", { headers }).body).toBeUndefined();
	});

	test("of types that were not asked for, only those whose fields have names", () => {
		for (const [type, found] of [
			["application/json; charset=utf-8", "1"],
			["Application/Problem+JSON", "1"],
			["application/x-www-form-urlencoded", "1"],
			["text/plain", undefined],
			["application/xml", undefined],
		] as const) {
			expect([type, bodyOf(type, "1", { types: [...DEFAULT_BODY_TYPES] }).body]).toEqual([type, found]);
		}
	});
});
