import { describe, expect, test } from "vitest";
import { batchOf, close, operation, payloadsOf, type TestOperation } from "../test/events.ts";
import { Redactor } from "./redactor.ts";

function redact(...operations: TestOperation[]): string[] {
	const batch = batchOf(operations.map(operation));
	new Redactor().redact(batch);
	return payloadsOf(batch);
}

/** One direction, operations that follow each other. */
function stream(direction: 1 | 2, ...payloads: string[]): string[] {
	let offset = 0xffff_fff0;
	const operations = payloads.map((payload) => {
		offset += payload.length;
		return { direction, offset: offset - payload.length, payload };
	});
	return redact(...operations);
}

describe("a request", () => {
	test("keeps what places and frames it, loses the rest", () => {
		const head =
			"POST /login?user=bob&flag&x=%20 HTTP/1.1\r\nHost: a.example\r\nCookie: s=secret\r\nContent-Length: 5\r\n\r\nhello";
		expect(stream(1, head)).toEqual([
			"POST /login?user=xxx&xxxx&x=xxx HTTP/1.1\r\nHost: a.example\r\nCookie: xxxxxxxx\r\nContent-Length: 5\r\n\r\nxxxxx",
		]);
	});

	test.each([
		["GET http://user:pw@a.example/p?q=1 HTTP/1.1\r\n\r\n", "GET http://xxxxxxx@a.example/p?q=x HTTP/1.1\r\n\r\n"],
		["GET http://a.example HTTP/1.1\r\n\r\n", "GET http://a.example HTTP/1.1\r\n\r\n"],
		["CONNECT a.example:443 HTTP/1.1\r\n\r\n", "CONNECT a.example:443 HTTP/1.1\r\n\r\n"],
		["OPTIONS * HTTP/1.1\r\n\r\n", "OPTIONS * HTTP/1.1\r\n\r\n"],
		["GET /a#b?c HTTP/1.0\n\n", "GET /a#xxx HTTP/1.0\n\n"],
		["MYVERB /a HTTP/1.1\r\n\r\n", "MYVERB /a HTTP/1.1\r\n\r\n"],
		["GET /a HTTP/1.1\r\nX: one\r\n two\r\n\r\n", "GET /a HTTP/1.1\r\nX: xxx\r\n xxx\r\n\r\n"],
		["GET /a HTTP/1.1\r\nno colon\r\n\r\n", "GET /a HTTP/1.1\r\nxxxxxxxxxxxx"],
	])("%j", (sent, kept) => expect(stream(1, sent)).toEqual([kept]));

	test("user and password do not stay where their @ is in the next operation", () => {
		expect(stream(1, "GET http://user:p", "w@a/ HTTP/1.1\r\n\r\n").join("")).toBe(
			"GET xxxxxxxxxxxxxxxxx HTTP/1.1\r\n\r\n",
		);
	});
});

describe("a response", () => {
	test("keeps status and framing", () => {
		expect(
			stream(2, "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\ncontent-length: 3\r\n\r\nabcHTTP/1.1 404 No\r\n\r\nto the end"),
		).toEqual(["HTTP/1.1 200 xx\r\nSet-Cookie: xxx\r\ncontent-length: 3\r\n\r\nxxxHTTP/1.1 404 xx\r\n\r\nxxxxxxxxxx"]);
	});

	test("keeps chunk sizes and line ends", () => {
		const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
		expect(stream(2, `${head}5;ext=1\r\nhello\r\n0\r\nMd5: abc\r\n\r\n`, "HTTP/1.1 204 No\r\n\r\n")).toEqual([
			`${head.replace("OK", "xx")}5;xxxxx\r\nxxxxx\r\n0\r\nMd5: xxx\r\n\r\n`,
			"HTTP/1.1 204 xx\r\n\r\n",
		]);
	});

	test("of HEAD has no body, whatever its headers say", () => {
		const response = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n";
		expect(
			redact(
				{ direction: 1, offset: 0, payload: "HEAD / HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n" },
				{ direction: 2, offset: 0, payload: `${response}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi` },
			)[1],
		).toBe(`${response.replace("OK", "xx")}HTTP/1.1 200 xx\r\nContent-Length: 2\r\n\r\nxx`);
	});

	test("that comes before its request takes that request's turn", () => {
		const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
		const noBody = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n";
		const payloads = redact(
			{ direction: 2, offset: 0, payload: ok },
			{ direction: 1, offset: 0, payload: "GET / HTTP/1.1\r\n\r\n" },
			{ direction: 1, offset: 18, payload: "HEAD / HTTP/1.1\r\n\r\n" },
			{ direction: 2, offset: ok.length, payload: noBody + ok },
		);
		expect(payloads[3]).toBe((noBody + ok).replaceAll("OK", "xx").replace("hi", "xx"));
	});

	test("of a guessed body ends where another starts an operation", () => {
		const noBody = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n";
		expect(stream(2, noBody, noBody)).toEqual([noBody, noBody].map((text) => text.replace("OK", "xx")));
	});
});

describe("after", () => {
	const get = { direction: 1, offset: 0, payload: "GET /x HTTP/1.1\r\nUpgrade: websocket\r\n\r\n" } as const;

	test("an upgrade everything is blank, in both directions", () => {
		const switching = "HTTP/1.1 101 OK\r\n\r\n";
		const payloads = redact(
			get,
			{ direction: 2, offset: 0, payload: `${switching}GET /secret HTTP/1.1\r\n\r\n` },
			{ direction: 1, offset: get.payload.length, payload: "GET /secret HTTP/1.1\r\n\r\n" },
		);
		expect(payloads.slice(1)).toEqual([`HTTP/1.1 101 xx\r\n\r\n${"x".repeat(24)}`, "x".repeat(24)]);
	});

	test("a hole in a head everything is blank until a message starts an operation", () => {
		const payloads = redact(
			{ direction: 1, offset: 0, payload: "GET /a HTTP/1.1\r\nCookie: a" },
			{ direction: 1, offset: 100, payload: "b\r\n\r\nGET /b HTTP/1.1\r\n\r\n" },
			{ direction: 1, offset: 125, payload: "GET /c HTTP/1.1\r\n\r\n" },
		);
		expect(payloads).toEqual(["GET /a HTTP/1.1\r\nCookie: x", "x".repeat(24), "GET /c HTTP/1.1\r\n\r\n"]);
	});

	test("a hole within a body of known length nothing is lost", () => {
		const head = "PUT /a HTTP/1.1\r\nContent-Length: 1000\r\n\r\n";
		const payloads = redact(
			{ direction: 1, offset: 0, payload: `${head}abcEND`, tail: 3, hole: 900 },
			{ direction: 1, offset: head.length + 950, payload: "z".repeat(50) },
			{ direction: 1, offset: head.length + 1000, payload: "GET /b HTTP/1.1\r\n\r\n" },
		);
		expect(payloads).toEqual([`${head}xxxxxx`, "x".repeat(50), "GET /b HTTP/1.1\r\n\r\n"]);
	});

	test("lost chunks the last chunk shows the end", () => {
		const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
		const cut = `${head}10\r\nabcdefghijklmnop\r\n20\r\nabc`;
		const payloads = redact(
			{ direction: 2, offset: 0, payload: `${cut}secret\r\n0\r\n\r\n`, tail: 13, hole: 500 },
			{ direction: 2, offset: cut.length + 513, payload: "HTTP/1.1 304 No\r\n\r\n" },
		);
		expect(payloads[0]).toBe(`${head.replace("OK", "xx")}10\r\n${"x".repeat(16)}\r\n20\r\nxxxxxxxxx\r\n0\r\n\r\n`);
		expect(payloads[1]).toBe("HTTP/1.1 304 xx\r\n\r\n");
	});

	test("bytes that come late or twice are blank, and change nothing", () => {
		const payloads = redact(
			{ direction: 1, offset: 50, payload: "GET /a HTTP/1.1\r\n" },
			{ direction: 1, offset: 30, payload: "GET /late HTTP/1.1\r\n" },
			{ direction: 1, offset: 67, payload: "Host: b\r\n\r\n" },
		);
		expect(payloads).toEqual(["GET /a HTTP/1.1\r\n", "x".repeat(20), "Host: b\r\n\r\n"]);
	});
});

test.each([
	"AUTH PLAIN AHVzZXIAcGFzcw==\r\n",
	"PASS /secret\r\n",
	"*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n",
	"SELECT 'secret'",
	"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"get /secret HTTP/1.1\r\n\r\n",
	"GET /secret\r\n",
])("what is not HTTP/1 is blank: %j", (payload) => {
	expect(redact({ direction: 1, offset: 9, payload, protocol: 0 })).toEqual(["x".repeat(payload.length)]);
});

test("other protocols are blank even where they look like HTTP", () => {
	expect(redact({ direction: 1, offset: 0, payload: "GET / HTTP/1.1\r\n\r\n", protocol: 3 })).toEqual(["x".repeat(18)]);
});

test("sockets do not share a place, and a late event of a closed one still has its own", () => {
	const batch = batchOf([
		operation({ socket: 1, direction: 1, offset: 0, payload: "GET /a HTTP/1.1\r\nHo" }),
		operation({ socket: 2, direction: 1, offset: 0, payload: "GET /b HTTP/1.1\r\nCo" }),
		close(1),
		operation({ socket: 1, direction: 1, offset: 19, payload: "st: a\r\n\r\n" }),
		operation({ socket: 2, direction: 1, offset: 19, payload: "okie: a\r\n\r\n" }),
	]);
	new Redactor().redact(batch);
	expect(payloadsOf(batch).slice(2)).toEqual(["st: a\r\n\r\n", "okie: x\r\n\r\n"]);
});

test("a batch that ends within an event, and events of no known kind, are no reason to fail", () => {
	const batch = batchOf([operation({ direction: 1, offset: 0, payload: "secret secret secret" })]);
	for (let length = 0; length < batch.length; length++) {
		const part = batch.slice(0, length);
		new Redactor().redact(part);
		expect(part.length).toBe(length);
		expect(String.fromCharCode(...part)).not.toContain("secret");
	}
	const other = batchOf([Uint8Array.from("\x09secret", (char) => char.charCodeAt(0))]);
	new Redactor().redact(other);
	expect(String.fromCharCode(...other)).not.toContain("secret");
});

test("events of connections and processes stay whole, and only as long as they are", () => {
	for (const [kind, length] of [
		[1, 112],
		[16, 48],
		[17, 48],
		[18, 48],
	] as const) {
		const event = new Uint8Array(length).fill(7);
		event[0] = kind;
		const batch = batchOf([event]);
		new Redactor().redact(batch);
		expect(batch).toEqual(batchOf([event]));
	}
	const long = new Uint8Array(120).fill(7);
	long[0] = 1;
	const batch = batchOf([long]);
	new Redactor().redact(batch);
	expect([...batch.subarray(8 + 110)]).toEqual([7, 7, ...new Array(8).fill(0x78)]);
});
