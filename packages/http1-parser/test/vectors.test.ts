import { expect, test } from "vitest";
import { type Result, type Row, run, Script } from "./wire.ts";

const GET = "GET /a?x=1 HTTP/1.1\r\nHost: h\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/** method target status body, in one word each. */
function brief(row: Row): string {
	const body = row.response === undefined ? "-" : row.response[2];
	return [row.method ?? "-", row.target ?? "-", row.status ?? "-", body, row.unpaired ?? "", row.partial.join("+")]
		.join(" ")
		.trim();
}
const briefs = (result: Result) => result.rows.map(brief);

test("H1 one exchange: sizes and ids", () => {
	const { rows, connection } = run(new Script().E(GET).I(OK).chunks);
	expect(rows).toHaveLength(1);
	expect(rows[0]).toMatchObject({
		method: "GET",
		target: "/a?x=1",
		status: 200,
		request: [GET.length, 0, 0, 1, 1],
		response: [OK.length - 5, 5, 5, 2, 2],
		unpaired: undefined,
		partial: [],
		headers: ["Host: h", "Content-Length: 5"],
	});
	expect(connection.role).toBe("client");
});

test("H2 two exchanges in order", () => {
	const script = new Script().E(GET).I(OK).E("GET /b HTTP/1.1\r\n\r\n").I(OK);
	expect(briefs(run(script.chunks))).toEqual(["GET /a?x=1 200 5", "GET /b 200 5"]);
});

test("H3, H4 ids with gaps, and without previous ids", () => {
	const gaps = new Script().E(GET).I({ text: OK, dataId: 4, prevDataId: 1 });
	expect(briefs(run(gaps.chunks))).toEqual(["GET /a?x=1 200 5"]);
	const none = new Script().E(GET).I({ text: OK, dataId: 2, prevDataId: 0 });
	expect(briefs(run(none.chunks))).toEqual(["GET /a?x=1 200 5"]);
});

test("H5 bytes missing between request and response: each alone, with the reason", () => {
	const second = "GET /b HTTP/1.1\r\nHost: h\r\n\r\n";
	const { chunks } = new Script().E(GET).I(OK).E(second).I(OK.replace("200", "201"));
	expect(briefs(run([0, 2, 3].map((i) => chunks[i]!)))).toEqual(["GET /a?x=1 - - response-lost", "GET /b 201 5"]);
	expect(briefs(run([0, 1, 3].map((i) => chunks[i]!)))).toEqual(["GET /a?x=1 200 5", "- - 201 5 request-not-seen"]);
	expect(briefs(run([0, 1, 2].map((i) => chunks[i]!)))).toEqual(["GET /a?x=1 200 5", "GET /b - - no-response"]);
});

test("a request lost in mid-connection; the next pair is whole", () => {
	const third = "GET /c HTTP/1.1\r\nHost: h\r\n\r\n";
	const { chunks } = new Script().E(GET).I(OK).E(GET).I(OK).E(third).I(OK);
	expect(briefs(run([0, 1, 3, 4, 5].map((i) => chunks[i]!)))).toEqual([
		"GET /a?x=1 200 5",
		"- - 200 5 request-lost",
		"GET /c 200 5",
	]);
});

test("H6 a body in many operations", () => {
	const script = new Script().E(`POST /p HTTP/1.1\r\nContent-Length: 30000\r\n\r\n${"x".repeat(10000)}`);
	script.E("x".repeat(10000)).E("x".repeat(10000)).I(OK);
	const { rows } = run(script.chunks);
	expect(rows[0]?.request).toEqual([43, 30000, 30000, 1, 3]);
});

test("H7, H8, H9 chunked: data, empty, extensions and trailers", () => {
	const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
	for (const [body, decoded] of [
		["4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n", 9],
		["0\r\n\r\n", 0],
		['4;a=b;c="d"\r\nWiki\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n', 4],
		["a\nWikipedia!\n0\n\n", 10],
	] as const) {
		const { rows } = run(new Script().E(GET + GET).I(head + body + OK).chunks);
		expect(rows[0]?.response).toEqual([head.length, body.length, decoded, 2, 2]);
		expect(rows[0]?.partial).toEqual([]);
		expect(rows[1]?.status).toBe(200);
	}
});

test("H10, H11 no body: HEAD, 204, 304", () => {
	const script = new Script().E("HEAD /h HTTP/1.1\r\n\r\n").I("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
	script.E("PUT /n HTTP/1.1\r\n\r\n").I("HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n");
	script.E("GET /c HTTP/1.1\r\n\r\n").I("HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n").E(GET).I(OK);
	expect(briefs(run(script.chunks))).toEqual(["HEAD /h 200 0", "PUT /n 204 0", "GET /c 304 0", "GET /a?x=1 200 5"]);
});

test("H12 100 Continue, 103 and the final status", () => {
	const script = new Script().E("POST /e HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
	script.I("HTTP/1.1 100 Continue\r\n\r\n").I("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n").E("body").I(OK);
	const { rows } = run(script.chunks);
	expect(rows.map(brief)).toEqual(["POST /e 200 5"]);
	expect(rows[0]).toMatchObject({ informational: 2, request: [61, 4, 4, 1, 4] });
});

test("H13 101 ends HTTP on the connection", () => {
	const script = new Script().E("GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n");
	script
		.I("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05")
		.E("\x81\x85GET / HTTP/1.1\r\n\r\n");
	const { rows, changes, skips } = run(script.chunks);
	expect(rows.map(brief)).toEqual(["GET /ws 101 0"]);
	expect(changes.map((change) => change.kind)).toEqual(["upgraded"]);
	expect(skips).toEqual([
		[1, "all"],
		[2, "all"],
	]);
});

test("an upgrade that is not taken changes nothing", () => {
	const script = new Script()
		.E("GET /h2c HTTP/1.1\r\nUpgrade: h2c\r\n\r\n")
		.E(GET)
		.I(OK + OK);
	expect(briefs(run(script.chunks))).toEqual(["GET /h2c 200 5", "GET /a?x=1 200 5"]);
});

test("H14, H15 pipelining: order pairs, not neighbourhood", () => {
	const one = new Script().E(GET + GET.replace("/a", "/b")).I(OK + OK.replace("200", "201"));
	expect(briefs(run(one.chunks))).toEqual(["GET /a?x=1 200 5", "GET /b?x=1 201 5"]);
	const four = new Script().E(GET).E(GET.replace("/a", "/b")).I(OK).I(OK.replace("200", "201"));
	expect(briefs(run(four.chunks))).toEqual(["GET /a?x=1 200 5", "GET /b?x=1 201 5"]);
	expect(run(one.chunks).rows.map((row) => row.request?.slice(3))).toEqual([
		[1, 1],
		[1, 1],
	]);
});

test("H16 a cut body of known length: exact size, next message found", () => {
	const body = "b".repeat(1_000_000);
	const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`;
	const script = new Script()
		.E(GET)
		.I({ text: head + body, captured: 4096, tail: 32 })
		.E(GET)
		.I(OK);
	const { rows } = run(script.chunks);
	expect(rows.map(brief)).toEqual(["GET /a?x=1 200 1000000", "GET /a?x=1 200 5"]);
});

test("a cut chunked body: the tail shows the end, the wire size is given", () => {
	const chunk = `10000\r\n${"c".repeat(65536)}\r\n`;
	const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
	const body = `${chunk}${chunk}0\r\n\r\n`;
	const script = new Script().E(GET).I({ text: head + chunk, captured: 4096, tail: 32 });
	script
		.I({ text: `${chunk}0\r\n\r\n`, captured: 4096, tail: 32 })
		.E(GET)
		.I(OK);
	const exact = run(script.chunks).rows[0];
	expect(exact?.response?.slice(1, 3)).toEqual([body.length, 131072]);
	const one = new Script()
		.E(GET)
		.I({ text: head + body, captured: 4096, tail: 32 })
		.E(GET)
		.I(OK);
	const { rows } = run(one.chunks);
	expect(rows.map(brief)).toEqual([`GET /a?x=1 200 ${body.length}  chunk-lines-not-captured`, "GET /a?x=1 200 5"]);
});

test("H17 a split head; time passes in between", () => {
	const script = new Script().E(GET).I(OK.slice(0, 9)).I(OK.slice(9, 30)).I(OK.slice(30));
	const { rows } = run(script.chunks);
	expect(rows[0]).toMatchObject({ status: 200, response: [38, 5, 5, 2, 4] });
});

test("H18 a body that ends with the connection", () => {
	const script = new Script().E(GET).I("HTTP/1.1 200 OK\r\n\r\nabc").I("def").I("HTTP/1.1 500 body\r\n\r\n");
	const { rows } = run(script.chunks);
	expect(rows.map(brief)).toEqual(["GET /a?x=1 200 27"]);
	expect(rows[0]?.response?.slice(3)).toEqual([2, 4]);
});

test("H19 CONNECT: a tunnel after 2xx, HTTP after anything else", () => {
	const connect = "CONNECT 10.0.0.1:443 HTTP/1.1\r\nHost: 10.0.0.1:443\r\n\r\n";
	const tunnel = new Script().E(connect).I("HTTP/1.1 200 OK\r\n\r\n").E("\x16\x03\x01").I("\x16\x03\x03");
	const open = run(tunnel.chunks);
	expect(open.rows.map(brief)).toEqual(["CONNECT 10.0.0.1:443 200 0"]);
	expect(open.changes.map((change) => change.kind)).toEqual(["tunnel"]);
	const refused = new Script().E(connect).I("HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n").E(GET).I(OK);
	expect(briefs(run(refused.chunks))).toEqual(["CONNECT 10.0.0.1:443 407 0", "GET /a?x=1 200 5"]);
});

test("H20 rubbish before a request", () => {
	const script = new Script().E("\x00\x01\x02 rubbish\r\n").E(GET).I(OK);
	expect(briefs(run(script.chunks))).toEqual(["GET /a?x=1 200 5"]);
});

test("H21 the response comes in before its request", () => {
	const { chunks } = new Script().E(GET).I(OK).E(GET.replace("/a", "/b")).I(OK);
	expect(briefs(run([1, 0, 3, 2].map((i) => chunks[i]!)))).toEqual(["GET /a?x=1 200 5", "GET /b?x=1 200 5"]);
});

test("H23 forms of targets", () => {
	const script = new Script().E(
		"OPTIONS * HTTP/1.1\r\n\r\nGET http://h2/p?q HTTP/1.1\r\n\r\nGET http://h3 HTTP/1.1\r\n\r\n",
	);
	const found: string[] = [];
	const result = run(script.chunks);
	for (const row of result.rows) found.push(row.target ?? "");
	expect(found).toEqual(["*", "http://h2/p?q", "http://h3"]);
});

test("H24 codings: gzip, chunked; any case; chunked wins over a length", () => {
	for (const field of [
		"gzip, chunked",
		"Chunked",
		"chunked\r\nContent-Length: 3",
		"gzip\r\nTransfer-Encoding: chunked",
	]) {
		const head = `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${field}\r\n\r\n`;
		const { rows } = run(new Script().E(GET + GET).I(`${head}4\r\nWiki\r\n0\r\n\r\n${OK}`).chunks);
		expect(rows.map(brief)).toEqual(["GET /a?x=1 200 4", "GET /a?x=1 200 5"]);
	}
});

test("H25 line ends left over before the next response", () => {
	const script = new Script().E(GET).I(OK).I("\r\n").E(GET).I(`\r\n${OK}`);
	expect(briefs(run(script.chunks))).toEqual(["GET /a?x=1 200 5", "GET /a?x=1 200 5"]);
});

test("an early response waits for the end of its request", () => {
	const script = new Script().E("POST /u HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
	script.I("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n").E("defghij").E(GET).I(OK);
	const { rows } = run(script.chunks);
	expect(rows.map(brief)).toEqual(["POST /u 413 0", "GET /a?x=1 200 5"]);
	expect(rows[0]?.request).toEqual([40, 10, 10, 1, 3]);
});

test("a skip hint for a long body, in TCP's own positions", () => {
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
	const { skips } = run(new Script().E(GET).I(`${head}abc`).chunks);
	expect(skips).toEqual([[1, (4294967000 + head.length + 100000) % 4294967296]]);
});

test("HTTP/2's preface and bytes of nobody end reading", () => {
	const h2 = run(new Script().E("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00").I("\x00\x00").chunks);
	expect(h2.changes.map((change) => change.kind)).toEqual(["http/2"]);
	const noise = run(new Script().E("\x01".repeat(300000)).E(GET).chunks);
	expect(noise.changes.map((change) => change.kind)).toEqual(["broken"]);
});
