import type { Chunk } from "@wirescribe/buffer";
import { expect, test } from "vitest";
import {
	type Anomaly,
	DEFAULT_LIMITS,
	ExchangeReader,
	Http1Connection,
	type Http1Options,
	MessageParser,
} from "../src/index.ts";
import { bytesOf, run, Script } from "./wire.ts";

const GET = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/** What a connection tells, in the order in which it does. */
function told(chunks: readonly Chunk[], options: Http1Options = {}): Anomaly[] {
	const all: Anomaly[] = [];
	run(chunks, { ...options, onAnomaly: (anomaly) => void all.push(anomaly) });
	return all;
}
const brief = ({ severity, code, direction, dataId }: Anomaly) => `${severity} ${code} ${direction} ${dataId}`;
const briefs = (script: Script, options?: Http1Options) => told(script.chunks, options).map(brief);

test("traffic as it should be has none", () => {
	expect(briefs(new Script().E(GET).I(OK).E(GET).I(OK))).toEqual([]);
});

test("every leniency has its code, once a message", () => {
	const codes = (fields: string) =>
		briefs(new Script().E(`POST /a HTTP/1.1\r\nHost: h\r\n${fields}\r\n`).I(OK)).map((line) => line.split(" ")[1]);
	expect(codes("A: 1\n")).toEqual(["BARE_LF"]);
	expect(codes("A: 1\r\n 2\r\n")).toEqual(["OBS_FOLD"]);
	expect(codes("A : 1\r\nno colon\r\n")).toEqual(["HPE_INVALID_HEADER_TOKEN"]);
	expect(codes("Content-Length: 0\r\nContent-Length: 0\r\n")).toEqual(["DUPLICATE_CL"]);
	expect(codes("Content-Length: 0\r\nContent-Length: 1\r\n")).toEqual(["HPE_UNEXPECTED_CONTENT_LENGTH"]);
	expect(codes("Content-Length: 9007199254740992\r\n")).toContain("HPE_INVALID_CONTENT_LENGTH");
	expect(codes("Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")).toEqual(["TE_AND_CL"]);
	expect(codes("Transfer-Encoding: gzip\r\n")).toContain("HPE_INVALID_TRANSFER_ENCODING");
	expect(codes("Transfer-Encoding: chunked\r\n\r\nzz\r\n")).toEqual(["HPE_INVALID_CHUNK_SIZE"]);
	expect(briefs(new Script().E(`\r\n${GET}`).I(OK))).toEqual(["warning LEADING_CRLF 2 0"]);
	expect(briefs(new Script().E(GET).I(OK.replace(" OK", "")))).toEqual(["warning MISSING_REASON 1 0"]);
	expect(briefs(new Script().E(GET.replace("HTTP", "http")).I(OK))).toEqual(["warning HPE_INVALID_CONSTANT 2 0"]);
	const old = "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
	expect(briefs(new Script().E(GET).I(old))).toEqual(["warning TE_IN_HTTP_1_0 1 0"]);
	const empty = "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n";
	expect(briefs(new Script().E(GET).I(empty))).toEqual(["warning LENGTH_WITHOUT_BODY 1 0"]);
});

test("missing bytes: how many is known, or is not, and where reading goes on", () => {
	const script = new Script().E(GET).I(OK.slice(0, -2)).I("lo").E(GET).I(OK);
	const lost = told(script.chunks.filter((_, i) => i !== 2));
	expect(lost.map(brief)).toEqual(["error GAP_KNOWN 1 5"]);
	expect(lost[0]).toMatchObject({ type: "anomaly", position: 4294967000 + OK.length - 2, message: { status: 200 } });
	const unknown = script.chunks.filter((_, i) => i !== 2).map((chunk) => ({ ...chunk, offset: undefined }));
	expect(told(unknown).map(({ code }) => code)).toContain("GAP_UNKNOWN");
	const between = new Script().E(GET).I(OK).E(GET).I(OK).E(GET).I(OK);
	expect(told(between.chunks.filter((_, i) => i !== 2)).map(brief)).toEqual([
		...["error GAP_KNOWN 2 5", "warning RESYNC 2 5"],
		"error UNMATCHED_RESPONSE 1 6",
	]);
});

test("what an observer meets: early responses, switched protocols, other protocols", () => {
	const post = "POST /u HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na";
	expect(briefs(new Script().E(post).I("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n").E("bc"))).toEqual([
		"info EARLY_RESPONSE 1 0",
	]);
	const upgrade = new Script().E("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
	expect(briefs(upgrade.I("HTTP/1.1 101 Switching Protocols\r\n\r\n"))).toEqual(["info UPGRADED 1 0"]);
	const connect = new Script().E("CONNECT h:1 HTTP/1.1\r\n\r\n").I("HTTP/1.1 200 OK\r\n\r\n");
	expect(briefs(connect)).toEqual(["info TUNNEL 1 0"]);
	expect(briefs(new Script().E("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))).toEqual(["info HTTP2_PREFACE 2 1"]);
});

test("every limit that is reached is told", () => {
	const codes = (script: Script, options: Http1Options) => told(script.chunks, options).map(({ code }) => code);
	expect(codes(new Script().E(`GET /${"x".repeat(60)} HTTP/1.1\r\n\r\n`).I(OK), { maxStartLine: 50 })).toEqual([
		"LIMIT_START_LINE",
	]);
	expect(codes(new Script().E("GET / HTTP/1.1\r\nA: 1\r\nB: 1\r\n\r\n").I(OK), { maxHeaders: 1 })).toEqual([
		"LIMIT_HEADERS",
	]);
	const chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
	expect(codes(new Script().E(`${chunked}1;${"x".repeat(50)}\r\n`).I(OK), { maxChunkLine: 20 })).toEqual([
		"LIMIT_CHUNK_LINE",
	]);
	expect(codes(new Script().E(`${chunked}0\r\nA: ${"x".repeat(50)}\r\n\r\n`).I(OK), { maxTrailerBytes: 20 })).toEqual([
		"LIMIT_CHUNK_LINE",
	]);
	const long = new Script()
		.E("GET / HTTP/1.1\r\n")
		.E(`A: ${"x".repeat(90)}\r\n`)
		.E("B: 1\r\n");
	expect(codes(long, { maxHeaderBytes: 80 })).toEqual(["HPE_HEADER_OVERFLOW"]);
	const three = new Script().E(GET + GET + GET).I(OK + OK + OK);
	expect(codes(three, { maxPipelined: 2 })).toEqual(["LIMIT_PIPELINED", "UNMATCHED_RESPONSE"]);
	const pending = new Script().E(GET);
	for (let i = 0; i < 6; i++) pending.E(GET);
	const late = pending.chunks.filter((_, i) => i !== 1);
	const reader = new ExchangeReader({ maxPendingFragments: 2, onAnomaly: ({ code }) => void seen.add(code) });
	const seen = new Set<string>();
	for (const chunk of late) reader.feed(chunk);
	expect([...seen]).toContain("LIMIT_PENDING");
	expect(codes(new Script().E("\x01".repeat(500)), { maxUnsyncedBytes: 100 })).toEqual(["LIMIT_UNSYNCED"]);
});

test("strict mode tells what stops it", () => {
	expect(briefs(new Script().E(`${GET}GET / HTTP/1.1\r\nA: 1\r\n\rX`).I(OK), { mode: "strict" })).toEqual([
		"error HPE_LF_EXPECTED 2 1",
	]);
	const lost = new Script().E(GET).I(OK.slice(0, -2)).I("lo").I(OK);
	const codes = told(
		lost.chunks.filter((_, i) => i !== 2),
		{ mode: "strict" },
	).map(({ code }) => code);
	expect(codes).toEqual(["GAP_KNOWN"]);
});

test("a parser of one direction tells the same", () => {
	const all: string[] = [];
	const parser = new MessageParser("response", { onAnomaly: (anomaly) => void all.push(brief(anomaly)) });
	parser.expect("GET");
	parser.push(bytesOf(`${OK.slice(0, -5)}h`));
	parser.gap(400);
	parser.push(bytesOf(OK));
	parser.end();
	expect(all).toEqual(["error GAP_KNOWN 1 2", "warning RESYNC 1 3"]);
});

test("nothing is told of those that listen to nothing, and the limits are the agreed ones", () => {
	expect(new Http1Connection({}, { exchange() {}, protocol() {} }).counters.logged).toBe(0);
	expect(DEFAULT_LIMITS).toEqual({
		maxStartLine: 16384,
		maxHeaderBytes: 65536,
		maxHeaders: 256,
		maxChunkLine: 4096,
		maxTrailerBytes: 16384,
		maxUnsyncedBytes: 262144,
		maxPendingFragments: 8192,
		maxPendingBytes: 1048576,
		maxPipelined: 1000,
		expireNs: 30e9,
		reorderWindowMs: 20,
		skipHintBytes: 16384,
	});
});
