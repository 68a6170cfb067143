import process from "node:process";
import type { Chunk, Direction } from "@wirescribe/buffer";
import { type Exchange, Http1Connection, type Http1Options } from "../src/index.ts";

/** How long an input took, and one twice as long. */
export interface Growth {
	readonly name: string;
	readonly halfMs: number;
	readonly fullMs: number;
	/** What was read from the full input, in words. */
	readonly read: string;
}

/** One of them. */
export interface Shape {
	readonly name: string;
	/** The size that the name says; half of it is measured, too. */
	readonly size: number;
	readonly options: Http1Options;
	make(size: number): readonly Chunk[];
	/** Throws when it was read wrongly. */
	check(exchanges: readonly Exchange[], size: number): string;
}

const REPEATS = 5;
/** A run that takes longer grows too fast. */
const MAX_MS = 20_000;
const HUGE = {
	maxStartLine: 1 << 26,
	maxHeaderBytes: 1 << 26,
	maxHeaders: 1 << 20,
	maxPendingBytes: 1 << 26,
	maxPendingFragments: 1 << 24,
};
const ASK = "GET /ask HTTP/1.1\r\nHost: h\r\n\r\n";

function bytesOf(text: string): Uint8Array {
	return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** Chunks of one conversation. */
class Chunks {
	readonly all: Chunk[] = [];
	readonly #positions: [number, number] = [0, 0];

	add(direction: Direction, payload: Uint8Array, offsets: boolean = true): this {
		const dataId = this.all.length + 1;
		const offset = offsets ? this.#positions[direction - 1]! : undefined;
		this.#positions[direction - 1]! += payload.length;
		const ids = { direction, dataId, prevDataId: dataId - 1, sequence: 0 };
		this.all.push({ ...ids, offset, bytes: payload.length, payload, startNs: dataId * 10, endNs: dataId * 10 + 5 });
		return this;
	}

	/** Byte by byte. */
	addBytes(direction: Direction, bytes: Uint8Array): this {
		for (let i = 0; i < bytes.length; i++) this.add(direction, bytes.subarray(i, i + 1));
		return this;
	}
}

/** The same order every time. */
function shuffle<Item>(items: Item[]): Item[] {
	let seed = 1;
	for (let i = items.length - 1; i > 0; i--) {
		seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
		const j = (seed >>> 8) % (i + 1);
		[items[i], items[j]] = [items[j]!, items[i]!];
	}
	return items;
}

function one(exchanges: readonly Exchange[]): Exchange {
	if (exchanges.length !== 1) throw new Error(`${exchanges.length} exchanges instead of 1`);
	return exchanges[0]!;
}

/** The awkward inputs. */
export const SHAPES: readonly Shape[] = [
	{
		name: "1 MB head, byte by byte",
		size: 1 << 20,
		options: HUGE,
		make: (size) => new Chunks().addBytes(2, bytesOf(`GET / HTTP/1.1\r\nX: ${"v".repeat(size - 23)}\r\n\r\n`)).all,
		check(exchanges, size) {
			const { request, partial } = one(exchanges);
			if (request?.headerBytes !== size || partial.length > 0)
				throw new Error(`head ${request?.headerBytes} ${partial}`);
			return `a head of ${size} bytes`;
		},
	},
	{
		name: "64,000 one-byte chunks of a body",
		size: 64_000,
		options: {},
		make(size) {
			const chunks = new Chunks().add(2, bytesOf(ASK));
			const body = `${"1\r\nx\r\n".repeat(size)}0\r\n\r\n`;
			return chunks.add(1, bytesOf(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`)).all;
		},
		check(exchanges, size) {
			const { response, partial } = one(exchanges);
			if (response?.decodedBodyBytes !== size || partial.length > 0)
				throw new Error(`body ${response?.bodyBytes} ${partial}`);
			return `a body of ${size} bytes`;
		},
	},
	{
		name: "64,000 captured pieces of one byte",
		size: 64_000,
		options: {},
		make(size) {
			const chunks = new Chunks().add(2, bytesOf(ASK));
			return chunks.addBytes(1, bytesOf(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size)}`)).all;
		},
		check(exchanges, size) {
			const { response, partial } = one(exchanges);
			if (response?.bodyBytes !== size || partial.length > 0) throw new Error(`body ${response?.bodyBytes} ${partial}`);
			return `a body of ${size} bytes`;
		},
	},
	{
		name: "10,000 headers",
		size: 10_000,
		options: HUGE,
		make(size) {
			const fields = Array.from({ length: size }, (_, i) => `X-${i}: v\r\n`).join("");
			return new Chunks().add(2, bytesOf(`GET / HTTP/1.1\r\n${fields}\r\n`)).all;
		},
		check(exchanges, size) {
			const { request } = one(exchanges);
			const headers = request?.headers() ?? [];
			const last = request?.get(`x-${size - 1}`);
			if (headers.length !== size || last !== "v") throw new Error(`${headers.length} headers, the last is ${last}`);
			return `${size} headers`;
		},
	},
	{
		name: "100,000 CRLFs before a request, one a chunk",
		size: 100_000,
		options: {},
		make(size) {
			const chunks = new Chunks();
			for (let i = 0; i < size; i++) chunks.add(2, CRLF);
			return chunks.add(2, bytesOf(ASK)).add(1, bytesOf("HTTP/1.1 204 No Content\r\n\r\n")).all;
		},
		check(exchanges, size) {
			const { request, response, partial } = one(exchanges);
			if (request?.target !== "/ask" || response?.status !== 204 || partial.length > 0) throw new Error("lost");
			return `${size} CRLFs and a request`;
		},
	},
	{
		name: "100,000 CRLFs before a request, in one chunk",
		size: 100_000,
		options: {},
		make: (size) =>
			new Chunks().add(2, bytesOf("\r\n".repeat(size) + ASK)).add(1, bytesOf("HTTP/1.1 204 No Content\r\n\r\n")).all,
		check(exchanges, size) {
			const { request, response, partial } = one(exchanges);
			if (request?.target !== "/ask" || response?.status !== 204 || partial.length > 0) throw new Error("lost");
			return `${size} CRLFs and a request`;
		},
	},
	...[true, true, false, false].map(
		(offsets, i): Shape => ({
			name: `10,000 pending ids ${i % 2 ? "in any order" : "from the last one on"}, ${offsets ? "with" : "without"} offsets`,
			size: 10_000,
			options: { ...HUGE, reorderWindowMs: 1e9 },
			// The first comes last: everything is pending until the very end.
			make(size) {
				const chunks = new Chunks();
				for (let i = 0; i < size; i += 2) {
					chunks.add(2, bytesOf(ASK), offsets).add(1, bytesOf("HTTP/1.1 204 No Content\r\n\r\n"), offsets);
				}
				const [first, ...rest] = chunks.all;
				return [...(i % 2 ? shuffle(rest) : rest.reverse()), first!];
			},
			check(exchanges, size) {
				const pairs = exchanges.filter(
					({ request, response }) => request !== undefined && response !== undefined,
				).length;
				const wrong = exchanges.filter(
					({ request, response }) => request && response && response.firstDataId !== request.firstDataId + 1,
				);
				if (wrong.length > 0) throw new Error(`${wrong.length} wrong pairs`);
				return `${pairs} of ${size / 2} pairs`;
			},
		}),
	),
	{
		name: "10,000 pipelined requests, then their responses (no limit in the way)",
		size: 10_000,
		options: { ...HUGE, maxPipelined: 1 << 20 },
		make(size) {
			const chunks = new Chunks();
			for (let i = 0; i < size; i++) chunks.add(2, bytesOf(ASK));
			for (let i = 0; i < size; i++) chunks.add(1, bytesOf("HTTP/1.1 204 No Content\r\n\r\n"));
			return chunks.all;
		},
		check(exchanges, size) {
			if (exchanges.length !== size || exchanges.some(({ unpaired }) => unpaired)) throw new Error("not all paired");
			return `${size} pairs`;
		},
	},
];
const CRLF = bytesOf("\r\n");

/** Reads one and checks it. */
export function readShape(chunks: readonly Chunk[], shape: Shape, size: number): { ms: number; read: string } {
	const exchanges: Exchange[] = [];
	const connection = new Http1Connection(shape.options, {
		exchange(exchange) {
			exchange.request?.detach();
			exchange.response?.detach();
			exchanges.push(exchange);
		},
		protocol() {},
	});
	const begin = performance.now();
	for (let i = 0; i < chunks.length; i++) {
		connection.append(chunks[i]!);
		if ((i & 1023) === 0 && performance.now() - begin > MAX_MS) {
			throw new Error(`given up after ${MAX_MS / 1000} s and ${i} of ${chunks.length} chunks`);
		}
	}
	connection.close(1e12);
	const read = shape.check(exchanges, size);
	return { ms: performance.now() - begin, read };
}

/** The least of several runs, halves and wholes in turn: what the input costs when nothing else disturbs. */
export function measureGrowth(): readonly Growth[] {
	return SHAPES.map((shape) => {
		process.stderr.write(`growth: ${shape.name}\n`);
		const half = shape.make(shape.size / 2);
		const full = shape.make(shape.size);
		let halfMs = Number.POSITIVE_INFINITY;
		let fullMs = Number.POSITIVE_INFINITY;
		let read = "";
		try {
			for (let i = 0; i < REPEATS; i++) {
				halfMs = Math.min(halfMs, readShape(half, shape, shape.size / 2).ms);
				const result = readShape(full, shape, shape.size);
				fullMs = Math.min(fullMs, result.ms);
				read = result.read;
				// What takes seconds shows its growth the first time.
				if (fullMs > 2000) break;
			}
		} catch (error) {
			read = `WRONG: ${(error as Error).message}`;
			halfMs = fullMs = 0;
		}
		return { name: shape.name, halfMs, fullMs, read };
	});
}
