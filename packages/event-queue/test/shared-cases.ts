/** What a shared queue promises, on real threads, in every runtime. */
import assert from "node:assert/strict";
import { SharedQueue } from "@wirescribe/event-queue";
import { sharedLoad } from "./shared-load.ts";

const ITEMS = 40_000;

async function survives(role: "producer" | "consumer", end: "exit" | "throw" | "spin"): Promise<void> {
	await sharedLoad({ items: ITEMS, whenFull: "block", casualty: { role, end } });
}

export const sharedCases: Record<string, () => Promise<void>> = {
	"block: 4 producers, 4 consumers, nothing lost": async () => {
		const { lost, refused } = await sharedLoad({ items: ITEMS, whenFull: "block" });
		assert.deepEqual([lost, refused], [0, 0]);
	},
	"block, without blocking a thread": async () => {
		const { lost } = await sharedLoad({ items: ITEMS, whenFull: "block", asynchronous: true });
		assert.equal(lost, 0);
	},
	"block with a timeout refuses, and counts": async () => {
		const { lost, refused } = await sharedLoad({ items: ITEMS, whenFull: "block", blockTimeoutMs: 0, blocks: 9 });
		assert.equal(lost, refused);
	},
	"drop-newest: each once, or refused": async () => {
		const { lost, refused } = await sharedLoad({ items: ITEMS, whenFull: "drop-newest", pauses: 5 });
		assert.equal(lost, refused);
	},
	"overwrite-oldest: each once, or overwritten": async () => {
		const { lost, refused } = await sharedLoad({ items: ITEMS, whenFull: "overwrite-oldest", pauses: 5 });
		assert.ok(lost >= refused);
	},
	"expand: up to the ceiling, and back": async () => {
		const { lost, refused, blocks } = await sharedLoad({ items: ITEMS, whenFull: "expand", maxBlocks: 64, pauses: 5 });
		assert.deepEqual([lost, blocks], [refused, 16]);
	},
	"consumers paused and resumed 50 times": async () => {
		const { lost } = await sharedLoad({ items: ITEMS, whenFull: "block", pauses: 50 });
		assert.equal(lost, 0);
	},
	"close under load": async () => {
		const { lost } = await sharedLoad({ items: 4_000_000, whenFull: "block", closeEarly: true });
		assert.equal(lost, 0);
	},
	"a consumer calls process.exit()": () => survives("consumer", "exit"),
	"a consumer throws": () => survives("consumer", "throw"),
	"a consumer is terminated": () => survives("consumer", "spin"),
	"a producer calls process.exit()": () => survives("producer", "exit"),
	"a producer throws": () => survives("producer", "throw"),
	"a producer is terminated": () => survives("producer", "spin"),
	"waiting ends with the signal": async () => {
		const queue = SharedQueue.create("q", { blocks: 1, blockBytes: 64, whenFull: "block" });
		const stop = new AbortController();
		const read = queue.consumer().readAsync(() => {}, { signal: stop.signal });
		setTimeout(() => stop.abort(new Error("enough")), 5);
		await assert.rejects(read, /enough/);
		const producer = queue.producer();
		producer.write(new Uint8Array(40));
		const write = producer.writeAsync(new Uint8Array(40), { signal: AbortSignal.timeout(5) });
		await assert.rejects(write, /timed? ?out/i);
		assert.equal(await producer.writeAsync(new Uint8Array(40), { timeoutMs: 1 }), false);
		assert.deepEqual(queue.counters(), { in: 2, out: 0, lost: 1, pending: 1, highWater: 1, blocks: 1 });
		const late = producer.writeAsync(new Uint8Array(40));
		setTimeout(() => queue.close(), 5);
		await assert.rejects(late, { code: "ERR_QUEUE_CLOSED" });
	},
};
