import type { Chunk } from "@wirescribe/buffer";
import { Http1Connection, type Http1Options } from "../src/index.ts";
import { type Conversation, converse, type Random } from "../test/model.ts";
import { identity, type Row, run } from "../test/wire.ts";
import type { Outcome, Property } from "./property.ts";
import { anyChunks, anyConversation, mutate, resplit } from "./traffic.ts";

const FOREVER = { reorderWindowNs: 1e15 };
const LIMITS = { maxRetainedBytes: 4096, maxHeaderBytes: 1024, maxPipelined: 8, maxUnsyncedBytes: 2048 };

/** Chunks that obey nothing, with small limits: what is wrong, or undefined. */
function survives(chunks: readonly Chunk[]): string | undefined {
	let out = 0;
	const sink = { exchange: () => void out++, protocol() {} };
	const connection = new Http1Connection(LIMITS, sink);
	let largest = 0;
	for (const chunk of chunks) {
		largest = Math.max(largest, chunk.payload.length + (chunk.tail?.length ?? 0));
		connection.append(chunk);
		identity(connection);
		const bound = 2 * (LIMITS.maxRetainedBytes + LIMITS.maxHeaderBytes + largest) + 65536;
		if (connection.retained > bound) return `${connection.retained} bytes are kept, more than ${bound}`;
		if (connection.open() > LIMITS.maxPipelined + 3) return `${connection.open()} requests are open`;
	}
	connection.tick(1e12);
	identity(connection);
	connection.close(2e12);
	identity(connection);
	if (connection.open() !== 0) return `${connection.open()} requests are open after close`;
	return undefined;
}

function firstDifference(rows: readonly Row[], truth: readonly Row[]): string | undefined {
	if (JSON.stringify(rows) === JSON.stringify(truth)) return undefined;
	const at = rows.findIndex((row, i) => JSON.stringify(row) !== JSON.stringify(truth[i]));
	const i = at < 0 ? rows.length : at;
	const of = `${rows.length} exchanges instead of ${truth.length}`;
	return `${of}; exchange ${i} is ${JSON.stringify(rows[i])} instead of ${JSON.stringify(truth[i])}`;
}

function isMispaired(row: Row): boolean {
	const [first, second] = row.headers.filter((field) => field.startsWith("X-Id: "));
	return row.unpaired === undefined && second !== undefined && first !== second;
}

/** A conversation of which chunks are missing: a wrong pair or field, or undefined. */
function unsound(truth: readonly Row[], rows: readonly Row[]): string | undefined {
	const byTarget = new Map(truth.map((row) => [row.target, row]));
	for (const row of rows) {
		if (isMispaired(row)) return `wrong pair: ${JSON.stringify(row)}`;
		if (row.target === undefined) continue;
		const real = byTarget.get(row.target);
		if (real === undefined) return `made up: ${JSON.stringify(row)}`;
		if (row.unpaired !== undefined || row.partial.length > 0) continue;
		const [a, b] = [row, real].map((one) => JSON.stringify({ ...one, informational: 0 }));
		if (a !== b) return `wrong field: ${a} instead of ${b}`;
	}
	return undefined;
}

function dropping(random: Random, { chunks, truth }: Conversation): Outcome {
	const lost = new Set([random.below(chunks.length)]);
	while (random.chance(30)) lost.add(random.below(chunks.length));
	// Two clocks: everything within the reorder window, or every hole given up before the next chunk comes.
	const slow = random.chance(50) ? 30_000 : 1;
	const kept = chunks
		.filter((_, i) => !lost.has(i))
		.map((chunk) => ({ ...chunk, startNs: chunk.startNs * slow, endNs: chunk.endNs * slow }));
	const again = (some: readonly Chunk[]) => unsound(truth, run(some).rows);
	const { rows } = run(kept);
	const what = unsound(truth, rows);
	const untouched = truth.filter((row) => ![...lost].some((i) => touches(row, i + 1)));
	const found = untouched.filter((row) =>
		rows.some((one) => one.target === row.target && one.unpaired === undefined && one.partial.length === 0),
	);
	const note = `first seen with operations ${[...lost].map((i) => i + 1)} of ${chunks.length} lost`;
	const defect = what === undefined ? undefined : { what, note, chunks: kept, again };
	return { checked: untouched.length, whole: found.length, defect };
}

function touches(row: Row, id: number): boolean {
	return [row.request!, row.response!].some(([, , , first, last]) => first <= id && id <= last);
}

function splitting(random: Random, chunks: readonly Chunk[]): Outcome {
	const whole = run(chunks, {}, false).rows;
	const most = random.pick([1, 2, 3, 10, 100]);
	const pieces = resplit(chunks, () => 1 + random.below(most));
	const what = firstDifference(run(pieces, {}, false).rows, whole);
	return { checked: whole.length, defect: what === undefined ? undefined : { what, chunks } };
}

/** Traffic as it may come: whole, out of order, with parts missing or replaced. */
function anyArrival(random: Random): Chunk[] {
	let { chunks } = anyConversation(random);
	if (random.chance(30)) chunks = mutate(random, chunks);
	if (random.chance(30)) chunks = chunks.filter(() => !random.chance(20));
	if (random.chance(20)) chunks = chunks.map((chunk) => ({ ...chunk, offset: undefined }));
	const slow = random.pick([1, 1, 30_000, 1e6]);
	chunks = chunks.map((chunk) => ({ ...chunk, startNs: chunk.startNs * slow, endNs: chunk.endNs * slow }));
	return random.chance(20) ? random.shuffle(chunks) : chunks;
}

function resting(random: Random): Outcome {
	const chunks = anyArrival(random);
	const options = random.pick<Http1Options>([{}, { role: "client" }, { role: "server" }, LIMITS]);
	const differs = (some: readonly Chunk[]): string | undefined => {
		const [a, b] = [run(some, options), run(some, options, true, true)];
		const what = firstDifference(b.rows, a.rows);
		if (what !== undefined) return what;
		const [c, d] = [a, b].map(({ changes, skips }) => JSON.stringify([changes, skips]));
		return c === d ? undefined : `${d} instead of ${c}`;
	};
	const what = differs(chunks);
	const defect = what === undefined ? undefined : { what, chunks, again: differs };
	return { checked: run(chunks, options, true, true).rested, defect };
}

/** All properties that need nothing but the parser, the cheap ones as likely as the others. */
export const PROPERTIES: readonly Property[] = [
	{
		name: "random",
		says: "random bytes, ids and offsets never throw; memory and requests in flight stay within the limits",
		try(random) {
			const chunks = anyChunks(random);
			let what: string | undefined;
			try {
				what = survives(chunks);
			} catch (error) {
				what = (error as Error).stack ?? String(error);
			}
			return { checked: 1, defect: what === undefined ? undefined : { what, chunks, again: survives } };
		},
	},
	{
		name: "split",
		says: "every split of the input gives the same exchanges",
		try: (random) => splitting(random, anyConversation(random).chunks),
	},
	{
		name: "split-damaged",
		says: "the same when bytes of the traffic were replaced",
		try: (random) => splitting(random, mutate(random, anyConversation(random).chunks)),
	},
	{
		name: "order",
		says: "every order of arrival, with duplicates, gives the same exchanges",
		try(random) {
			const { chunks, truth } = anyConversation(random);
			const offsets = random.chance(70);
			const plain = offsets ? chunks : chunks.map((chunk) => ({ ...chunk, offset: undefined }));
			const doubled = plain.filter(() => random.chance(10));
			const arrived = random.shuffle([...plain, ...(offsets ? doubled : [])]);
			const what = firstDifference(run(arrived, FOREVER).rows, truth);
			return { checked: truth.length, defect: what === undefined ? undefined : { what, chunks: arrived } };
		},
	},
	{
		name: "rest",
		says: "a connection that rests whenever it can gives the same exchanges, changes and hints",
		try: resting,
	},
	{
		name: "drop",
		says: "lost chunks never give a wrong pair or a wrong field; one request in flight",
		try: (random) => dropping(random, anyConversation(random, [1])),
	},
	{
		name: "drop-pipelined",
		says: "the same with pipelining",
		try: (random) => dropping(random, anyConversation(random, [2, 3, 6])),
	},
	{
		name: "schedules",
		says: "random schedules of keep-alive and pipelined traffic against a model: no exchange mispaired, every field right",
		try(random) {
			const shape = { exchanges: 1 + random.below(8), depth: random.pick([1, 2, 4, 8]) };
			const { chunks, truth } = converse(random, { ...shape, maxOperation: random.pick([40, 300, 2000]) });
			const { rows } = run(chunks, random.chance(50) ? { role: "client" } : {});
			const wrong = rows.find(isMispaired);
			const what = wrong ? `mispaired: ${JSON.stringify(wrong)}` : firstDifference(rows, truth);
			return { checked: truth.length, defect: what === undefined ? undefined : { what, chunks } };
		},
	},
];
