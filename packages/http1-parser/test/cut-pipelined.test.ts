/** A head that was cut may hide other requests, once its client shows that it sends several at once. */
import { expect, test } from "vitest";
import { brief, ok } from "./named.ts";
import { run, Script } from "./wire.ts";

const get = (name: string) => `GET /${name} HTTP/1.1\r\nHost: example.org\r\n\r\n`;
const rowsOf = (script: Script) => run(script.chunks).rows.map(brief);

/** Two requests in one operation, of which nothing but the beginning of the first one was captured. */
const hiding = () => new Script().E({ text: get("a") + get("b"), captured: 20 });
const doubted = ["/a a", "- b order-unknown", "- c order-unknown", "/c - order-unknown"];

test("in an operation right behind, before anything was read", () => {
	const script = new Script().E({ text: get("a") + get("b").slice(0, 20), captured: 20 }).E(get("b").slice(20));
	const rows = rowsOf(script.E(get("c")).I(ok("a") + ok("b") + ok("c")));
	expect(rows).toEqual([...doubted.slice(0, 3), "/c - response-lost"]);
});

test("while a response comes: the next request is whole before that has ended, or behind it", () => {
	const early = hiding().I(ok("a").slice(0, 30)).E(get("c")).I(ok("a").slice(30));
	expect(rowsOf(early.I(ok("b") + ok("c")))).toEqual(doubted);
	const late = hiding()
		.I(ok("a").slice(0, 30))
		.E(get("c").slice(0, 9))
		.I(ok("a").slice(30) + ok("b"));
	expect(rowsOf(late.E(get("c").slice(9)).I(ok("c")))).toEqual(doubted);
});

test("a response, or a 1xx, begins that no request seen before it can have", () => {
	const final = hiding()
		.I(ok("a") + ok("b").slice(0, 30))
		.E(get("c"))
		.I(ok("b").slice(30) + ok("c"));
	expect(rowsOf(final)).toEqual(["/a a", "- b request-lost", ...doubted.slice(2)]);
	const informational = hiding()
		.I(`${ok("a")}HTTP/1.1 100 Continue\r\n\r`)
		.E(get("c"));
	expect(rowsOf(informational.I(`\n${ok("b")}${ok("c")}`))).toEqual(doubted);
});

test("a response follows the end of another one that had begun before the request", () => {
	const cut = { text: ok("a"), captured: 30 };
	const script = hiding()
		.I(cut)
		.E(get("c"))
		.I(`lo\r\n${ok("b")}`)
		.I(ok("c"));
	expect(rowsOf(script)).toEqual(doubted);
});
