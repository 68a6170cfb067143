import { isSampled, jsonLine, type Transaction } from "@wirescribe/access-log";
import {
	createDataPolicy,
	type DataPolicyOptions,
	isSensitiveField,
	sampleFraction,
	transactionField,
} from "@wirescribe/data-policy";
import { FIELDS, readRecord } from "@wirescribe/filter";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seen, transaction } from "./transactions.ts";

function pathOf(path: string, options: DataPolicyOptions): string {
	const judged = createDataPolicy(options)?.apply(transaction({ path, target: path }), undefined);
	if (typeof judged !== "object") throw new Error("left out");
	expect(judged.target).toBe(judged.path);
	return judged.path;
}

function headersOf(headers: [string, string][], options: DataPolicyOptions): unknown {
	const judged = createDataPolicy(options)?.apply(transaction(), seen(headers));
	return typeof judged === "object" ? judged.content?.request?.headers : judged;
}

test("by default there is no policy", () => {
	expect(createDataPolicy({})).toBeUndefined();
	expect(createDataPolicy({ queryValues: true, headers: [], redact: [], rateLimits: [] })).toBeUndefined();
});

describe("paths", () => {
	test.each([
		["/users/812/orders", "path:ids", "/users/x/orders"],
		["/users/4bf92f35-77b3-4da6-a3ce-929d0e0e4736?a=b", "path:ids", "/users/x?a=b"],
		["/u/bob@example.org/x", "path:emails", "/u/x/x"],
		["/u/bob%40example.org", "path:emails", "/u/x"],
		["/reset/eyJhbGciOiJIUzI1NiJ9.e30.abc", "path:tokens", "/reset/x"],
		["/reset/short/orders", "path:tokens", "/reset/short/orders"],
		["/a;jsessionid=9A/b", "path:params", "/a;x/b"],
		["/reset/abc", "path:/reset/*", "/reset/x"],
		["/reset/abc/done", "path:/reset/*", "/reset/abc/done"],
		["/files/a/b/c?d=e", "path:/files/**", "/files/x?d=e"],
		["/files", "path:/files/**", "/files"],
		["/users/7/files/a", "path:/users/*/files/**", "/users/x/files/x"],
		["/a/4111111111111111", "regex:[0-9]{13,16}", "/a/x"],
	])("%s with %s", (path, rule, expected) => {
		expect(pathOf(path, { redact: [rule] })).toBe(expected);
	});
});

describe("queries", () => {
	test("of some names values are shown", () => {
		expect(pathOf("/a?page=2&token=t&bare&PAGE=3", { queryAllow: ["page"] })).toBe("/a?page=2&token=x&x&PAGE=3");
		expect(pathOf("/a?page=2&p%61ge=3&pager=4", { queryAllow: ["pag*"] })).toBe("/a?page=2&p%61ge=3&pager=4");
	});

	test("of some names values are masked", () => {
		const options = { queryValues: true, redact: ["query:*token*"] };
		expect(pathOf("/a?page=2&access_token=t&t%6Fken=u", options)).toBe("/a?page=2&access_token=x&t%6Fken=x");
	});
});

describe("headers", () => {
	const sent: [string, string][] = [
		["Host", "a"],
		["Authorization", "Basic dTpw"],
		["Cookie", "s=1"],
		["X-Api-Key", "k"],
		["X-User-Name", "bob"],
		["Referer", "https://u:p@a/b?token=t&c"],
	];

	test("only those that are named", () => {
		expect(headersOf(sent, { headers: ["host", "x-none"] })).toEqual([["host", "a"]]);
	});

	test("secrets by custom are masked unless named exactly", () => {
		expect(headersOf(sent, { headers: ["*"] })).toEqual([
			["host", "a"],
			["authorization", "x"],
			["cookie", "x"],
			["x-api-key", "x"],
			["x-user-name", "bob"],
			["referer", "https://x@a/b?token=x&x"],
		]);
		expect(headersOf(sent, { headers: ["*", "X-API-Key"] })).toContainEqual(["x-api-key", "k"]);
		expect(headersOf(sent, { headers: ["x-api-*"] })).toEqual([["x-api-key", "x"]]);
	});

	test("a URL in a value is treated as one", () => {
		const options = { headers: ["*"], redact: ["path:ids", "path:/reset/*"], queryAllow: ["page"] };
		const urls: [string, string][] = [
			["Referer", "https://u:p@a/users/7/x?page=1&token=t"],
			["Location", "/reset/canary?code=c"],
			["Link", "<https://u:p@a/>"],
			["Accept", "*/*"],
		];
		expect(headersOf(urls, options)).toEqual([
			["referer", "https://x@a/users/x/x?page=1&token=x"],
			["location", "/reset/x?code=x"],
			["link", "<https://x@a/>"],
			["accept", "*/*"],
		]);
	});

	test("names that hold secrets are told from those that only look like it", () => {
		const secret = [
			"authorization",
			"x-auth",
			"oauth_state",
			"accessToken",
			"userSSN",
			"user_pwd",
			"X-OTP",
			"sessionId",
			"card_number",
		];
		const open = ["author", "className", "businessName", "passenger", "hotplug", "compass", "authority", "paths"];
		expect(secret.filter((name) => !isSensitiveField(name))).toEqual([]);
		expect(open.filter(isSensitiveField)).toEqual([]);
	});

	test("rules mask what is named", () => {
		const options = { headers: ["x-user-name", "host"], redact: ["header:x-user-*", "regex:^a$"] };
		expect(headersOf(sent, options)).toEqual([
			["host", "x"],
			["x-user-name", "x"],
		]);
	});

	test("a long value is cut behind what was found in it", () => {
		const value = `${"a".repeat(1020)}4111111111111111`;
		expect(headersOf([["a", value]], { headers: ["a"], redact: ["regex:[0-9]{16}"] })).toEqual([
			["a", `${"a".repeat(1020)}x`],
		]);
	});
});

describe("what is left out", () => {
	test("by a filter, also of headers that are not logged", () => {
		const policy = createDataPolicy({ filter: "request.headers.x-canary == 1 and status == 2xx" });
		expect(policy?.wants).toEqual({ bodyBytes: 0 });
		expect(policy?.apply(transaction(), seen([["X-Canary", "0"]]))).toBe("filtered");
		const kept = policy?.apply(transaction(), seen([["X-Canary", "1"]]));
		expect(kept).not.toHaveProperty("content");
		expect(createDataPolicy({ filter: "tls" })?.wants).toBeUndefined();
	});

	const one = (n: number, more: Partial<Transaction> = {}): Transaction =>
		transaction({ startNs: n * 1e6, endNs: n * 1e6 + 500, ...more });
	const kept = (options: DataPolicyOptions, transactions: Transaction[]): number => {
		const policy = createDataPolicy(options);
		return transactions.filter((each) => typeof policy?.apply(each, undefined) === "object").length;
	};
	const many = Array.from({ length: 10_000 }, (_, n) => one(n));

	test("by a sample, errors never unless asked", () => {
		const count = kept({ sampling: { ratio: 0.1 } }, many);
		expect(count).toBeGreaterThan(900);
		expect(count).toBeLessThan(1100);
		const failed = many.map((each) => ({ ...each, status: 503 }));
		expect(kept({ sampling: { ratio: 0 } }, failed)).toBe(10_000);
		expect(kept({ sampling: { ratio: 0, errors: true } }, failed)).toBe(0);
		expect(kept({ sampling: { ratio: 0 } }, [one(1, { status: null, response: null, unpaired: "no-response" })])).toBe(
			1,
		);
	});

	test("the first rule that matches decides", () => {
		const sampling = {
			ratio: 0,
			rules: [
				{ filter: "path == /keep", ratio: 1 },
				{ filter: "path ~ /*", ratio: 0 },
			],
		};
		expect(kept({ sampling }, [one(1, { path: "/keep" }), one(2, { path: "/drop" })])).toBe(1);
	});

	test("one trace is kept or left out together, as everybody else does it", () => {
		const trace = fc.stringMatching(/^[0-9a-f]{32}$/);
		fc.assert(
			fc.property(trace, fc.double({ min: 0.001, max: 1, noNaN: true }), fc.nat(), (traceId, ratio, n) => {
				const traced = one(n, { trace: { provider: "w3c", traceId, segmentId: "", spanId: "" } });
				const bytes = Uint8Array.from(traceId.match(/../g) ?? [], (hex) => Number.parseInt(hex, 16));
				expect(sampleFraction(traced) >= 1 - ratio).toBe(isSampled(bytes, ratio));
			}),
		);
		const skywalking = { provider: "skywalking", traceId: "a.b.1", segmentId: "s", spanId: "1" } as const;
		expect(sampleFraction(one(1, { trace: skywalking }))).toBe(sampleFraction(one(2, { trace: skywalking })));
	});

	test("by a rate limit: so many a second, and as many after a pause", () => {
		// A thousand a second for ten seconds.
		expect(kept({ rateLimits: [{ perSecond: 100, per: "all" }] }, many)).toBeGreaterThanOrEqual(1_090);
		expect(kept({ rateLimits: [{ perSecond: 100, per: "all" }] }, many)).toBeLessThanOrEqual(1_110);
		const spread = many.map((each, n) => ({ ...each, path: `/${n % 10 === 0 ? "rare" : "often"}/${n}` }));
		const limited = kept({ rateLimits: [{ perSecond: 200, per: "endpoint" }] }, spread);
		expect(limited).toBeGreaterThanOrEqual(1_000 + 2_190);
		expect(limited).toBeLessThanOrEqual(1_000 + 2_210);
		const processes = many.map((each, n) => ({ ...each, connection: { ...each.connection, pid: n % 4 } }));
		expect(kept({ rateLimits: [{ perSecond: 1, per: "process" }] }, processes)).toBe(4 * 10);
	});

	test("endless endpoints share what is left", () => {
		const endless = many.map((each, n) => ({ ...each, endNs: 1e9, path: `/word${"abcdefghij"[n % 10]}-${n}` }));
		expect(kept({ rateLimits: [{ perSecond: 1, per: "endpoint" }] }, endless)).toBe(4097);
	});
});

test("every field is read as from the JSON line", () => {
	const workload = { namespace: "n", pod: "p", container: "", owner: "", service: "s" };
	const described = fc.record(
		{
			peer: fc.constant({ ip: "10.0.0.9", port: 80 }),
			process: fc.constantFrom(
				{ exe: "/bin/a", uid: 0, containerId: "ab", cgroup: "" },
				{ exe: "", uid: -1, containerId: "", cgroup: "" },
			),
			workload: fc.constant(workload),
			remoteWorkload: fc.constant(workload),
			remoteProcess: fc.constant({ pid: 3, comm: "c", containerId: "" }),
			role: fc.constantFrom("client", "server", "unknown"),
			tls: fc.boolean(),
		},
		{ requiredKeys: [] },
	);
	const any = fc.record(
		{
			startNs: fc.constantFrom(0, 1_000_000_000),
			method: fc.constantFrom("", "GET"),
			path: fc.constantFrom("", "/a", "/a?b=c"),
			host: fc.constantFrom(null, "h"),
			status: fc.constantFrom(null, 404),
			request: fc.constantFrom(null, { headerBytes: 1, bodyBytes: 2 }),
			response: fc.constantFrom(null, { headerBytes: 3, bodyBytes: 4 }),
			trace: fc.constantFrom(null, { provider: "w3c", traceId: "1f", segmentId: "", spanId: "2" } as const),
			partial: fc.constantFrom([], ["body-bytes-lost"]),
			unpaired: fc.constantFrom(null, "no-response"),
		},
		{ requiredKeys: [] },
	);
	fc.assert(
		fc.property(any, described, (more, about) => {
			const made = transaction(more as Partial<Transaction>);
			const one = { ...made, connection: { ...made.connection, ...about } } as Transaction;
			const line: unknown = JSON.parse(jsonLine(one, { bootTime: { seconds: 0, nanos: 0 }, queryValues: false }));
			for (const name of FIELDS.keys()) {
				const ours = transactionField(name)({ transaction: one, seen: undefined }) ?? undefined;
				expect([name, ours]).toEqual([name, readRecord(name)(line)]);
			}
		}),
	);
});

describe("options that cannot be used", () => {
	test.each([
		[{ redact: ["password"] }, "'password' is no redaction rule: it takes header:NAME"],
		[{ redact: ["regex:(?=a)"] }, "'regex:(?=a)' is no regular expression: invalid or unsupported Perl syntax"],
		[{ redact: ["json:"] }, "is no redaction rule"],
		[{ redact: ["json:$"] }, "'$' is no JSON path"],
		[{ redact: ["json:a[b]"] }, "'a[b]' is no JSON path"],
		[{ redact: ["path:/reset"] }, "'/reset' is no path pattern: write * for each segment"],
		[{ redact: ["path:/a*"] }, "'/a*' is no path pattern"],
		[{ redact: ["header:a b"] }, "names nothing"],
		[{ sampling: { ratio: 2 } }, "2 is no ratio: it is 0 to 1"],
		[{ bodies: { prefixBytes: 0 } }, "a body's beginning is 1 to 65536 bytes, not 0"],
		[{ filter: "statsu == 1" }, "did you mean 'status'?"],
	] as [DataPolicyOptions, string][])("%j", (options, message) => {
		expect(() => createDataPolicy(options)).toThrow(message);
	});
});
