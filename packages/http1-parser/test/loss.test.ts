import { expect, test } from "vitest";
import { Http1Connection } from "../src/index.ts";
import { brief, get, ok, pairs, put, without, wrong } from "./named.ts";
import { type Row, rowOf, run, Script } from "./wire.ts";

/** The same when every hole is given up before the next operation comes. */
function slowly(script: Script, ...lost: number[]): string[] {
	const slow = script.chunks.map((chunk) => ({
		...chunk,
		startNs: chunk.startNs * 30_000,
		endNs: chunk.endNs * 30_000,
	}));
	return run(slow.filter((_, i) => !lost.includes(i + 1))).rows.map(brief);
}

test("a response and the next request lost together: the response behind them is not the first one's", () => {
	const script = new Script().E(get("a")).I(ok("a")).E(get("b")).I(ok("b"));
	expect(without(script, 2, 3)).toEqual(["/a - order-unknown", "- b order-unknown"]);
});

test("each response lost, one at a time: the others pair", () => {
	const script = new Script();
	for (const name of ["a", "b", "c", "d"]) script.E(get(name)).I(ok(name));
	for (const [i, name] of ["a", "b", "c", "d"].entries()) {
		const rest = ["a", "b", "c", "d"].filter((one) => one !== name).map((one) => `/${one} ${one}`);
		expect(pairs(without(script, 2 * i + 2)).sort()).toEqual(rest);
	}
});

test("a request lost: its response stands alone, and the bytes that are missing hold one request only", () => {
	const script = new Script().E(get("a")).I(ok("a")).E(get("b")).I(ok("b")).E(get("c")).I(ok("c"));
	expect(without(script, 3)).toEqual(["/a a", "- b request-lost", "/c c"]);
});

test("several holes in one silence are given up one behind the other, each before what comes behind it", () => {
	const script = new Script();
	for (const name of ["a", "b", "c", "d", "e"]) script.E(get(name)).I(ok(name));
	expect(without(script, 3, 7)).toEqual(["/a a", "- b request-lost", "/c c", "- d request-lost", "/e e"]);
	const open: Row[] = [];
	const connection = new Http1Connection(
		{},
		{ exchange: (exchange) => void open.push(rowOf(exchange)), protocol() {} },
	);
	for (const chunk of script.chunks.filter((_, i) => i !== 2 && i !== 6)) connection.append(chunk);
	connection.close(1e6);
	expect(open.map(brief)).toEqual(["/a a", "- b request-lost", "/c c", "- d request-lost", "/e e"]);
});

test("room for two requests in the lost bytes: what follows one at a time may be shifted, and stays alone", () => {
	const shifted = new Script()
		.E(get("a"))
		.I(ok("a"))
		.E(get("b") + get("c"))
		.I(ok("b"))
		.E(get("d"))
		.I(ok("c"))
		.E(get("e"));
	shifted.I(ok("d")).I(ok("e"));
	expect(pairs(without(shifted, 3))).toEqual(["/a a", "/e e"]);
	const straight = new Script()
		.E(get("a"))
		.I(ok("a"))
		.E(put("b", "x".repeat(200)))
		.I(ok("b"))
		.E(get("c"))
		.I(ok("c"));
	expect(pairs(without(straight, 3))).toEqual(["/a a"]);
});

test("the first of two pipelined requests lost: neighbours by id are no pair", () => {
	const script = new Script().E(get("a")).E(get("b")).I(ok("a")).I(ok("b"));
	expect(wrong(without(script, 1))).toEqual([]);
	const one = new Script()
		.E(get("a") + get("b"))
		.I(ok("a"))
		.E(get("c"))
		.I(ok("b"))
		.E(get("d"))
		.I(ok("c"))
		.I(ok("d"));
	expect(wrong(without(one, 1))).toEqual([]);
});

test("an operation lost between two requests, before anything was read: it held the first one's response", () => {
	const script = new Script().E(get("a")).E({ text: get("b"), dataId: 3, prevDataId: 2 });
	script.I({ text: ok("b"), dataId: 4, prevDataId: 3 });
	expect(pairs(run(script.chunks).rows.map(brief))).toEqual(["/b b"]);
});

test("ids that nobody handed in were spent by calls that moved nothing: order decides", () => {
	const script = new Script().E(get("a") + get("b") + get("c"));
	script.I({ text: ok("a"), dataId: 4, prevDataId: 1 }).I({ text: ok("b"), dataId: 6, prevDataId: 4 });
	script.E({ text: get("d"), dataId: 8, prevDataId: 6 }).I({ text: ok("c"), dataId: 9, prevDataId: 8 });
	script.I({ text: ok("d"), dataId: 12, prevDataId: 9 });
	expect(pairs(run(script.chunks).rows.map(brief))).toEqual(["/a a", "/b b", "/c c", "/d d"]);
});

test("pipelined: a lost response whose place is known shifts nothing", () => {
	const script = new Script().E(get("a")).E(get("b")).I(ok("a")).I(ok("b")).E(get("c")).I(ok("c"));
	expect(without(script, 4)).toEqual(["/a a", "/b - response-lost", "/c c"]);
});

test("responses that are swallowed by a chunked body whose end was not seen are counted as possible", () => {
	const chunked = "HTTP/1.1 200 OK\r\nX-Name: a\r\nTransfer-Encoding: chunked\r\n\r\n";
	const script = new Script().E(get("a")).I(`${chunked}8\r\n`).I("x").I("xxxxxxx\r\n0\r\n\r").I("\n");
	script.E(get("b")).I(ok("b").slice(0, 9)).I(ok("b").slice(9));
	script.E(get("c")).I(ok("c")).E(get("d")).I(ok("d"));
	for (let lost = 1; lost <= script.chunks.length; lost++) expect(wrong(without(script, lost))).toEqual([]);
});

test("100 (Continue) lost behind a request whose head was cut: no response was lost", () => {
	const script = new Script().E(get("a")).I(ok("a"));
	script.E("PUT /b HTTP/1.1\r\nHost: example.org\r\n").E("Expect: 100-continue\r\n").E("Content-Length: 2\r\n\r\n");
	script.I("HTTP/1.1 100 Continue\r\n\r\n").E("xy").E(get("c")).I(ok("b")).I(ok("c"));
	expect(wrong(without(script, 4, 6))).toEqual([]);
	expect(wrong(slowly(script, 4, 6))).toEqual([]);
});

test("a body of a request is no request, though it reads like one, when its chunk lines were lost", () => {
	const head = "POST /p HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n";
	const script = new Script()
		.E(head)
		.E("lost")
		.E("0\r\nxGET /fake HTTP/1.1\r\n\r\n")
		.E("GET /fake HTTP/1.1\r\nGET /fake");
	expect(without(script, 2)).toEqual(["/p - no-response"]);
});

test("nothing is known of who asks until a cut head is given up: what was lost before counts all the same", () => {
	const script = new Script()
		.E(get("a").slice(0, 40))
		.I(ok("a").slice(0, 20))
		.I(ok("a").slice(20))
		.E(get("a").slice(40));
	script.E(get("b")).I(ok("b")).E(get("c")).I(ok("c"));
	for (let lost = 1; lost <= 8; lost++) {
		for (let also = 1; also <= 8; also++) {
			expect(wrong(slowly(script, lost, also)), `${lost} and ${also}`).toEqual([]);
			expect(wrong(without(script, lost, also)), `${lost} and ${also}`).toEqual([]);
		}
	}
});

test("more requests than may wait: the others pair as before", () => {
	const script = new Script();
	const names = ["a", "b", "c", "d"];
	for (const name of names) script.E(get(name));
	for (const name of names) script.I(ok(name));
	const { rows } = run(script.chunks, { maxPipelined: 3 });
	expect(rows.map(brief)).toEqual(["/a - pipeline-limit", "- a request-lost", "/b b", "/c c", "/d d"]);
});

const long = (name: string) => get(name).replace("test", "x".repeat(300));

test("a request that was captured in part, from its very first byte on, keeps its place: those behind it pair", () => {
	for (const captured of [1, 3, 4, 6, 20, 30, 60, 100]) {
		const script = new Script().E(get("a")).I(ok("a"));
		script
			.E({ text: long("b"), captured })
			.I(ok("b"))
			.E(get("c"))
			.I(ok("c"));
		script.E(get("d")).I(ok("d"));
		const { rows, connection } = run(script.chunks);
		const name = (row: Row) => row.headers.find((field) => field.startsWith("X-Name: "))?.slice(8);
		expect([rows.map(name), rows.filter(({ unpaired }) => unpaired)], `${captured}`).toEqual([
			["a", "b", "c", "d"],
			[],
		]);
		expect(rows[1]?.partial).toEqual(["head-not-captured"]);
		expect([rows[1]?.method, rows[1]?.target]).toEqual([
			captured > 3 ? "GET" : "",
			"/b".slice(0, Math.max(0, captured - 4)),
		]);
		expect(connection.counters.requestStartsRead).toBe(4);
	}
});

test("cut heads one after another: the second is believed like a whole one", () => {
	const cut = (name: string) => ({ text: long(name), captured: 60 });
	const script = new Script().E(cut("a")).I(ok("a")).E(cut("b")).I(ok("b")).E(cut("c")).I(ok("c"));
	expect(run(script.chunks).rows.map(brief)).toEqual(["/a a", "/b b", "/c c"]);
});

test("a start line that is cut shows who asks when its method is known; other bytes show nothing", () => {
	const targets = (text: string) =>
		run(new Script().E({ text: text + "x".repeat(5000), captured: text.length }).I(ok("a")).chunks).rows.map(brief);
	expect(targets("GET /a?b=")).toEqual(["/a?b= a"]);
	expect(targets("SELECT a")).toEqual(["- a request-lost"]);
	expect(targets("GET key")).toEqual(["- a request-lost"]);
});

test("a start line that ends in a hole, with the connection, or not at all", () => {
	const reasons = (rows: Row[]) => rows.map(({ method, target, partial }) => [method, target?.slice(0, 4), ...partial]);
	const lost = new Script().E(get("a")).I(ok("a")).E("PUT /b").E(" HTTP/1.1\r\n\r\n").I(ok("b")).E(get("c"));
	const [, cut] = run(lost.chunks.filter((_, i) => i !== 3)).rows;
	expect([cut?.method, cut?.target, cut?.partial]).toEqual(["PUT", "/b", ["head-lost"]]);
	const end = new Script().E(get("a")).I(ok("a")).E("HEAD /b HTT");
	expect(reasons(run(end.chunks).rows)[1]).toEqual(["HEAD", "/b", "cut-by-close"]);
	expect(run(new Script().E(get("a")).I(ok("a")).E("x").chunks).rows).toHaveLength(1);
	const endless = new Script()
		.E(get("a"))
		.I(ok("a"))
		.E(`GET /c${"c".repeat(70_000)}`);
	const over = ["GET", "/ccc", "start-line-too-long", "head-too-long"];
	expect(reasons(run(endless.chunks).rows)[1]).toEqual(over);
});

test("several requests in one operation that was captured in part: what it hides counts", () => {
	const script = new Script().E(get("a") + get("b")).I(ok("a") + ok("b"));
	script
		.E({ text: get("c") + get("d"), captured: 20 })
		.I(ok("c"))
		.E(get("e"))
		.I(ok("d"))
		.I(ok("e"));
	expect(wrong(run(script.chunks).rows.map(brief))).toEqual([]);
	expect(pairs(run(script.chunks).rows.map(brief)).slice(0, 2)).toEqual(["/a a", "/b b"]);
});

test("a response without its request is over where its body is: what follows pairs", () => {
	const script = new Script().E(get("a")).I(ok("a")).E(get("b")).E(get("c")).E(get("d"));
	script.I(ok("b") + ok("c") + ok("d"));
	expect(without(script, 3)).toEqual(["/a a", "- b request-lost", "/c c", "/d d"]);
});

test("lost responses answered what began before the operation that moved them", () => {
	const script = new Script()
		.E(get("a"))
		.I(ok("a"))
		.E(get("b") + get("c"))
		.E(get("d"));
	script.I(ok("b") + ok("c")).I(ok("d"));
	const pairs = ["/b b", "/c c", "/d d"];
	// Before the first response nobody knows how many bytes are missing, only in which operation.
	expect(without(script, 2)).toEqual(["/a - response-lost", ...pairs]);
	expect(slowly(script, 2)).toEqual(["/a - response-lost", ...pairs]);
	const again = new Script().E(get("z")).I(ok("z")).E(get("a")).I(ok("a").slice(0, 20)).I(ok("a").slice(20));
	again
		.E(get("b") + get("c"))
		.I(ok("b") + ok("c"))
		.E(get("d"))
		.I(ok("d"));
	// The rest of its head is lost, and who knows what else: no other response, as no other request was there.
	expect(without(again, 5).slice(2)).toEqual(pairs);
});

test("behind lost chunk lines a head is found though it comes in two operations", () => {
	const chunked = "HTTP/1.1 200 OK\r\nX-Name: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel";
	const script = new Script().E(get("a")).I(chunked).I("lo\r\n5\r\nhello\r\n0\r\n\r\n");
	for (const name of ["b", "c"]) script.E(get(name)).I(ok(name).slice(0, 20)).I(ok(name).slice(20));
	expect(pairs(without(script, 3))).toEqual(["/a a", "/b b", "/c c"]);
	const post = "POST /a HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel";
	const upload = new Script().E(post).E("lo\r\n0\r\n\r\n").I(ok("a"));
	for (const name of ["b", "c"]) upload.E(get(name).slice(0, 20)).E(get(name).slice(20)).I(ok(name));
	expect(pairs(without(upload, 2))).toEqual(["/a a", "/b b", "/c c"]);
});

test("a start line behind bytes that were not captured shows that there are other requests", () => {
	const script = new Script().E({ text: get("a") + get("b").slice(0, 8), captured: 30 }).E(get("b").slice(8));
	script.E(get("c")).I(ok("a")).I(ok("b")).I(ok("c"));
	expect(wrong(run(script.chunks).rows.map(brief))).toEqual([]);
});
