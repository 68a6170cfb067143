import type { Chunk } from "@wirescribe/buffer";
import { HeadTemplates, Http1Connection, type Http1Options } from "../src/index.ts";
import { type Conversation, converse, type Random } from "../test/model.ts";
import { identity, type Row, run } from "../test/wire.ts";
import type { Outcome, Property } from "./property.ts";
import { RECALLED } from "./recalled.ts";
import { anyChunks, anyConversation, lengthen, mutate, resplit } from "./traffic.ts";

const FOREVER = { reorderWindowMs: 1e9 };
const LIMITS = { maxPendingBytes: 4096, maxHeaderBytes: 1024, maxPipelined: 8, maxUnsyncedBytes: 2048 };

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
		const bound = 2 * (LIMITS.maxPendingBytes + LIMITS.maxHeaderBytes + largest) + 65536;
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

/** A start line may be cut: then the target is the beginning of one, or empty. */
function isCut(row: Row): boolean {
	return row.partial.some((reason) => reason.startsWith("head-") || reason === "cut-by-close");
}

/** The exchanges whose request this may be. */
function originals(row: Row, truth: readonly Row[]): Row[] {
	const first = row.request?.[3];
	const same = ({ method, target, request }: Row) =>
		isCut(row)
			? target!.startsWith(row.target!) && (row.method === "" || method === row.method) && request![3] === first
			: target === row.target;
	return truth.filter(same);
}

function isMispaired(row: Row): boolean {
	const [first, second] = row.headers.filter((field) => field.startsWith("X-Id: "));
	return row.unpaired === undefined && second !== undefined && first !== second;
}

/** Whether its response, of a request that is cut before its X-Id, is that of another one. */
function isMispairedCut(row: Row, of: readonly Row[]): boolean {
	const ids = row.headers.filter((field) => field.startsWith("X-Id: "));
	return row.unpaired === undefined && ids.length === 1 && !of.some(({ headers }) => headers.includes(ids[0]!));
}

/** A conversation of which chunks are missing, or bytes were not captured: a wrong pair or field, or undefined. */
export function unsound(truth: readonly Row[], rows: readonly Row[]): string | undefined {
	for (const row of rows) {
		if (isMispaired(row)) return `wrong pair: ${JSON.stringify(row)}`;
		if (row.target === undefined) continue;
		const of = originals(row, truth);
		if (of.length === 0) return `made up: ${JSON.stringify(row)}`;
		if (isCut(row) && isMispairedCut(row, of)) return `wrong pair: ${JSON.stringify(row)}`;
		if (row.unpaired !== undefined || row.partial.length > 0) continue;
		const [a, b] = [row, of[0]].map((one) => JSON.stringify({ ...one, informational: 0 }));
		if (a !== b) return `wrong field: ${a} instead of ${b}`;
	}
	return undefined;
}

function dropping(random: Random, { chunks, truth }: Conversation, least = 1): Outcome {
	const lost = new Set([random.below(chunks.length)]);
	while (lost.size < least || random.chance(30)) lost.add(random.below(chunks.length));
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

/** Operations of which a beginning was captured, and at times the very end. */
function cutting(random: Random, { chunks, truth }: Conversation): Outcome {
	const cut = chunks.map((chunk): Chunk => {
		const captured = random.chance(80) ? chunk.bytes : random.below(chunk.bytes);
		const tail = random.chance(50) && chunk.bytes - captured > 32 ? chunk.payload.slice(-32) : undefined;
		return { ...chunk, payload: chunk.payload.slice(0, captured), ...(tail && { tail }) };
	});
	const whole = (i: number) => cut[i]!.payload.length === cut[i]!.bytes;
	const again = (some: readonly Chunk[]) => unsound(truth, run(some).rows);
	const { rows } = run(cut);
	const what = unsound(truth, rows);
	const untouched = truth.filter((row) => cut.every((_, i) => whole(i) || !touches(row, i + 1)));
	const found = untouched.filter((row) =>
		rows.some((one) => one.target === row.target && one.unpaired === undefined && one.partial.length === 0),
	);
	const defect = what === undefined ? undefined : { what, chunks: cut, again };
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

const shared = new HeadTemplates();

/** Connections that share templates: what was read before changes nothing. */
function recalling(random: Random): Outcome {
	const chunks = anyArrival(random);
	const options = random.pick<Http1Options>([{}, { role: "client" }, { role: "server" }, LIMITS]);
	const differs = (some: readonly Chunk[]): string | undefined => {
		const [a, b] = [run(some, options), run(some, { ...options, templates: shared }, true, random.chance(50))];
		const what = firstDifference(b.rows, a.rows);
		if (what !== undefined) return what;
		const [c, d] = [a, b].map(({ changes, skips }) => JSON.stringify([changes, skips]));
		return c === d ? undefined : `${d} instead of ${c}`;
	};
	const what = differs(chunks);
	return { checked: chunks.length, defect: what === undefined ? undefined : { what, chunks, again: differs } };
}

/** Heads that do not fit into the memory that a stream begins with: late, lost, and joined again. */
function long(random: Random): Outcome {
	const conversation = anyConversation(random);
	const pieces = resplit(lengthen(random, conversation.chunks), () => 1 + random.below(1500));
	const truth = run(pieces, FOREVER).rows;
	const plain = random.chance(50) ? pieces : pieces.map((chunk) => ({ ...chunk, offset: undefined }));
	const arrived = random.shuffle(plain);
	const what = firstDifference(run(arrived, FOREVER).rows, truth);
	if (what !== undefined) return { checked: truth.length, defect: { what, chunks: arrived } };
	const lossy = dropping(random, { ...conversation, chunks: pieces, truth });
	return { checked: truth.length, defect: lossy.defect };
}

/** All properties that need nothing but the parser, the cheap ones as likely as the others. */
export const PROPERTIES: readonly Property[] = [
	...RECALLED,
	{
		name: "recalled-observed",
		says: "connections that share templates give the same exchanges, changes and hints as those that have none",
		try: recalling,
	},
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
		name: "long",
		says: "the same with heads of several KB; lost pieces of them never give a wrong pair or a wrong field",
		try: long,
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
		name: "drop-long",
		says: "the same in conversations long enough to believe that the client waits",
		try(random) {
			const shape = {
				exchanges: 20 + random.below(60),
				depth: random.pick([1, 2, 3]),
				maxOperation: random.pick([300, 5000]),
			};
			return dropping(random, converse(random, shape), random.pick([1, 3, 10]));
		},
	},
	{
		name: "cut",
		says: "operations that were captured in part never give a wrong pair or a wrong field; one request in flight",
		try: (random) => cutting(random, anyConversation(random, [1])),
	},
	{
		name: "cut-pipelined",
		says: "the same with pipelining",
		try: (random) => cutting(random, anyConversation(random, [2, 3, 6])),
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
