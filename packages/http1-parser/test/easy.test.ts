import type { Chunk } from "@wirescribe/buffer";
import { expect, test } from "vitest";
import { type Exchange, ExchangeReader, type Message, MessageReader, readExchanges } from "../src/index.ts";
import { converse, Random } from "./model.ts";
import { bytesOf, rowOf, run, Script } from "./wire.ts";

const GET = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/** Pushes a text in pieces, overwriting each afterwards, and ends. */
function read(reader: MessageReader, text: string, size = text.length): Message[] {
	const found: Message[] = [];
	for (let at = 0; at < text.length; at += size) {
		const bytes = bytesOf(text.slice(at, at + size));
		found.push(...reader.push(bytes, at));
		bytes.fill(0x23);
	}
	return [...found, ...reader.end()];
}
const brief = (m: Message) =>
	`${m.method}${m.target}${m.status || ""} ${m.decodedBodyBytes} ${m.partial.join()}`.trim();

test("one stream of requests, however it is cut", () => {
	const text = `${GET}POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n0\r\n\r\n${GET}`;
	for (let size = 1; size <= text.length; size++) {
		const found = read(new MessageReader("request"), text, size);
		expect(found.map(brief)).toEqual(["GET/a 0", "POST/b 4", "GET/a 0"]);
		expect(found[2]?.get("host")).toBe("h");
	}
});

test("one stream of responses: HEAD, 1xx, until the end", () => {
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
	const text = `${head}HTTP/1.1 100 Continue\r\n\r\n${OK}HTTP/1.1 200 OK\r\n\r\n${GET}`;
	for (const size of [1, 7, 1000]) {
		const reader = new MessageReader("response", { method: "GET" });
		reader.expect("HEAD");
		expect(read(reader, text, size).map(brief)).toEqual(["200 0", "100 0", "200 5", `200 ${GET.length}`]);
	}
	expect(read(new MessageReader("response"), "HTTP/1.1 200 OK\r\n\r\n").map(brief)).toEqual(["200 0 end-not-seen"]);
});

test("a gap in a body costs nothing but its bytes; an unfinished message comes at the end", () => {
	const reader = new MessageReader("response", { method: "GET" });
	expect(reader.push(bytesOf("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"))).toEqual([]);
	expect(reader.gap(1000).map(brief)).toEqual(["200 1000"]);
	expect(reader.push(bytesOf(OK.slice(0, -2)))).toEqual([]);
	expect(reader.end().map(brief)).toEqual(["200 3 cut-by-close"]);
	expect(reader.end()).toEqual([]);
});

test("a stream that turns into something else says so, and stays silent", () => {
	const upgraded = new MessageReader("response");
	expect(read(upgraded, `HTTP/1.1 101 Switching Protocols\r\n\r\n${OK}`).map(brief)).toEqual(["101 0"]);
	expect(upgraded.stopped).toBe("upgraded");
	const tunnel = new MessageReader("response", { method: "CONNECT" });
	expect(read(tunnel, `HTTP/1.1 200 OK\r\n\r\n${OK}`).map(brief)).toEqual(["200 0"]);
	expect(tunnel.stopped).toBe("tunnel");
	const h2 = new MessageReader("request");
	expect(read(h2, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")).toEqual([]);
	expect(h2.stopped).toBe("http/2");
	const noise = new MessageReader("request", { maxUnsyncedBytes: 1000 });
	expect(read(noise, "\x01".repeat(5000), 500)).toEqual([]);
	expect(noise.stopped).toBe("broken");
});

test("both directions: what is returned may be kept", () => {
	const reader = new ExchangeReader();
	const bytes = bytesOf(GET);
	expect(reader.push(2, bytes, 5)).toEqual([]);
	bytes.fill(0x23);
	const answer = bytesOf(OK);
	const [exchange, ...more] = reader.push(1, answer, 7);
	answer.fill(0x23);
	expect(more).toEqual([]);
	expect([exchange?.request?.target, exchange?.response?.get("content-length")]).toEqual(["/a", "5"]);
	expect([exchange?.request?.startNs, exchange?.response?.endNs]).toEqual([5, 7]);
	reader.push(2, bytesOf(GET), 9);
	expect(reader.close(10).map((e) => e.unpaired)).toEqual(["no-response"]);
	expect(reader.counters).toMatchObject({ requestStartsRead: 2, logged: 1, unpaired: 1 });
});

test("a protocol switch is told", () => {
	const reader = new ExchangeReader();
	reader.push(2, bytesOf("GET / HTTP/1.1\r\nUpgrade: x\r\n\r\n"));
	expect(reader.push(1, bytesOf("HTTP/1.1 101 Switching Protocols\r\n\r\n"))).toHaveLength(1);
	expect(reader.protocol?.kind).toBe("upgraded");
});

async function* later(chunks: readonly Chunk[]): AsyncGenerator<Chunk> {
	for (const chunk of chunks) {
		await Promise.resolve();
		const payload = chunk.payload.slice();
		yield { ...chunk, payload };
		payload.fill(0x23);
	}
}

async function all(chunks: Iterable<Chunk> | AsyncIterable<Chunk>): Promise<Exchange[]> {
	const found: Exchange[] = [];
	for await (const exchange of readExchanges(chunks)) found.push(exchange);
	return found;
}

test("for await gives what the callbacks give, also out of order", async () => {
	for (let seed = 1; seed <= 100; seed++) {
		const random = new Random(seed);
		const { chunks } = converse(random, { exchanges: 4, depth: 1 + random.below(3), maxOperation: 200 });
		const expected = run(chunks).rows;
		expect((await all(chunks)).map((e) => rowOf(e))).toEqual(expected);
		expect((await all(later(chunks))).map((e) => rowOf(e))).toEqual(expected);
	}
	const { chunks } = new Script().E(GET).I(OK);
	expect((await all([...chunks].reverse())).map((e) => e.response?.status)).toEqual([200]);
});
