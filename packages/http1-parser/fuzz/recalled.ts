import type { Chunk } from "@wirescribe/buffer";
import type { HttpMessage } from "../src/http-message.ts";
import { HeadTemplates, type Message, MessageParser, type MessageParserOptions, MessageReader } from "../src/index.ts";
import type { Random } from "../test/model.ts";
import { bytesOf } from "../test/wire.ts";
import type { Outcome, Property } from "./property.ts";

const REQUESTS = [
	"GET /a HTTP/1.1\r\nHost: h.example\r\nUser-Agent: ua/1\r\nAccept: */*\r\nX-Id: 00000001\r\n\r\n",
	"GET /b?c=d HTTP/1.1\r\nHost: h\r\nCookie: a=1; b=2\r\nAccept-Encoding: gzip\r\nX-Request-Id: 7f3a7f3a\r\nTraceparent: 00-1\r\n\r\n",
	"POST /p HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nX-Id: 1\r\n\r\n",
	"HEAD http://h:1/x HTTP/1.0\r\nHost: first\r\nHost: second\r\nX: \t a \t \r\nX:\r\n\r\n",
];
const RESPONSES = [
	'HTTP/1.1 200 OK\r\nServer: s\r\nDate: Fri, 17 May 2024 10:20:30 GMT\r\nContent-Length: 7\r\nETag: "1"\r\n\r\n',
	'HTTP/1.1 304 Not Modified\r\nDate: Fri, 17 May 2024 10:20:30 GMT\r\nETag: "1"\r\n\r\n',
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Cache: HIT\r\n\r\n",
	"HTTP/1.0 404 Not Found\r\nContent-Length: 3\r\nServer: other\r\nVia: a\r\nVia: b\r\n\r\n",
];
const VALUES = [
	"",
	"x",
	"00000002",
	" y\t",
	"a: b",
	"\xe9",
	"\x7f",
	"5",
	"0",
	"5, 5",
	"5, 6",
	"chunked",
	"gzip, chunked",
	"long ".repeat(30),
];
const ODD = [
	"Content-Length: 5",
	"Content-Length: 4",
	"Transfer-Encoding: chunked",
	"Host: other",
	"Expect: 100-continue",
	"Upgrade: x",
	"B3: 0",
	" folded",
	"No colon here",
	"Space : before",
	": empty",
	"Bare: lf\n",
	"Nul: \0",
	"Cr: a\rb",
	"X-New: 1",
];

/** Another head, made of one by what may happen to it. */
function mutateHead(random: Random, text: string): string {
	const lines = text.slice(0, -4).split("\r\n");
	for (let n = random.pick([0, 1, 1, 1, 2, 3, 9]); n > 0; n--) changeLines(random, lines);
	return `${lines.join("\r\n")}\r\n\r\n`;
}

function changeLines(random: Random, lines: string[]): void {
	const at = lines.length < 2 ? 0 : 1 + random.below(lines.length - 1);
	const line = lines[at]!;
	const colon = line.indexOf(":");
	const what = random.below(100);
	if (what < 40 && at > 0) lines[at] = `${line.slice(0, colon + 1)} ${random.pick(VALUES)}`;
	else if (what < 60) lines[at] = replaceOne(random, line);
	else if (what < 75) lines[0] = changeStart(random, lines[0]!);
	else if (what < 80) lines.splice(at, 0, random.pick(ODD));
	else if (what < 84 && lines.length > 2) lines.splice(at, 1);
	else if (what < 88) lines.splice(at, 0, line);
	else if (what < 92) lines[at] = random.chance(50) ? line.toLowerCase() : line.toUpperCase();
	else if (what < 95) lines[at] = `${line} `;
	else if (at > 1) [lines[at - 1], lines[at]] = [line, lines[at - 1]!];
}

function replaceOne(random: Random, line: string): string {
	const i = random.below(line.length + 1);
	const by = random.chance(70)
		? random.pick(["0", "1", "a", ":", " ", "\t", "\r", "\n", "\r\n"])
		: String.fromCharCode(random.below(256));
	// Before a character, or instead of one or two; at the ends as often as anywhere else.
	const at = random.pick([i, i, 0, line.length]);
	return line.slice(0, at) + by + line.slice(at + random.pick([0, 1, 2]));
}

function changeStart(random: Random, line: string): string {
	if (line.startsWith("HTTP"))
		return random.pick([
			"HTTP/1.1 200 OK",
			"HTTP/1.1 200 Fine",
			"HTTP/1.1 204 No Content",
			"HTTP/1.1 200",
			"HTTP/1.0 200 OK",
			"http/1.1 200 OK",
		]);
	const target = random.pick(["/a", "/b", "/longer/than/before?x=1", "/a b", "*", "http://other/x", "/\xe9"]);
	return `${random.pick(["GET", "GET", "GET", "POST", "HEAD", "FROB"])} ${target} HTTP/1.${random.pick([0, 1, 1, 1])}`;
}

/** A stream of heads that are made of each other, some with bodies. */
function makeStream(random: Random, response: boolean): string {
	const known = [...(response ? RESPONSES : REQUESTS)];
	let stream = "";
	for (let n = 2 + random.below(12); n > 0; n--) {
		const head = random.chance(50) ? random.pick(known) : mutateHead(random, random.pick(known));
		if (random.chance(30)) known.push(head);
		stream += head;
		const length = /\r\ncontent-length: *(\d{1,2})\r\n/i.exec(head)?.[1];
		if (random.chance(90) && length !== undefined) stream += "b".repeat(Number(length));
		else if (random.chance(90) && /\r\ntransfer-encoding: *chunked\r\n/i.test(head)) stream += "1\r\nx\r\n0\r\n\r\n";
	}
	return random.chance(10) ? stream.slice(0, random.below(stream.length)) : stream;
}

/** All that a scan notes of a message; what a template notes in its place must be the same. */
const NOTED = [
	"response",
	"partStart",
	"partEnd",
	"minor",
	"headersStart",
	"headerCount",
	"hostSignature",
	"constantSignature",
	"constantBytes",
	"fields",
	"contentLength",
	"lengthConflict",
	"transferEncoding",
	"mayLackBody",
	"headerBytes",
	"midOperation",
	"firstDataId",
	"lastDataId",
] as const;

/** What can be asked of a message, some of it in another order. */
function dump(message: Message, backward: boolean): string {
	const own = message as HttpMessage;
	const asked: (() => unknown)[] = [
		() => (own.response ? [] : [own.knownMethod, own.methodEnd]),
		() => NOTED.map((name) => own[name]),
		() => [message.method, message.target, message.targetForm, message.path, message.host],
		() => [message.status, message.reason, message.version],
		() => message.headers(),
		() => ["host", "X-ID", "via", "content-length", "date", "x", "none"].map((name) => message.get(name) ?? null),
		() => ["Host", "x", "VIA"].map((name) => message.getAll(name)),
		() => [message.leniencies, message.trace ?? null, message.has("Cookie")],
	];
	const answers = asked.map(() => "");
	for (let n = 0; n < asked.length; n++) {
		const k = backward ? asked.length - 1 - n : n;
		answers[k] = JSON.stringify(asked[k]!());
	}
	return answers.join("\n");
}

/** Everything a parser tells of some pieces. Their memory is spoiled afterwards, as a capture's is. */
function readAll(kind: "request" | "response", pieces: readonly Uint8Array[], options: MessageParserOptions): string[] {
	const told: string[] = [];
	// Some are asked at once, all of them at their end.
	const head = (message: Message) => {
		if (told.length % 2 === 0) told.push(`head ${dump(message, false)}`);
	};
	const parser = new MessageParser(
		kind,
		{
			onRequestHead: head,
			onResponseHead: head,
			onEnd: (message) =>
				void told.push(
					`end ${message.bodyBytes} ${message.decodedBodyBytes} ${message.partial} ${dump(message, true)}`,
				),
		},
		options,
	);
	for (const piece of pieces) {
		const bytes = piece.slice();
		if (bytes.length === 0) parser.gap(7);
		else parser.push(bytes);
		bytes.fill(0x23);
		told.push(`stopped ${parser.stopped}`);
	}
	parser.end();
	return told;
}

/** The same of messages that are kept until all others were read. */
function keepAll(kind: "request" | "response", pieces: readonly Uint8Array[], options: MessageParserOptions): string[] {
	const reader = new MessageReader(kind, options);
	const kept: Message[] = [];
	for (const piece of pieces) {
		const bytes = piece.slice();
		kept.push(...(bytes.length === 0 ? reader.gap(7) : reader.push(bytes)));
		bytes.fill(0x23);
	}
	kept.push(...reader.end());
	return kept.map((message) => `${message.bodyBytes} ${message.partial} ${dump(message, false)}`);
}

function cutInPieces(random: Random, text: string): Uint8Array[] {
	const most = random.pick([1, 7, 60, 200, 1000, 100_000]);
	const pieces: Uint8Array[] = [];
	for (let at = 0; at < text.length; ) {
		const end = Math.min(text.length, at + 1 + random.below(most));
		pieces.push(bytesOf(text.slice(at, end)));
		if (random.below(1000) < 5) pieces.push(new Uint8Array());
		at = end;
	}
	return pieces;
}

const LIMITS = [{}, {}, {}, { maxHeaders: 3 }, { maxStartLine: 20 }, { maxHeaderBytes: 60 }] as const;
/** All cases share it: what one has taught is tried by those that come after. */
let shared = new HeadTemplates();

function recalled(random: Random): Outcome {
	if (random.below(200) === 0) shared = new HeadTemplates();
	const kind = random.pick(["request", "response"] as const);
	const pieces = cutInPieces(random, makeStream(random, kind === "response"));
	const options = { ...random.pick(LIMITS), ...(random.chance(50) ? { method: random.pick(["GET", "HEAD"]) } : {}) };
	const differs = (): string | undefined => {
		const warm = { ...options, templates: shared };
		for (const read of [readAll, keepAll]) {
			const cold = read(kind, pieces, options);
			const seen = read(kind, pieces, warm);
			const at = cold.findIndex((one, i) => one !== seen[i]);
			if (at >= 0) return `difference:\n${seen[at]}\n--- instead of\n${cold[at]}`;
			if (seen.length > cold.length) return "more messages";
		}
		return undefined;
	};
	const what = differs();
	const chunks = pieces.map((payload, i): Chunk => {
		const ids = { direction: 1 as const, dataId: i + 1, prevDataId: i, sequence: 0 };
		return { ...ids, offset: 0, bytes: payload.length || 7, payload, startNs: 0, endNs: 0 };
	});
	return { checked: pieces.length, defect: what === undefined ? undefined : { what, chunks } };
}

/** Heads that are read by templates. */
export const RECALLED: readonly Property[] = [
	{
		name: "recalled",
		says: "heads that are compared with those before give the same messages as heads that are scanned, field by field",
		try: recalled,
	},
];
