/** Producers and consumers on threads of their own, on one shared queue; every record is accounted for. */
import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import { SharedQueue, type SharedQueueHandle, type SharedQueueOptions } from "@wirescribe/event-queue";
import type { SharedReport, SharedTask } from "./shared-worker.ts";

const PARTIES = 4;
const script = new URL("./shared-worker.ts", import.meta.url);

export interface LoadOptions extends SharedQueueOptions {
	readonly items: number;
	readonly asynchronous?: boolean;
	/** One more thread of this role, which ends in the middle of its work. */
	readonly casualty?: { readonly role: "producer" | "consumer"; readonly end: "exit" | "throw" | "spin" };
	/** How often consumers are paused and resumed. */
	readonly pauses?: number;
	/** Close the queue as soon as something has been read. */
	readonly closeEarly?: boolean;
}

interface Party {
	readonly worker: Worker;
	readonly handle: SharedQueueHandle;
	readonly ended: Promise<void>;
	report: SharedReport | undefined;
}

/** Runs four producers and four consumers to their end and returns what is left to judge. */
export async function sharedLoad(options: LoadOptions): Promise<{ lost: number; refused: number; blocks: number }> {
	const { items, asynchronous = false, casualty, pauses = 0, closeEarly, ...queueOptions } = options;
	const queue = SharedQueue.create("load", { blockBytes: 4096, blocks: 16, ...queueOptions });
	const each = items / PARTIES;
	const seen = new SharedArrayBuffer(items + each);
	const words = new SharedArrayBuffer(8);
	const start = (role: "producer" | "consumer", party: number, end?: "exit" | "throw" | "spin"): Party => {
		const task = { role, party, handle: queue.handle(), each, seen, words, asynchronous, ...(end ? { end } : {}) };
		return startParty(queue, task);
	};
	const extra = casualty ? [start(casualty.role, PARTIES, casualty.end)] : [];
	const producers = Array.from({ length: PARTIES }, (_, party) => start("producer", party));
	// Alone until its end: among others it might never get as many records as it ends at.
	if (casualty?.role === "consumer") await extra[0]?.ended;
	const consumers = Array.from({ length: PARTIES }, (_, party) => start("consumer", party));
	if (closeEarly) await firstRead(words).then(() => queue.close());
	for (let i = 0; i < pauses; i++) await pause(words);
	await Promise.all([...producers, ...extra].map(({ ended }) => ended));
	const { in: entered, out, lost, pending } = queue.counters();
	assert.equal(entered, out + lost + pending);
	queue.close();
	await Promise.all(consumers.map(({ ended }) => ended));

	const counters = queue.counters();
	assert.equal(counters.pending, 0);
	assert.equal(counters.in, counters.out + counters.lost);
	const reports = [...producers, ...consumers].map(({ report }) => report ?? assert.fail("a party said nothing"));
	assert.equal(sum(reports, "disorder"), 0);
	const counts = new Uint8Array(seen);
	assert.ok(counts.every((count) => count <= 1));
	const came = counts.reduce((total, count) => total + count, 0);
	// Whoever died in the middle of a block had read some of it, and all of it counts as lost.
	if (!casualty) assert.equal(came, counters.out);
	else assert.ok(came >= counters.out && came <= counters.out + counters.lost);
	const complete = !casualty && !reports.some(({ closed }) => closed);
	if (complete) assert.equal(counters.in, items);
	return { lost: counters.lost, refused: sum(reports, "refused"), blocks: counters.blocks };
}

function startParty(queue: SharedQueue, task: SharedTask): Party {
	const worker = new Worker(script, { workerData: task });
	const party: Party = { worker, handle: task.handle, ended: ended(), report: undefined };
	worker.on("message", (message: SharedReport | "spinning") => {
		if (message === "spinning") void worker.terminate();
		else party.report = message;
	});
	worker.on("error", (error) => {
		if (task.end !== "throw") throw error;
	});
	async function ended(): Promise<void> {
		await new Promise((resolve) => worker.once("exit", resolve));
		queue.forget(task.handle);
	}
	return party;
}

async function firstRead(memory: SharedArrayBuffer): Promise<void> {
	while (Atomics.load(new Int32Array(memory), 1) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}

async function pause(memory: SharedArrayBuffer): Promise<void> {
	const words = new Int32Array(memory);
	Atomics.store(words, 0, 1);
	await new Promise((resolve) => setTimeout(resolve, 1));
	Atomics.store(words, 0, 0);
	Atomics.notify(words, 0);
}

const sum = (reports: readonly SharedReport[], key: "refused" | "disorder"): number =>
	reports.reduce((total, report) => total + report[key], 0);
