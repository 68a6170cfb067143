import { expect, test } from "vitest";
import { type Anomaly, type Message, MessageParser, type MessageParserOptions } from "../src/index.ts";
import { bytesOf } from "./wire.ts";

/** What is told of a text that comes in pieces, each overwritten afterwards. */
function told(kind: "request" | "response", text: string, size: number, options: MessageParserOptions = {}): string[] {
	const log: string[] = [];
	const body: [message: Message | undefined, text: string] = [undefined, ""];
	const flush = () => {
		if (body[1] !== "") log.push(`body ${body[1]}`);
		body[1] = "";
	};
	const parser = new MessageParser(
		kind,
		{
			onRequestHead: (message) => void log.push(`request ${message.method} ${message.target} ${message.get("host")}`),
			onResponseHead: (message) => void log.push(`response ${message.status}`),
			onBody(_, slice, missing) {
				body[1] += missing === 0 ? String.fromCharCode(...slice) : `[${missing}]`;
			},
			onTrailers(message) {
				flush();
				log.push(`trailers ${JSON.stringify(message.trailers())}`);
			},
			onEnd(message) {
				flush();
				log.push(`end ${message.decodedBodyBytes}`);
			},
			onAnomaly({ severity, code }: Anomaly) {
				flush();
				log.push(`${severity} ${code}`);
			},
		},
		options,
	);
	for (let at = 0; at < text.length; at += size) {
		const bytes = bytesOf(text.slice(at, at + size));
		parser.push(bytes);
		bytes.fill(0x23);
	}
	parser.end();
	return log;
}

const CHUNKED = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5;x=y\r\npedia\r\n0\r\n";

test("events come in the order of the bytes, however they are cut", () => {
	const text = `${CHUNKED}X-Sum: 1\r\nX-Fold: a\r\n b\r\n\r\n${CHUNKED}\r\n`;
	for (const size of [1, 2, 3, 7, 50, 1000]) {
		expect(told("request", text, size, { bodies: "all" })).toEqual([
			"request POST /a h",
			"body Wikipedia",
			'trailers [["X-Sum","1"],["X-Fold","a b"]]',
			"end 9",
			"request POST /a h",
			"body Wikipedia",
			"end 9",
		]);
	}
});

test("what is wrong is told with its severity", () => {
	expect(told("request", "GET / HTTP/1.1\r\nHost : h\r\nno colon\r\n\r\nGET /b HTTP/1.1\r\nHo", 1000)).toEqual([
		"request GET / h",
		"warning HPE_INVALID_HEADER_TOKEN",
		"end 0",
		"request GET /b undefined",
		"error HPE_INVALID_EOF_STATE",
		"end 0",
	]);
	expect(told("request", "GET / HTTP/1.1\nHost: h\n\n", 1000, { mode: "strict" })).toEqual([
		"request GET / h",
		"warning BARE_LF",
		"end 0",
		"error BARE_LF",
	]);
});

test("bytes that were not captured are told as missing", () => {
	const missing: number[] = [];
	const ends: (readonly string[])[] = [];
	const parser = new MessageParser(
		"response",
		{
			onBody: (_, slice, count) => void missing.push(slice.length - count),
			onEnd: ({ partial }) => void ends.push(partial),
		},
		{ method: "GET", bodies: "all" },
	);
	parser.push(bytesOf("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nab"));
	parser.gap(996);
	parser.push(bytesOf("yzHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
	expect([missing, ends]).toEqual([
		[2, -996, 2],
		[[], []],
	]);
});
