import type { Chunk } from "@wirescribe/buffer";
import { type Conversation, converse, type Random } from "../test/model.ts";
import { bytesOf } from "../test/wire.ts";

/** A conversation of random shape. */
export function anyConversation(random: Random, depths: readonly number[] = [1, 1, 2, 3, 6]): Conversation {
	return converse(random, {
		exchanges: 1 + random.below(6),
		depth: random.pick(depths),
		maxOperation: random.pick([8, 60, 300, 5000]),
	});
}

/** Cuts every chunk anew, as a capture cuts operations: pieces with sequence numbers. */
export function resplit(chunks: readonly Chunk[], size: () => number): Chunk[] {
	return chunks.flatMap((chunk) => {
		const pieces: Chunk[] = [];
		for (let at = 0, sequence = 0; at < chunk.bytes; sequence++) {
			const end = Math.min(chunk.bytes, at + size());
			const payload = chunk.payload.slice(at, end);
			const offset = (chunk.offset! + at) % 4294967296;
			pieces.push({ ...chunk, payload, bytes: end - at, offset, sequence, finished: end === chunk.bytes });
			at = end;
		}
		return pieces;
	});
}

/** The same with heads of several KB: a field more behind every X-Id that is not cut. What comes behind it moves on. */
export function lengthen(random: Random, chunks: readonly Chunk[]): Chunk[] {
	const moved = [0, 0];
	return chunks.map((chunk) => {
		const text = String.fromCharCode(...chunk.payload);
		const longer = text.replace(/X-Id: \d+\r\n/g, (line) => `${line}X-Long: ${"long ".repeat(random.below(900))}\r\n`);
		const payload = bytesOf(longer);
		const offset = (chunk.offset! + moved[chunk.direction - 1]!) % 4294967296;
		moved[chunk.direction - 1]! += payload.length - chunk.bytes;
		return { ...chunk, payload, bytes: payload.length, offset };
	});
}

const PIECES = [
	"GET / HTTP/1.1\r\n",
	"HEAD /h HTTP/1.0\r\n",
	"POST /p HTTP/1.1\r\n",
	"CONNECT h:1 HTTP/1.1\r\n",
	"HTTP/1.1 200 OK\r\n",
	"HTTP/1.1 101 Switching Protocols\r\n",
	"HTTP/1.1 100 Continue\r\n\r\n",
	"HTTP/1.1 304\r\n",
	"http/1.0 404 x\n",
	"Host: h\r\n",
	"\r\n",
	"\r\n\r\n",
	"\n",
	"Content-Length: 5\r\n",
	"Content-Length: 99999999999999999999\r\n",
	"Content-Length: 1, 2\r\n",
	"Transfer-Encoding: chunked\r\n",
	"Transfer-Encoding: chunked, gzip\r\n",
	"Upgrade: x\r\n",
	"Expect: 100-continue\r\n",
	"__proto__: 1\r\nconstructor: 2\r\n",
	" folded\r\n",
	"Host : x\r\n",
	": x\r\n",
	"0\r\n\r\n",
	"5\r\nhello\r\n",
	"fffffffffffffffff\r\n",
	'5;a="\r\n"\r\n',
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"\0\x01\xff",
].map(bytesOf);

function anyBytes(random: Random): Uint8Array {
	const parts: number[] = [];
	for (let n = random.below(8); n > 0; n--) {
		if (random.chance(70)) parts.push(...random.pick(PIECES));
		else for (let k = random.below(60); k > 0; k--) parts.push(random.below(256));
	}
	return Uint8Array.from(parts);
}

/** Chunks that obey nothing: holes, overlaps, cuts, repeated and backward ids, wrong times. */
export function anyChunks(random: Random): Chunk[] {
	const positions = [random.below(65536) * 65536, random.below(65536) * 65536];
	const offsets = random.chance(70);
	const chunks: Chunk[] = [];
	for (let n = random.below(30); n > 0; n--) {
		const direction = random.pick([1, 2] as const);
		const payload = anyBytes(random);
		const hidden = random.pick([0, 0, 0, 0, 3, 50, 70_000]);
		const step = random.pick([0, 0, 0, 0, 0, 5, 100, 100_000, -3, -50, 2 ** 31]);
		const offset = (positions[direction - 1]! + step + 4294967296) % 4294967296;
		positions[direction - 1] = (offset + payload.length + hidden) % 4294967296;
		const dataId = Math.max(1, chunks.length + 1 + random.pick([0, 0, 0, 0, 0, 1, -2, 1e9]));
		const startNs = random.pick([0, chunks.length * 1e6, chunks.length * 1e7]);
		chunks.push({
			direction,
			dataId,
			prevDataId: random.pick([dataId - 1, dataId - 1, dataId - 1, 0, dataId, dataId + 5]),
			sequence: random.pick([0, 0, 0, 1, 5]),
			offset: offsets ? offset : undefined,
			bytes: payload.length + hidden,
			payload,
			...(hidden > 40 && random.chance(50) ? { tail: anyBytes(random).slice(0, 32) } : {}),
			finished: random.chance(90),
			startNs,
			endNs: Math.max(startNs, chunks.length * 1e6),
		});
	}
	return random.chance(30) ? random.shuffle(chunks) : chunks;
}

const MEANINGFUL = [...bytesOf("\r\n\0: \t0,;9aG/")];

/** Changes bytes of a conversation without moving its chunks: replaced bytes only, so that offsets stay true. */
export function mutate(random: Random, chunks: readonly Chunk[]): Chunk[] {
	const changed = chunks.map((chunk) => ({ ...chunk, payload: chunk.payload.slice() }));
	for (let n = 1 + random.below(4); n > 0; n--) {
		const { payload } = random.pick(changed);
		payload[random.below(payload.length)] = random.chance(80) ? random.pick(MEANINGFUL) : random.below(256);
	}
	return changed;
}
