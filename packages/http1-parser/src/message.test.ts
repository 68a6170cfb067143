import { expect, test } from "vitest";
import { bytesOf } from "../test/wire.ts";
import { type Exchange, Http1Connection } from "./index.ts";

/** The messages that a client's and a server's bytes give, kept beyond the callback. */
function read(request: string, response: string): Exchange {
	const found: Exchange[] = [];
	const sink = { exchange: (exchange: Exchange) => void found.push(exchange), protocol: () => {} };
	const connection = new Http1Connection({}, sink);
	for (const [i, text] of [request, response].entries()) {
		const payload = bytesOf(text);
		const ids = { dataId: i + 1, prevDataId: i, sequence: 0, offset: 0, startNs: i * 100, endNs: i * 100 + 50 };
		connection.append({ direction: i === 0 ? 2 : 1, ...ids, bytes: payload.length, payload });
	}
	connection.close(1000);
	return found[0]!;
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

test("headers: any case, order and repeats kept, prototype names are no headers", () => {
	const { request } = read("GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a:  2 \r\nEmpty:\r\n__proto__: x\r\n\r\n", OK);
	expect(request?.get("HOST")).toBe("h");
	expect(request?.getAll("x-A")).toEqual(["1", "2"]);
	expect(request?.get("empty")).toBe("");
	expect(request?.has("constructor")).toBe(false);
	expect(request?.get("constructor")).toBeUndefined();
	expect(request?.get("__proto__")).toBe("x");
	expect(request?.headers()).toEqual([
		["Host", "h"],
		["X-A", "1"],
		["x-a", "2"],
		["Empty", ""],
		["__proto__", "x"],
	]);
	expect(request?.toHeaders().get("x-a")).toBe("1, 2");
});

test("the name and password of an absolute target are no part of its host", () => {
	const { request } = read("GET http://user:p%40ss@h2:81/p HTTP/1.1\r\nHost: h\r\n\r\n", OK);
	expect(request).toMatchObject({ host: "h2:81", path: "/p" });
});

test("host and path of absolute targets, and of others", () => {
	for (const [target, path, host] of [
		["/p?q", "/p?q", "field"],
		["http://h2:80/p?q=http://x/", "/p?q=http://x/", "h2:80"],
		["http://h3", "/", "h3"],
		["http://h4?q", "/?q", "h4"],
		["*", "*", "field"],
		["/r?u=http://x/", "/r?u=http://x/", "field"],
	]) {
		const { request } = read(`OPTIONS ${target} HTTP/1.1\r\nHost: field\r\n\r\n`, OK);
		expect([request?.path, request?.host]).toEqual([path, host]);
	}
});

test("forms of targets", () => {
	for (const [line, form] of [
		["GET /p?q", "origin"],
		["GET http://h2/p", "absolute"],
		["OPTIONS *", "asterisk"],
		["CONNECT h2:443", "authority"],
		["GET h2:443", undefined],
	]) {
		const { request, response } = read(`${line} HTTP/1.1\r\nHost: field\r\n\r\n`, OK);
		expect([request?.targetForm, response?.targetForm]).toEqual([form, undefined]);
	}
});

test("leniencies are named", () => {
	for (const [request, response, names] of [
		["\r\nGET / HTTP/1.1\nHost: h\n\n", OK, ["leading-crlf", "bare-lf"]],
		["GET / HTTP/1.1\r\nA: 1\r\n  2\r\n\t3\r\nB: 4\r\n\r\n", OK, ["obs-fold"]],
		["GET /a b HTTP/1.1\r\nA : 1\r\n\r\n", OK, ["space-in-target", "space-before-colon"]],
		["get / http/1.1\r\nno colon\r\nA: \x01\r\n\r\n", OK, ["lowercase-version", "bad-header-line", "bad-header-value"]],
		["POST / HTTP/1.1\r\nContent-Length: 0, 0\r\n\r\n", OK, ["duplicate-content-length"]],
		["GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", []],
	] as const) {
		const exchange = read(request, response);
		expect(exchange.unpaired).toBeUndefined();
		expect(exchange.request?.leniencies).toEqual(names);
	}
	expect(read("GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200\r\n\r\n").response?.leniencies).toEqual(["missing-reason"]);
	const folded = read("GET / HTTP/1.1\r\nA: 1\r\n  2\r\n\t3\r\nB: 4\r\n\r\n", OK).request;
	expect(folded?.headers()).toEqual([
		["A", "1 2 3"],
		["B", "4"],
	]);
});

test("framing that disagrees is flagged, not guessed silently", () => {
	const conflict = read(
		"GET / HTTP/1.1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
	);
	expect(conflict.partial).toEqual(["framing-conflict"]);
	expect(conflict.response?.leniencies).toEqual(["content-length-conflict"]);
	const both = "Transfer-Encoding: chunked\r\nContent-Length: 3";
	const smuggle = read(`POST / HTTP/1.1\r\n${both}\r\n\r\n0\r\n\r\n`, OK);
	expect(smuggle.request?.leniencies).toEqual(["te-and-content-length"]);
	expect(smuggle.request?.bodyBytes).toBe(5);
	const bad = read("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nabc");
	expect(bad.partial).toEqual(["framing-conflict"]);
	const broken = read("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
	expect(broken.partial).toEqual(["framing-error"]);
});

test("bytes above 127 are kept one to one", () => {
	const { request } = read("GET /\xe4 HTTP/1.1\r\nX: \x80\xff\r\n\r\n", OK);
	expect([request?.path, request?.get("x")]).toEqual(["/\xe4", "\x80\xff"]);
});

test("times: start of the first operation, end of the last", () => {
	const { request, response } = read("GET / HTTP/1.1\r\n\r\n", OK);
	expect([request?.startNs, request?.endNs, response?.startNs, response?.endNs]).toEqual([50, 50, 100, 150]);
});
