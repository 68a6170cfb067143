import { expect, test } from "vitest";
import { type BodyPolicy, ExchangeReader, Http1Connection, MessageReader } from "../src/index.ts";
import { bytesOf, Script } from "./wire.ts";

const GET = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const POST = "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n6;x\r\npedia!\r\n0\r\nT: 1\r\n\r\n";
const textOf = (bytes: Uint8Array | undefined) => bytes && String.fromCharCode(...bytes);

/** What the callbacks tell, as text; adjacent slices and counts are joined, because cutting must not matter. */
function told(script: Script, bodies?: BodyPolicy, copy = false, size = 1e9): string[] {
	const rows: string[] = [];
	const kept: [Uint8Array, string][] = [];
	let before: object | undefined;
	const connection = new Http1Connection(bodies === undefined ? { copy } : { bodies, copy }, {
		exchange: ({ response }) => void rows.push(`= ${response?.status}`),
		protocol: () => {},
		body(message, slice, missing) {
			if (slice.length > 0 === (missing !== 0)) throw new Error("either bytes or a count");
			const text = missing === 0 ? textOf(slice)! : `<${missing}>`;
			if (message === before) rows.push(`${rows.pop()}${text}`);
			else rows.push(`${message.kind} ${text}`);
			before = message;
			kept.push([slice, textOf(slice)!]);
		},
	});
	for (const chunk of script.chunks) {
		for (let at = 0; at < chunk.payload.length; at += size) {
			const payload = chunk.payload.slice(at, at + size);
			const last = at + size >= chunk.payload.length;
			const bytes = last ? chunk.bytes - at : payload.length;
			const offset = (chunk.offset! + at) % 4294967296;
			connection.append({ ...chunk, payload, bytes, offset, sequence: at / size, finished: last });
			payload.fill(0x23);
		}
	}
	connection.close(1e12);
	if (copy) for (const [slice, text] of kept) expect(textOf(slice)).toBe(text);
	return rows;
}

test("every policy, however the bytes are cut", () => {
	const script = () => new Script().E(POST).I(CHUNKED).E(GET).I("HTTP/1.1 200 OK\r\n\r\nuntil the end");
	for (const size of [1, 2, 3, 7, 50, 1e9]) {
		expect(told(script(), undefined, false, size)).toEqual(["= 200", "= 200"]);
		expect(told(script(), "none", false, size)).toEqual(["= 200", "= 200"]);
		for (const copy of [false, true]) {
			expect(told(script(), "all", copy, size)).toEqual([
				"request 0123456789",
				"response Wikipedia!",
				"= 200",
				"response until the end",
				"= 200",
			]);
		}
		expect(told(script(), { prefix: 5 }, false, size)).toEqual([
			...["request 01234", "response Wikip", "= 200", "response until", "= 200"],
		]);
	}
	expect(told(script(), "length")).toEqual([...["request <10>", "response <4><6>", "= 200", "response <13>", "= 200"]]);
	expect(told(script(), { prefix: 0 })).toEqual(["= 200", "= 200"]);
});

test("what was not captured is a count, and the tail stands behind it", () => {
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
	const text = `${head}start${"x".repeat(90)}finis`;
	const cut = () => new Script().E(GET).I({ text, captured: head.length + 5, tail: 5 });
	expect(told(cut(), "all")).toEqual(["response start<90>finis", "= 200"]);
	expect(told(cut(), { prefix: 50 })).toEqual(["response start<45>", "= 200"]);
	const chunked = new Script().E(GET).I({ text: `${CHUNKED}`, captured: 56, tail: 5 });
	expect(told(chunked, "all")).toEqual(["response Wiki<-1>", "= 200"]);
});

test("lost bytes are a count", () => {
	const script = new Script().E(GET).I("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").I("def").I("ghi");
	script.chunks.splice(2, 1);
	expect(told(script, "all")).toEqual(["response abc<3>ghi", "= 200"]);
	const chunked = new Script().E(GET).I(CHUNKED.slice(0, -30)).I(CHUNKED.slice(-30, -27)).I(CHUNKED.slice(-27));
	chunked.chunks.splice(2, 1);
	expect(told(chunked, "all")).toEqual(["response <3>ipedia!", "= 200"]);
});

test("no skip hint for bytes that are wanted", () => {
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
	const hints = (bodies: BodyPolicy) => {
		const found: unknown[] = [];
		const connection = new Http1Connection(
			{ bodies },
			{ exchange() {}, protocol() {}, body() {}, skip: (...hint) => void found.push(hint) },
		);
		for (const chunk of new Script().E(GET).I(`${head}abc`).chunks) connection.append(chunk);
		return found.length;
	};
	expect([hints("none"), hints("length"), hints({ prefix: 3 }), hints({ prefix: 4 }), hints("all")]).toEqual([
		1, 1, 1, 0, 0,
	]);
});

test("collected bodies: whole, bounded, and up to the first missing byte", () => {
	const reader = new ExchangeReader({ bodies: "all" });
	reader.push(2, bytesOf(POST));
	reader.push(1, bytesOf(CHUNKED.slice(0, 60)));
	const [exchange] = reader.push(1, bytesOf(CHUNKED.slice(60)));
	expect([textOf(exchange?.request?.body), textOf(exchange?.response?.body)]).toEqual(["0123456789", "Wikipedia!"]);
	const bounded = new MessageReader("request", { bodies: "all", maxBodyBytes: 4 });
	expect(bounded.push(bytesOf(POST)).map((m) => textOf(m.body))).toEqual(["0123"]);
	expect(new MessageReader("request").push(bytesOf(POST))[0]?.body).toBeUndefined();
	const cut = new MessageReader("request", { bodies: "all" });
	cut.push(bytesOf(POST.slice(0, -6)));
	cut.gap(3);
	expect(cut.push(bytesOf("789")).map((m) => [textOf(m.body), m.decodedBodyBytes])).toEqual([["0123", 10]]);
});
