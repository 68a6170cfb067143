import { compileFilter, FilterError, readRecord } from "@wirescribe/filter";
import { describe, expect, test } from "vitest";

const record = {
	time: "2026-11-21T01:44:05.123456789Z",
	duration_ms: 612.5,
	pid: 812,
	comm: "nginx",
	uid: 0,
	role: "server",
	kubernetes: { namespace: "shop", pod: "web-0", container: "web", owner: "Deployment/web", service: "web.shop" },
	local: "[::1]:8080",
	remote: "10.0.0.7:40312",
	tls: true,
	protocol: "http/1.1",
	method: "POST",
	path: "/users/812/orders?token=x",
	host: "shop.example:8080",
	status: 503,
	request: {
		header_bytes: 200,
		body_bytes: 12_288,
		headers: { "content-type": "application/json", accept: ["a/b", "c/d"] },
	},
	response: { header_bytes: 100, body_bytes: 0 },
	operations: 4,
	trace: {
		provider: "w3c",
		trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
		segment_id: null,
		span_id: "00f067aa0ba902b7",
	},
	partial: ["chunk-lines-not-captured"],
};

describe("a record matches", () => {
	test.each([
		"status == 503",
		"status == 5xx",
		"status in [404, 5xx]",
		"status >= 500 and status < 600",
		"status != 4xx",
		"method == POST",
		'method in ["GET", POST]',
		"path == /users/812/orders",
		"path ~ /users/*/orders",
		"path ~ /users/**",
		"path =~ '^/users/\\d+/'",
		'path =~ "^/users/\\d+/"',
		"duration_ms > 500ms",
		"duration_ms > 0.6s and duration_ms < 1m",
		"request.body_bytes >= 12KB",
		"request.body_bytes == 12288",
		"tls",
		"tls == true",
		"not (role == client)",
		"host ~ *.example:*",
		"has trace and trace.provider == w3c",
		"trace.trace_id ~ 4bf9*",
		"not has trace.segment_id",
		"not has peer and peer != 1.2.3.4",
		"partial == chunk-lines-not-captured",
		"partial ~ chunk-* and has partial",
		"namespace == shop and pod ~ web-* and service == web.shop",
		"kubernetes.namespace == shop and owner == Deployment/web",
		"local.port == 8080 and local.ip == ::1 and local == '[::1]:8080'",
		"remote.ip in [10.0.0.6, 10.0.0.7]",
		"request.headers.content-type == application/json",
		"request.headers.Accept == c/d",
		"has request.headers.accept and not has response.headers.accept",
		"uid == 0",
		"status == 200 OR tls AND NOT has peer",
		"pid not in [1, 2]",
		"status == 200 and tls or method == POST",
		"comm == nginx\n  and status == 5xx",
	])("%s", (text) => {
		expect(compileFilter(text).matches(record)).toBe(true);
	});
});

describe("a record does not match", () => {
	test.each([
		"status == 200",
		"status == 4xx",
		"path ~ /users/*",
		"path == '/users/812/orders?token=x'",
		"path =~ ^/orders",
		"method == post",
		"not tls",
		"peer == 1.2.3.4",
		"has peer",
		"response.body_bytes > 0",
		"status == 503 and (method == GET or not tls)",
		"has remote_process",
		"remote_process.pid < 5",
		"request.headers.cookie ~ **",
	])("%s", (text) => {
		expect(compileFilter(text).matches(record)).toBe(false);
	});
});

test("what is not there matches nothing but its opposite", () => {
	const half = { status: null, response: null };
	for (const text of [
		"status == 200",
		"status < 500",
		"status == 2xx",
		"status in [200]",
		"has status",
		"has response",
	]) {
		expect(compileFilter(text).matches(half)).toBe(false);
		expect(compileFilter(`not (${text})`).matches(half)).toBe(true);
	}
	expect(compileFilter("status != 200").matches(half)).toBe(true);
});

test("a record's prototype is no field", () => {
	expect(compileFilter("has request.headers.constructor").matches({ request: { headers: {} } })).toBe(false);
});

test("any other record is read by a reader", () => {
	const filter = compileFilter("status == 5xx and has trace", (field) => (line: string) => {
		return readRecord(field)(JSON.parse(line));
	});
	expect([...filter.fields]).toEqual(["status", "trace"]);
	expect(filter.matches(JSON.stringify(record))).toBe(true);
});

describe("errors show the place", () => {
	test.each([
		["statsu >= 500", "column 1: there is no field 'statsu', did you mean 'status'?", "^^^^^^"],
		["status = 500", "column 8: after 'status' stands '=': write '=='", "       ^"],
		[
			"status == 500 && tls",
			"column 15: 'and', 'or' or the end was expected, not '&&': write 'and'",
			"              ^^",
		],
		["!tls", "column 1: a field was expected, not '!tls': write 'not'", "^^^^"],
		["status > 5xx", "column 10: a class is compared with == or !=: write 500 instead of 5xx", "         ^^^"],
		["path > 5", "column 6: '>' does not go with path: it takes == != ~ =~ in", "     ^"],
		[
			"duration_ms > 5KB",
			"column 15: duration_ms takes a number with a unit (ns, us, ms, s, m, h), ms without one, not '5KB'",
			"              ^^^",
		],
		["path =~ 'a(b'", "column 9: the regular expression cannot be used: missing closing ): `a(b`", "        ^^^^^"],
		["(tls", "column 5: it ends where ')' was expected", "    ^"],
		["trace == x", "column 7: '==' does not go with trace: it takes only 'has trace'", "      ^^"],
		["tls and\n  stats == 200", "line 2, column 3: there is no field 'stats', did you mean 'status'?", "  ^^^^^"],
		["path == 'x", "column 9: the quote does not end", "        ^^"],
		[
			"status",
			"column 7: after 'status' a comparison is missing: it takes == != < <= > >= in, or 'has status'",
			"      ^",
		],
		["  ", "column 1: it is empty", "^"],
	])("%s", (text, summary, mark) => {
		try {
			compileFilter(text);
			expect.unreachable();
		} catch (error) {
			if (!(error instanceof FilterError)) throw error;
			const [first, line, under] = error.message.split("\n");
			expect(first).toBe(`cannot use the filter, ${summary}`);
			expect(first).toBe(error.summary);
			expect(text).toContain(line?.slice(2));
			expect(under).toBe(`  ${mark}`);
		}
	});

	test("of a long line as much as fits", () => {
		const text = `${"tls and ".repeat(50)}statsu == 5 ${"and tls ".repeat(50)}`;
		const lines = (() => {
			try {
				compileFilter(text);
			} catch (error) {
				return (error as Error).message.split("\n");
			}
			return [];
		})();
		expect(lines[1]?.length).toBeLessThan(110);
		const at = (lines[2] as string).indexOf("^");
		expect(lines[1]?.slice(at, at + 6)).toBe("statsu");
	});
});
