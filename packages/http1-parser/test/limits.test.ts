import { expect, test } from "vitest";
import { DEFAULT_LIMITS, ExchangeReader, type Http1Options, type Message, MessageReader } from "../src/index.ts";
import { bytesOf } from "./wire.ts";

/** The message that a text gives, and one behind it. */
function read(text: string, options: Http1Options = {}): Message[] {
	const reader = new MessageReader("request", options);
	return [...reader.push(bytesOf(`${text}GET /next HTTP/1.1\r\nHost: h\r\n\r\n`)), ...reader.end()];
}
const fields = (count: number) => Array.from({ length: count }, (_, i) => `A${i}: ${i}\r\n`).join("");

test("too many fields: those before are told, the framing is followed", () => {
	const head = (count: number) => `POST / HTTP/1.1\r\n${fields(count)}Content-Length: 3\r\n\r\nabc`;
	const [whole] = read(head(255));
	expect([whole?.headers().length, whole?.partial]).toEqual([256, []]);
	const [over, next] = read(head(256));
	expect([over?.headers().length, over?.partial, over?.bodyBytes]).toEqual([256, ["too-many-headers"], 3]);
	expect([over?.get("a255"), over?.get("content-length")]).toEqual(["255", undefined]);
	expect(next?.target).toBe("/next");
	expect(read(head(5), { maxHeaders: 2 })[0]?.headers()).toEqual([
		["A0", "0"],
		["A1", "1"],
	]);
});

test("a long start line is cut", () => {
	const [long, next] = read(`GET /${"x".repeat(20000)} HTTP/1.1\r\n\r\n`);
	expect([long?.target.length, long?.partial, next?.target]).toEqual([16384, ["start-line-too-long"], "/next"]);
	expect(long?.headerBytes).toBe(20000 + 18);
	const reader = new MessageReader("response", { maxStartLine: 20, method: "HEAD" });
	const [response] = reader.push(bytesOf(`HTTP/1.1 200 ${"r".repeat(50)}\r\n\r\n`));
	expect([response?.reason.length, response?.partial]).toEqual([20, ["start-line-too-long"]]);
});

test("a head that does not end", () => {
	const reader = new MessageReader("request", { maxHeaderBytes: 100 });
	const found = reader.push(bytesOf("GET /a HTTP/1.1\r\nHost: h\r\n"));
	for (let i = 0; i < 20; i++) found.push(...reader.push(bytesOf(`X${i}: value\r\n`)));
	expect(found.map((m) => [m.target, m.get("host"), m.partial])).toEqual([["/a", "h", ["head-too-long"]]]);
});

test("chunk lines and trailers over the limit end the message", () => {
	const head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
	const [line] = read(`${head}4;${"x".repeat(5000)}\r\nWiki\r\n0\r\n\r\n`);
	expect(line?.partial).toEqual(["chunk-line-too-long"]);
	const [trailer] = read(`${head}0\r\n${"T: 1\r\n".repeat(5000)}\r\n`);
	expect(trailer?.partial).toEqual(["chunk-line-too-long"]);
	const [whole] = read(`${head}4;${"x".repeat(5000)}\r\nWiki\r\n0\r\n\r\n`, { maxChunkLine: 6000 });
	expect([whole?.partial, whole?.decodedBodyBytes]).toEqual([[], 4]);
});

test("more chunks than may wait give up the hole", () => {
	const reader = new ExchangeReader({ maxPendingFragments: 4, role: "client" });
	const times = { sequence: 0, startNs: 1, endNs: 1 };
	const send = (dataId: number, offset: number, text: string) =>
		reader.feed({
			...{ direction: 2, dataId, prevDataId: dataId - 1, offset, bytes: text.length, payload: bytesOf(text) },
			...times,
		} as const);
	send(1, 0, "GET / HTTP/1.1\r\n\r\n");
	for (let i = 0; i < 6; i++) send(3 + i, 100 + i * 40, "GET /b HTTP/1.1\r\nHost: h\r\nA: 12345678\r\n\r\n");
	expect(reader.counters.requestStartsRead).toBeGreaterThan(1);
});

test("an option that is undefined is left out", () => {
	const [message] = read("GET / HTTP/1.1\r\nA: b\r\n\r\n", { maxHeaders: undefined as unknown as number });
	expect(message?.partial).toEqual([]);
	expect(Object.values(DEFAULT_LIMITS).every((limit) => limit > 0)).toBe(true);
});
