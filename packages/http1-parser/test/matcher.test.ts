import { expect, test } from "vitest";
import { Http1Connection, type Http1Options } from "../src/index.ts";
import { brief } from "./named.ts";
import { type Row, rowOf, run, Script } from "./wire.ts";

const get = (name: string) => `GET /${name} HTTP/1.1\r\nHost: h\r\n\r\n`;
const ok = (name: string) => `HTTP/1.1 200 ${name}\r\nX-Name: ${name}\r\nContent-Length: 5\r\n\r\nhello`;
const briefs = (script: Script, options?: Http1Options) => run(script.chunks, options).rows.map(brief);

test("a write that moved nothing has spent its id: write 1, write 2 got EAGAIN, read 3", () => {
	const script = new Script().E(get("a")).I({ text: ok("a"), dataId: 3, prevDataId: 1 });
	script.E({ text: get("b"), dataId: 4, prevDataId: 3 }).I({ text: ok("b"), dataId: 7, prevDataId: 4 });
	expect(briefs(script)).toEqual(["/a a", "/b b"]);
});

test("several requests in one read, their responses in one write, seen by the server", () => {
	const script = new Script().I(get("a") + get("b") + get("c")).E(ok("a") + ok("b") + ok("c"));
	expect(briefs(script)).toEqual(["/a a", "/b b", "/c c"]);
	expect(run(script.chunks).connection.role).toBe("server");
});

test("one response over many reads", () => {
	const script = new Script().E(get("a"));
	for (const byte of ok("a")) script.I(byte);
	expect(briefs(script.E(get("b")).I(ok("b")))).toEqual(["/a a", "/b b"]);
});

test("an early response, and the next request behind the rest of the upload", () => {
	const script = new Script().E("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc").I(ok("a"));
	expect(
		briefs(
			script
				.E("def")
				.E(`ghi${get("b")}`)
				.I(ok("b")),
		),
	).toEqual(["/a a", "/b b"]);
});

test("HEAD among pipelined requests: its response has a length and no body", () => {
	const head = "HTTP/1.1 200 OK\r\nX-Name: b\r\nContent-Length: 5\r\n\r\n";
	const script = new Script().E(get("a") + get("b").replace("GET", "HEAD") + get("c")).I(ok("a") + head + ok("c"));
	expect(briefs(script)).toEqual(["/a a", "/b b", "/c c"]);
});

test("CONNECT and Upgrade end HTTP for what was sent behind them as well", () => {
	const connect = "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n";
	const tunnel = new Script()
		.E(connect + get("inside"))
		.I("HTTP/1.1 200 OK\r\n\r\n")
		.I(ok("inside"));
	const { rows, changes } = run(tunnel.chunks);
	expect([rows.map(brief), changes.map(({ kind }) => kind)]).toEqual([["h:1 -"], ["tunnel"]]);
});

test("requests in doubt expire by age, with the reason; others wait", () => {
	const rows: Row[] = [];
	const sink = { exchange: (exchange: Parameters<typeof rowOf>[0]) => void rows.push(rowOf(exchange)), protocol() {} };
	const connection = new Http1Connection({ expireNs: 5e9 }, sink);
	const { chunks } = new Script().E(get("a")).I(ok("a").slice(0, -9)).I("HTTP/1.1 200 OK\r\n").I(ok("b")).E(get("b"));
	for (const chunk of chunks.slice(0, 1)) connection.append(chunk);
	connection.tick(60e9);
	expect([rows.length, connection.open()]).toEqual([0, 1]);
	// Its response may be the one that is in the hole, or the one behind it.
	const { chunks: more } = new Script()
		.E(get("a"))
		.E(get("b"))
		.E(get("c"))
		.I(`x${ok("a")}`)
		.I(ok("b"));
	const doubtful = new Http1Connection({ expireNs: 5e9 }, sink);
	for (const i of [0, 1, 2, 4]) doubtful.append(more[i]!);
	doubtful.tick(1e9);
	expect(doubtful.needsTick).toBe(true);
	doubtful.tick(70e9);
	expect(rows.map(brief)).toContain("/c - expired");
	expect([doubtful.open(), doubtful.needsTick]).toEqual([0, false]);
});

test("10,000 operations that come in reverse order", () => {
	const script = new Script();
	for (let i = 0; i < 5000; i++) script.E(get(`n${i}`)).I(ok(`n${i}`));
	const { rows } = run(script.chunks.toReversed(), { reorderWindowMs: 1e9, maxPendingBytes: 1e8 });
	expect(rows.map(brief)).toEqual(Array.from({ length: 5000 }, (_, i) => `/n${i} n${i}`));
});
