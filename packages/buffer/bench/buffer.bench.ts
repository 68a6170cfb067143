/**
 * Appends and reads per second, in order and with one chunk in ten late; and what idle connections hold.
 * Prints Markdown. `--seconds 1`: time for each row. Needs --expose-gc.
 */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { BYTES, type Chunk, SocketBuffer } from "@wirescribe/buffer";

const { values: options } = parseArgs({ options: { seconds: { type: "string", default: "1" } } });
const ROUNDS = 10;
const CHUNKS = 10_000;
const sliceMs = (Number(options.seconds) * 1000) / ROUNDS;

/** Chunks of one direction; every tenth comes `late` places later than it should. */
function makeChunks(size: number, late: number): readonly Chunk[] {
	const bytes = new Uint8Array(size).fill(0x61);
	const chunks = Array.from({ length: CHUNKS }, (_, i): Chunk => {
		const ids = { direction: 1 as const, dataId: i + 1, prevDataId: i, sequence: 0 };
		return { ...ids, offset: i * size, bytes: size, payload: bytes, startNs: i * 1000, endNs: i * 1000 + 500 };
	});
	if (late === 0) return chunks;
	for (let i = 5; i + late < CHUNKS; i += 10) chunks.splice(i + late, 0, chunks.splice(i, 1)[0]!);
	return chunks;
}

/** Appends every chunk, reads whatever is readable, settles. Throws unless every byte was read. */
function drive(chunks: readonly Chunk[]): void {
	const buffer = new SocketBuffer();
	const stream = buffer.ingress;
	let read = 0;
	for (const chunk of chunks) {
		buffer.append(chunk);
		while (stream.span() === BYTES) {
			const length = stream.to - stream.from;
			read += length;
			stream.advance(length);
		}
		buffer.settle();
	}
	const all = chunks.length * chunks[0]!.bytes;
	if (read !== all) throw new Error(`read ${read} of ${all} bytes`);
}

interface Row {
	readonly name: string;
	readonly chunks: readonly Chunk[];
	readonly perSecond: number[];
}

function measure(row: Row, ms: number): void {
	const begin = performance.now();
	let runs = 0;
	let now = begin;
	for (; now - begin < ms; now = performance.now()) {
		drive(row.chunks);
		runs++;
	}
	row.perSecond.push((runs * row.chunks.length * 1000) / (now - begin));
}

declare const Bun: { gc(force: boolean): void } | undefined;

async function usedBytes(): Promise<number> {
	for (let i = 0; i < 3; i++) {
		const { gc } = globalThis as { gc?: () => void };
		if (typeof Bun !== "undefined") Bun.gc(true);
		else if (gc === undefined) throw new Error("Cannot collect garbage: start the runtime with --expose-gc");
		else gc();
		await sleep(20);
	}
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	return heapUsed + arrayBuffers;
}

/** Bytes that one idle connection's buffer holds: both directions have moved bytes, everything has been read. */
async function idleBytes(): Promise<number> {
	const count = 10_000;
	const payload = new Uint8Array(400);
	const rest = { sequence: 0, offset: 1, bytes: payload.length, payload, startNs: 0, endNs: 0 };
	const make = () => {
		const buffer = new SocketBuffer();
		for (const direction of [1, 2] as const) {
			buffer.append({ direction, dataId: direction, prevDataId: direction - 1, ...rest });
			buffer.stream(direction).skip(payload.length);
		}
		buffer.settle();
		return buffer;
	};
	make();
	const buffers: SocketBuffer[] = new Array(count);
	const before = await usedBytes();
	for (let i = 0; i < count; i++) buffers[i] = make();
	const after = await usedBytes();
	if (buffers.some((buffer) => buffer.retained > 0)) throw new Error("not idle");
	return (after - before) / count;
}

const rows: Row[] = [];
for (const size of [400, 16384]) {
	for (const [name, late] of [
		["in order", 0],
		["10 % late by 1", 1],
		["10 % late by 8", 8],
	] as const) {
		rows.push({ name: `${size} B chunks, ${name}`, chunks: makeChunks(size, late), perSecond: [] });
	}
}
for (const row of rows) measure(row, sliceMs * 3);
for (const row of rows) row.perSecond.length = 0;
for (let round = 0; round < ROUNDS; round++) for (const row of rows) measure(row, sliceMs);

console.log("| buffer | appends and reads a second |\n| --- | --- |");
for (const { name, perSecond } of rows) {
	const middle = perSecond.sort((a, b) => a - b)[ROUNDS >> 1]!;
	console.log(`| ${name} | ${(middle / 1e6).toFixed(2)} M |`);
}
console.log(`\n10,000 idle connections: the buffer of each holds ${Math.round(await idleBytes())} bytes.`);
