import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { ExchangeReader, Http1Connection, MessageReader } from "../src/index.ts";
import { converse, Random } from "./model.ts";
import { bytesOf, identity, Script } from "./wire.ts";

interface Llhttp {
	initialize(type: number, resource: object): void;
	execute(bytes: Uint8Array): number | Error;
}
const { HTTPParser } = createRequire(import.meta.url)("_http_common") as {
	HTTPParser: { new (): Llhttp; REQUEST: number };
};

const GET = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const POST = "POST / HTTP/1.1\r\n";

const WRONG: readonly (readonly [text: string, code: string])[] = [
	["GET / HTTP/1.1\nHost: h\n\n", "BARE_LF"],
	["GET / HTTP/1.1\r\nA: 1\r\n 2\r\n\r\n", "OBS_FOLD"],
	["GET / HTTP/1.1\r\nA : 1\r\n\r\n", "HPE_INVALID_HEADER_TOKEN"],
	["GET / HTTP/1.1\r\nno colon\r\n\r\n", "HPE_INVALID_HEADER_TOKEN"],
	["GET / HTTP/1.1\r\nA: \x01\r\n\r\n", "HPE_INVALID_HEADER_TOKEN"],
	["GET / HTTP/1.1\rHost: h\r\n\r\n", "HPE_LF_EXPECTED"],
	["GET / HTTP/1.1\r\nHost: h\r\n\rX", "HPE_LF_EXPECTED"],
	["GET /a b HTTP/1.1\r\n\r\n", "HPE_INVALID_CONSTANT"],
	["GET / http/1.1\r\n\r\n", "HPE_INVALID_CONSTANT"],
	["\x00\x01\x02\r\n\r\n", "HPE_INVALID_METHOD"],
	[OK, "HPE_INVALID_METHOD"],
	[`${POST}Content-Length: x\r\n\r\n`, "HPE_INVALID_CONTENT_LENGTH"],
	[`${POST}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`, "HPE_UNEXPECTED_CONTENT_LENGTH"],
	[`${POST}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`, "DUPLICATE_CL"],
	[`${POST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, "TE_AND_CL"],
	[`${POST}Transfer-Encoding: gzip\r\n\r\n`, "HPE_INVALID_TRANSFER_ENCODING"],
	[`${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, "HPE_INVALID_CHUNK_SIZE"],
];

test("strict: the first error stops reading, with its code; llhttp stops there, too", () => {
	for (const [text, code] of WRONG) {
		const reader = new MessageReader("request", { mode: "strict" });
		const before = reader.push(bytesOf(GET));
		expect([before.length, before[0]?.partial]).toEqual([1, []]);
		const found = [...reader.push(bytesOf(text)), ...reader.push(bytesOf(GET)), ...reader.end()];
		expect([text, reader.error?.code, reader.stopped]).toEqual([text, code, "broken"]);
		for (const message of found) expect(message.partial).toContain("stopped-by-error");
		if ("Deno" in globalThis || "Bun" in globalThis) continue;
		const llhttp = new HTTPParser();
		llhttp.initialize(HTTPParser.REQUEST, {});
		expect([text, llhttp.execute(bytesOf(GET + text)) instanceof Error]).toEqual([text, true]);
	}
});

test("tolerant: the same bytes are read over", () => {
	for (const [text] of WRONG) {
		const reader = new MessageReader("request");
		reader.push(bytesOf(text + GET));
		expect(reader.error).toBeUndefined();
	}
});

test("strict: valid messages are read as ever, and the end must be one", () => {
	const reader = new ExchangeReader({ mode: "strict" });
	reader.push(2, bytesOf(`\r\n${GET}`));
	expect(reader.push(1, bytesOf(OK)).map((e) => [e.response?.status, e.partial])).toEqual([[200, []]]);
	expect([reader.close(), reader.error]).toEqual([[], undefined]);
	const cut = new MessageReader("request", { mode: "strict" });
	cut.push(bytesOf(GET.slice(0, -2)));
	expect(cut.end().map((m) => m.partial)).toEqual([["cut-by-close"]]);
	expect(cut.error?.code).toBe("HPE_INVALID_EOF_STATE");
});

test("strict: limits and missing bytes are errors", () => {
	const limits = {
		mode: "strict",
		maxHeaders: 2,
		maxHeaderBytes: 200,
		maxStartLine: 50,
		maxChunkLine: 10,
	} as const;
	for (const [text, code] of [
		["GET / HTTP/1.1\r\nA: 1\r\nB: 1\r\nC: 1\r\n\r\n", "LIMIT_HEADERS"],
		[`GET /${"x".repeat(60)} HTTP/1.1\r\n\r\n`, "LIMIT_START_LINE"],
		[`${POST}Transfer-Encoding: chunked\r\n\r\n1;${"x".repeat(20)}\r\n`, "LIMIT_CHUNK_LINE"],
	]) {
		const reader = new MessageReader("request", limits);
		reader.push(bytesOf(text!));
		expect(reader.error?.code).toBe(code);
	}
	const long = new MessageReader("request", limits);
	long.push(bytesOf("GET / HTTP/1.1\r\n"));
	for (let i = 0; i < 10; i++) long.push(bytesOf(`A: ${"x".repeat(40)}\r\n`));
	expect(long.error?.code).toBe("HPE_HEADER_OVERFLOW");
});

test("strict, both directions: everything is handed out, and the identity holds", () => {
	const found: string[] = [];
	const chunks = new Script()
		.E(GET + GET)
		.I(OK.slice(0, -2))
		.I("l")
		.I(`oHTTP/9.1 200 OK\r\n\r\n`).chunks;
	for (const lost of [-1, 2]) {
		const connection = new Http1Connection(
			{ mode: "strict" },
			{
				exchange: (e) => void found.push(`${e.response?.status} ${e.unpaired} ${e.partial}`),
				protocol: (change) => void found.push(change.kind),
				error: (error) => void found.push(`${error.code} ${error.direction} ${error.dataId}`),
			},
		);
		for (const [i, chunk] of chunks.entries()) if (i !== lost) connection.append(chunk);
		connection.tick(1e9);
		connection.close(2e9);
		identity(connection);
		expect(connection.open()).toBe(0);
	}
	expect(found).toEqual([
		...["200 undefined ", "undefined reading-stopped ", "HPE_INVALID_CONSTANT 1 4", "broken"],
		...["200 undefined body-bytes-lost,stopped-by-error", "undefined reading-stopped ", "GAP_KNOWN 1 4", "broken"],
	]);
});

test("strict: spoiled and lost chunks never throw, and nothing is left open", () => {
	for (let seed = 1; seed <= 400; seed++) {
		const random = new Random(seed);
		const { chunks } = converse(random, { exchanges: 4, depth: 1 + random.below(3), maxOperation: 100 });
		const spoiled = chunks
			.filter(() => !random.chance(5))
			.map((chunk) => ({ ...chunk, payload: chunk.payload.slice() }));
		for (const { payload } of spoiled) if (random.chance(10)) payload[random.below(payload.length)] = random.below(256);
		const reader = new ExchangeReader({ mode: "strict", bodies: "all", diagnostics() {} });
		for (const chunk of spoiled) {
			reader.feed(chunk);
			reader.tick(chunk.endNs + (random.chance(20) ? 1e9 : 0));
		}
		reader.close(1e12);
		const { requestStartsRead, logged, partial, unpaired } = reader.counters;
		expect(requestStartsRead, `seed ${seed}`).toBe(logged + partial + unpaired);
		expect(reader.error === undefined || reader.protocol?.kind === "broken", `seed ${seed}`).toBe(true);
	}
});
