import type { Chunk, Direction } from "@wirescribe/buffer";
import { bytesOf, type Row } from "./wire.ts";

/** Numbers from a seed (mulberry32): a failing schedule can be made again. */
export class Random {
	#state: number;
	constructor(seed: number) {
		this.#state = seed >>> 0;
	}
	/** A whole number from 0 to below n. */
	below(n: number): number {
		this.#state = (this.#state + 0x6d2b79f5) >>> 0;
		let t = this.#state;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n);
	}
	chance(percent: number): boolean {
		return this.below(100) < percent;
	}
	pick<T>(items: readonly T[]): T {
		return items[this.below(items.length)]!;
	}
	shuffle<T>(items: readonly T[]): T[] {
		const all = [...items];
		for (let i = all.length - 1; i > 0; i--) {
			const j = this.below(i + 1);
			[all[i], all[j]] = [all[j]!, all[i]!];
		}
		return all;
	}
}

interface Part {
	readonly head: string;
	readonly body: string;
	readonly decoded: number;
	readonly headers: string[];
}
interface Planned {
	readonly method: string;
	readonly target: string;
	readonly status: number;
	readonly request: Part;
	readonly before: string;
	readonly informational: number;
	readonly response: Part;
}

/** A conversation: chunks in the order of time, and what must come out. */
export interface Conversation {
	readonly chunks: Chunk[];
	readonly truth: Row[];
	readonly pipelined: boolean;
}

/** How to make one. */
export interface Shape {
	readonly exchanges: number;
	/** Most requests in flight. */
	readonly depth: number;
	/** Longest operation. */
	readonly maxOperation: number;
	/** Captured bytes of an operation that begins no message; undefined: all. */
	readonly capture?: number;
}

const FRAGMENTS = ["x", "\r\n", "\r\n\r\n", "0\r\n", "GET /fake HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", "abc ", "\0\xff"];

function makeBody(random: Random, fields: string[]): { body: string; decoded: number } {
	let data = "";
	for (let n = random.below(12); n > 0; n--) data += random.pick(FRAGMENTS).repeat(random.below(5));
	if (random.chance(60)) {
		fields.push(`Content-Length: ${data.length}`);
		return { body: data, decoded: data.length };
	}
	fields.push(`Transfer-Encoding: ${random.pick(["chunked", "Chunked", "gzip, chunked"])}`);
	let body = "";
	for (let at = 0; at < data.length; ) {
		const step = Math.min(data.length - at, 1 + random.below(20));
		const extension = random.chance(20) ? ";a=b" : "";
		body += `${random.chance(20) ? "0" : ""}${step.toString(16)}${extension}\r\n${data.slice(at, at + step)}\r\n`;
		at += step;
	}
	return { body: `${body}0\r\n${random.chance(20) ? "X-Sum: 1\r\n" : ""}\r\n`, decoded: data.length };
}

function makePart(random: Random, line: string, id: number, bodyAllowed: boolean, extra: string[]): Part {
	const fields = [`X-Id: ${id}`, ...extra];
	const { body, decoded } = bodyAllowed ? makeBody(random, fields) : { body: "", decoded: 0 };
	return { head: `${line}\r\n${fields.map((f) => `${f}\r\n`).join("")}\r\n`, body, decoded, headers: fields };
}

const HOST = "Host: example.org";

function plan(random: Random, id: number): Planned {
	const method = random.pick(["GET", "GET", "GET", "HEAD", "POST", "PUT", "PURGE"]);
	const target = `/${id}?q=${random.below(1000)}`;
	const expect = random.chance(10);
	const upload = method === "POST" || method === "PUT";
	const request = makePart(
		random,
		`${method} ${target} HTTP/1.1`,
		id,
		upload,
		expect ? [HOST, "Expect: 100-continue"] : [HOST],
	);
	const status = random.pick([200, 200, 200, 404, 204, 304]);
	const none = method === "HEAD" || status === 204 || status === 304;
	const extra = none && status !== 204 && random.chance(50) ? ["Content-Length: 77"] : [];
	const line = `HTTP/1.1 ${status} ${random.pick(["OK", "Not Found", ""])}`;
	const response = makePart(random, line, id, !none, extra);
	const informational = expect ? 1 + random.below(2) : 0;
	const before = "HTTP/1.1 100 Continue\r\n\r\n".repeat(informational);
	return { method, target, status, request, before, informational, response };
}

/** Makes a conversation as a client sees it: requests go out, at most `depth` unanswered; responses come in. */
export function converse(random: Random, shape: Shape): Conversation {
	const planned = Array.from({ length: shape.exchanges }, (_, id) => plan(random, id));
	const sides = [new Side(random, 1, shape), new Side(random, 2, shape)] as const;
	const chunks: Chunk[] = [];
	let sent = 0;
	let answered = 0;
	let pipelined = false;
	const requestEnds: number[] = [];
	while (answered < planned.length || sides[0].waiting > 0) {
		const out = sides[1];
		if (random.chance(50)) {
			if (sent < planned.length && sent - answered < shape.depth && (out.waiting === 0 || random.chance(50))) {
				// Only a client that has read everything sends the next request, unless it pipelines.
				if (shape.depth === 1 && sides[0].waiting > 0) continue;
				if (sent > answered || sides[0].waiting > 0) pipelined = true;
				out.put(planned[sent]!.request, "");
				requestEnds.push(out.end);
				sent++;
			}
			if (out.waiting > 0 && random.chance(70)) chunks.push(out.cut(chunks.length));
		} else if (answered < sent && requestEnds[answered]! <= out.done) {
			sides[0].put(planned[answered]!.response, planned[answered]!.before);
			answered++;
		} else if (sides[0].waiting > 0) chunks.push(sides[0].cut(chunks.length));
	}
	return { chunks, truth: planned.map((p, i) => truthOf(p, sides[1], sides[0], i)), pipelined };
}

function truthOf(p: Planned, requests: Side, responses: Side, i: number): Row {
	return {
		method: p.method,
		target: p.target,
		status: p.status,
		request: requests.sizes(p.request, i),
		response: responses.sizes(p.response, i),
		unpaired: undefined,
		partial: [],
		informational: p.informational,
		headers: [...p.request.headers, ...p.response.headers],
	};
}

/** One direction: text that waits to be moved, and the operations that moved it. */
class Side {
	waiting = 0;
	/** Bytes put in, and moved so far. */
	end = 0;
	done = 0;
	readonly #random: Random;
	readonly #direction: Direction;
	readonly #shape: Shape;
	readonly #base: number;
	#text = "";
	/** Where each message begins and ends. */
	readonly #spans: [number, number][] = [];
	readonly #operations: { from: number; to: number; id: number }[] = [];

	constructor(random: Random, direction: Direction, shape: Shape) {
		this.#random = random;
		this.#direction = direction;
		this.#shape = shape;
		this.#base = random.chance(30) ? 4294967296 - random.below(500) : random.below(4294967296);
	}

	put(part: Part, before: string): void {
		this.#text += before + part.head + part.body;
		this.#spans.push([this.end + before.length, this.end + before.length + part.head.length + part.body.length]);
		this.end += before.length + part.head.length + part.body.length;
		this.waiting = this.#text.length;
	}

	cut(index: number): Chunk {
		const length = Math.min(this.#text.length, 1 + this.#random.below(this.#shape.maxOperation));
		const from = this.done;
		const id = index + 1;
		const bytes = bytesOf(this.#text.slice(0, length));
		this.#text = this.#text.slice(length);
		this.waiting = this.#text.length;
		this.done += length;
		this.#operations.push({ from, to: from + length, id });
		const chunk = {
			direction: this.#direction,
			dataId: id,
			prevDataId: index,
			sequence: 0,
			offset: (this.#base + from) % 4294967296,
			bytes: length,
			startNs: id * 1000,
			endNs: id * 1000 + 500,
		};
		const limit = this.#shape.capture;
		if (limit === undefined || this.#inHead(from, from + length) || length <= limit + 32)
			return { ...chunk, payload: bytes };
		return { ...chunk, payload: bytes.slice(0, limit), tail: bytes.slice(length - 32) };
	}

	/** True when the range begins a message. */
	#inHead(from: number, to: number): boolean {
		return this.#spans.some(([begin]) => begin >= from - 400 && begin < to);
	}

	sizes(part: Part, i: number): Row["request"] {
		const [from, to] = this.#spans[i]!;
		const first = this.#operations.find((o) => o.to > from)!.id;
		const last = this.#operations.find((o) => o.to >= to)!.id;
		return [part.head.length, part.body.length, part.decoded, first, last];
	}
}
