import fc from "fast-check";
import { expect, test } from "vitest";
import { unsound } from "../fuzz/properties.ts";
import { type Conversation, converse, Random } from "./model.ts";
import { bytesOf, identity, type Row, run } from "./wire.ts";

const FOREVER = { reorderWindowMs: 1e9 };

function shapeOf(random: Random) {
	return {
		exchanges: 1 + random.below(6),
		depth: random.pick([1, 1, 2, 3, 6]),
		maxOperation: random.pick([8, 60, 300, 5000]),
	};
}

test("20,000 schedules of keep-alive and pipelined traffic: every exchange, every field", { timeout: 300_000 }, () => {
	for (let seed = 1; seed <= 20_000; seed++) {
		const random = new Random(seed);
		const { chunks, truth } = converse(random, shapeOf(random));
		const { rows } = run(chunks, random.chance(50) ? { role: "client" } : {});
		// vitest's equality costs more than the parser: it is asked only for the explanation.
		if (JSON.stringify(rows) !== JSON.stringify(truth)) expect(rows, `seed ${seed}`).toEqual(truth);
	}
});

test("any order of arrival, with duplicates, gives the same exchanges", { timeout: 300_000 }, () => {
	for (let seed = 1; seed <= 2_000; seed++) {
		const random = new Random(seed);
		const { chunks, truth } = converse(random, shapeOf(random));
		const doubled = chunks.filter(() => random.chance(10));
		const { rows } = run(random.shuffle([...chunks, ...doubled]), FOREVER);
		if (JSON.stringify(rows) !== JSON.stringify(truth)) expect(rows, `seed ${seed}`).toEqual(truth);
	}
});

test("the same without offsets: ids stand in", () => {
	for (let seed = 1; seed <= 1_000; seed++) {
		const random = new Random(seed);
		const { chunks, truth } = converse(random, shapeOf(random));
		const without = chunks.map((chunk) => ({ ...chunk, offset: undefined }));
		const { rows } = run(random.shuffle(without), FOREVER);
		if (JSON.stringify(rows) !== JSON.stringify(truth)) expect(rows, `seed ${seed}`).toEqual(truth);
	}
});

/** True when an operation moved bytes of the exchange. */
function touches(row: Row, id: number): boolean {
	return [row.request!, row.response!].some(([, , , first, last]) => first <= id && id <= last);
}

/** How many rows are whole. Throws when one is wrong. */
function checkSound({ truth }: Conversation, rows: Row[], seed: number): number {
	const what = unsound(truth, rows);
	if (what !== undefined) throw new Error(`seed ${seed}: ${what}`);
	return rows.filter((row) => row.target !== undefined && row.unpaired === undefined && row.partial.length === 0)
		.length;
}

test("any chunk lost: never a wrong pair, never a wrong field", { timeout: 300_000 }, () => {
	// Of exchanges that lost nothing themselves, by what was lost: an answer, or something that was asked.
	const whole = [0, 0];
	const all = [0, 0];
	for (let seed = 1; seed <= 600; seed++) {
		const random = new Random(seed);
		const shape = { ...shapeOf(random), depth: random.pick([1, 1, 3]) };
		const conversation = converse(random, shape);
		// Two clocks: everything within the reorder window, or every hole given up before the next chunk comes.
		const slow = random.chance(50) ? 30_000 : 1;
		const chunks = conversation.chunks.map((chunk) => ({
			...chunk,
			endNs: chunk.endNs * slow,
			startNs: chunk.startNs * slow,
		}));
		for (let lost = 0; lost < Math.min(chunks.length, 40); lost++) {
			const { rows } = run(chunks.filter((_, i) => i !== lost));
			const sound = checkSound(conversation, rows, seed);
			if (shape.depth > 1) continue;
			const what = chunks[lost]!.direction - 1;
			whole[what]! += sound;
			all[what]! += conversation.truth.filter((row) => !touches(row, lost + 1)).length;
		}
	}
	// How many responses were lost shows where the next request begins; how many requests, at times only the end.
	expect(whole[0]! / all[0]!).toBeGreaterThan(0.97);
	expect(whole[1]! / all[1]!).toBeGreaterThan(0.64);
});

test("cut operations: sizes on the wire stay exact, and so do the pairs", () => {
	for (let seed = 1; seed <= 2_000; seed++) {
		const random = new Random(seed);
		const { chunks, truth } = converse(random, { ...shapeOf(random), maxOperation: 400, capture: 8 });
		const { rows } = run(chunks);
		for (const [i, row] of rows.entries()) {
			const decoded = row.partial.includes("chunk-lines-not-captured");
			const plain = (r: Row | undefined) =>
				JSON.stringify([r?.method, r?.target, r?.status, r?.request?.slice(0, 2), r?.response?.slice(0, 2)]);
			const real = truth.find((r) => r.target === row.target);
			if (row.unpaired === undefined && !decoded && row.partial.length === 0 && plain(row) !== plain(real)) {
				throw new Error(`seed ${seed} row ${i} ${JSON.stringify(row)} ${plain(real)}`);
			}
		}
	}
});

test("every split of a conversation gives the same exchanges", { timeout: 300_000 }, () => {
	const random = new Random(7);
	const { chunks } = converse(random, { exchanges: 5, depth: 3, maxOperation: 100_000 });
	const expected = run(chunks, {}, false).rows;
	const splitAll = (size: (at: number) => number) =>
		run(
			chunks.flatMap((chunk) => {
				const pieces = [];
				for (let at = 0, sequence = 0; at < chunk.bytes; sequence++) {
					const end = Math.min(chunk.bytes, at + size(at));
					const payload = chunk.payload.slice(at, end);
					const offset = (chunk.offset! + at) % 4294967296;
					pieces.push({ ...chunk, payload, bytes: end - at, offset, sequence, finished: end === chunk.bytes });
					at = end;
				}
				return pieces;
			}),
			{},
			false,
		).rows;
	for (let at = 1; at < 1000; at++) expect(splitAll((from) => (from === 0 ? at : 1e9))).toEqual(expected);
	expect(splitAll(() => 1)).toEqual(expected);
	for (let n = 0; n < 200; n++) expect(splitAll(() => 1 + random.below(40))).toEqual(expected);
});

test("bytes of any kind never throw, and the identity holds", () => {
	const piece = fc.oneof(
		fc.uint8Array({ maxLength: 40 }),
		fc.constantFrom(
			...[
				"GET / HTTP/1.1\r\n",
				"HTTP/1.1 200 OK\r\n",
				"\r\n",
				"Content-Length: 5\r\n",
				"Transfer-Encoding: chunked\r\n",
			].map(bytesOf),
			...["0\r\n\r\n", "5\r\nhello\r\n", " folded\r\n", "Host : x\r\n", "Content-Length: 1, 2\r\n", "zz\n\n"].map(
				bytesOf,
			),
		),
	);
	const chunk = fc.record({
		direction: fc.constantFrom(1 as const, 2 as const),
		pieces: fc.array(piece, { maxLength: 8 }),
		hole: fc.constantFrom(0, 0, 0, 5, 100),
		hidden: fc.constantFrom(0, 0, 0, 3, 50),
	});
	fc.assert(
		fc.property(fc.array(chunk, { maxLength: 20 }), (plan) => {
			const positions = [0, 0];
			const chunks = plan.map(({ direction, pieces, hole, hidden }, i) => {
				const payload = bytesOf(pieces.map((p) => String.fromCharCode(...p)).join(""));
				const offset = positions[direction - 1]! + hole;
				positions[direction - 1] = offset + payload.length + hidden;
				const ids = { dataId: i + 1, prevDataId: i, sequence: 0 };
				return { direction, ...ids, offset, bytes: payload.length + hidden, payload, startNs: 0, endNs: i * 1e7 };
			});
			identity(run(chunks).connection);
		}),
		{ numRuns: 3000 },
	);
});
