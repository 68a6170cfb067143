import { expect, test } from "vitest";
import { HeadTemplates, type Message, MessageParser, type MessageParserOptions, MessageReader } from "../src/index.ts";
import { bytesOf } from "./wire.ts";

const head = (path: string, id: string, more = "") =>
	bytesOf(`GET ${path} HTTP/1.1\r\nHost: h.example\r\nX-Id: ${id}\r\nAccept: */*\r\n${more}\r\n`);

function reader(templates: HeadTemplates, options: MessageParserOptions = {}): (bytes: Uint8Array) => Message {
	const one = new MessageReader("request", { ...options, templates });
	return (bytes) => {
		const [message] = one.push(bytes);
		// The memory is the caller's again.
		bytes.fill(0x23);
		return message!;
	};
}

test("a head that was met twice is compared with the next ones", () => {
	const templates = new HeadTemplates();
	const read = reader(templates);
	for (let n = 0; n < 10; n++) {
		const message = read(head("/a", `${n}`));
		expect(message.rawHeaders()).toEqual(["Host", "h.example", "X-Id", `${n}`, "Accept", "*/*"]);
	}
	expect(templates).toMatchObject({ size: 1, hits: 8 });
});

test("values and targets of any length, whatever line differs", () => {
	const templates = new HeadTemplates();
	const read = reader(templates);
	for (const n of [1, 1, 1, 5, 0, 50, 3]) {
		const message = read(head(`/${"p".repeat(n)}`, "i".repeat(n * 3)));
		expect([message.target, message.host, message.get("x-id"), message.get("ACCEPT"), message.getAll("none")]).toEqual([
			`/${"p".repeat(n)}`,
			"h.example",
			"i".repeat(n * 3),
			"*/*",
			[],
		]);
	}
	expect(templates.hits).toBe(5);
});

test("heads that come together, wherever they begin and however long their lines are", () => {
	const templates = new HeadTemplates();
	const found: string[] = [];
	const onEnd = (message: Message) =>
		void found.push(`${message.target} ${message.get("x-id")} ${message.headerBytes}`);
	const parser = new MessageParser("request", { onEnd }, { templates });
	const ids = Array.from({ length: 200 }, (_, n) => "i".repeat((n * 7) % 40));
	const heads = ids.map((id, n) => head(n % 5 === 0 ? `/${n}` : "/a", id));
	const expected = heads.map((bytes, n) => `${n % 5 === 0 ? `/${n}` : "/a"} ${ids[n]} ${bytes.length}`);
	parser.push(bytesOf(heads.map((bytes) => String.fromCharCode(...bytes)).join("")));
	expect(found).toEqual(expected);
	expect(templates.hits).toBeGreaterThan(190);
});

test("a length that differs frames the body", () => {
	const templates = new HeadTemplates();
	const found: (string | number | undefined)[] = [];
	const parser = new MessageParser(
		"response",
		{ onEnd: (message) => void found.push(message.bodyBytes, message.get("content-length")) },
		{ method: "GET", templates },
	);
	for (const n of [1, 22, 333, 0, 4444]) {
		parser.push(bytesOf(`HTTP/1.1 200 OK\r\nContent-Length: ${n}\r\nServer: s\r\n\r\n${"b".repeat(n)}`));
	}
	expect(found).toEqual([1, "1", 22, "22", 333, "333", 0, "0", 4444, "4444"]);
	expect(templates.hits).toBe(3);
});

test("messages that are kept stay right when their templates are replaced", () => {
	const templates = new HeadTemplates();
	const read = reader(templates);
	const kept = Array.from({ length: 20 }, (_, n) => read(head(`/${n}`, `id ${n}`)));
	const { hits } = templates;
	expect(hits).toBeGreaterThan(10);
	for (let n = 0; n < 500; n++) {
		const other = reader(templates);
		for (let k = 0; k < 4; k++) other(head("/", "x", `Q${n}z${n}-Name-${n}: ${n}\r\n`));
	}
	expect(templates.size).toBe(64);
	for (const [n, message] of kept.entries()) {
		expect([message.target, message.headers()]).toEqual([
			`/${n}`,
			[
				["Host", "h.example"],
				["X-Id", `id ${n}`],
				["Accept", "*/*"],
			],
		]);
	}
});

test("what is remembered is bounded, and long heads are not", () => {
	const templates = new HeadTemplates();
	for (let n = 0; n < 2000; n++) {
		const read = reader(templates);
		for (let k = 0; k < 3; k++) read(head("/", "x", `A${n}-${"n".repeat(n)}: ${"v".repeat(500)}\r\n`));
	}
	expect(templates.size).toBe(64);
	expect(templates.bytes).toBeLessThanOrEqual(64 * 2048);
});

test("connections that take turns do not take each other's templates away", () => {
	const templates = new HeadTemplates();
	const readers = Array.from({ length: 20 }, () => reader(templates));
	for (let round = 0; round < 50; round++) {
		for (const [n, read] of readers.entries()) read(head("/", `${round}`, `Agent-${n}: ${"x".repeat(n)}\r\n`));
	}
	expect(templates.size).toBeLessThanOrEqual(20);
	expect(templates.hits).toBeGreaterThan(20 * 45);
});

test("two kinds of heads by turns on one connection are both remembered", () => {
	const templates = new HeadTemplates();
	const read = reader(templates);
	for (let n = 0; n < 200; n++) read(n % 2 === 0 ? head("/", "x") : head("/", "x", "Cookie: c\r\n"));
	expect(templates.hits).toBeGreaterThan(150);
});

test("new connections begin with what others have learned", () => {
	const templates = new HeadTemplates();
	const first = reader(templates);
	for (let n = 0; n < 3; n++) first(head("/", "x"));
	const { hits } = templates;
	for (let n = 0; n < 10; n++) reader(templates)(head("/", `${n}`));
	expect(templates.hits).toBe(hits + 10);
});

test("limits hold as they do without", () => {
	const templates = new HeadTemplates();
	const read = reader(templates);
	for (let n = 0; n < 4; n++) read(head("/", "x"));
	const few = reader(templates, { maxHeaders: 2 })(head("/", "x"));
	expect([few.partial, few.headers().length]).toEqual([["too-many-headers"], 2]);
	const short = reader(templates, { maxStartLine: 20 })(head(`/${"p".repeat(40)}`, "x"));
	expect([short.partial, short.target.length]).toEqual([["start-line-too-long"], 20]);
});

test("strict readers judge every head themselves", () => {
	const templates = new HeadTemplates();
	const read = reader(templates, { mode: "strict" });
	for (let n = 0; n < 10; n++) read(head("/", "x"));
	expect(templates).toMatchObject({ size: 0, hits: 0 });
});

test("heads in pieces are compared as well", () => {
	const templates = new HeadTemplates();
	const one = new MessageReader("request", { templates });
	for (let n = 0; n < 30; n++) {
		const bytes = head(`/${n}`, `${n}`.repeat(n));
		const found = Array.from(bytes, (byte) => one.push(Uint8Array.of(byte))).flat();
		expect(found.map((message) => [message.target, message.get("x-id")])).toEqual([[`/${n}`, `${n}`.repeat(n)]]);
	}
	expect(templates.hits).toBeGreaterThan(20);
});

test("a head that is nearly like another one is judged as without", () => {
	const templates = new HeadTemplates();
	const warm = reader(templates);
	for (let n = 0; n < 4; n++) warm(head("/", "x"));
	const start = "GET / HTTP/1.1\r\nHost: h.example\r\n";
	for (const rest of [
		"X-Id: x\r\r\nAccept: */*\r\n\r\n",
		"X-Id: x\nAccept: */*\r\n\r\n",
		"X-Id: x\r\n folded\r\nAccept: */*\r\n\r\n",
		"X-Id: a\rb\r\nAccept: */*\r\n\r\n",
		"X-Id : x\r\nAccept: */*\r\n\r\n",
		"x-id: x\r\nAccept: */*\r\n\r\n",
		"X-Id: x\r\nAccept: */*\r\nMore: m\r\n\r\n",
		"X-Id: x\r\n\r\n",
	]) {
		const [cold] = new MessageReader("request").push(bytesOf(start + rest));
		const like = warm(bytesOf(start + rest));
		const plain = (m: Message) => [m.headers(), m.leniencies, m.partial, m.headerBytes];
		expect(plain(like), JSON.stringify(rest)).toEqual(plain(cold!));
	}
});
