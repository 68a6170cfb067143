/** A producer or a consumer of a shared queue on a thread of its own. */
import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { SharedQueue, type SharedQueueHandle } from "@wirescribe/event-queue";

export interface SharedTask {
	readonly role: "producer" | "consumer";
	readonly party: number;
	readonly handle: SharedQueueHandle;
	/** Items of each producer. */
	readonly each: number;
	/** How often each item was seen: one byte an item. */
	readonly seen: SharedArrayBuffer;
	/** Word 0: while 1, consumers wait. Word 1: consumers that have read something. */
	readonly words: SharedArrayBuffer;
	/** How this one ends after 1,000 records. */
	readonly end?: "exit" | "throw" | "spin";
	/** Waits without blocking its thread. */
	readonly asynchronous?: boolean;
}

/** What a party has done, at its end. */
export interface SharedReport {
	readonly refused: number;
	readonly read: number;
	readonly disorder: number;
	/** The queue was closed before everything was written. */
	readonly closed: boolean;
}

const task = workerData as SharedTask;
const seen = new Uint8Array(task.seen);
const words = new Int32Array(task.words);
const queue = SharedQueue.attach(task.handle);

async function produce(): Promise<SharedReport> {
	const producer = queue.producer();
	// Sizes differ, so that blocks end at odd places.
	const bytes = new Uint8Array(64);
	const numbers = new Uint32Array(bytes.buffer, 0, 2);
	let refused = 0;
	let closed = false;
	try {
		for (let n = 0; n < task.each; n++) {
			numbers[0] = task.party;
			numbers[1] = n;
			const record = bytes.subarray(0, 8 + (n % 57));
			const entered = task.asynchronous ? await producer.writeAsync(record) : producer.write(record);
			if (!entered) refused++;
			if (task.end && n === 1000) end();
		}
		producer.flush();
	} catch (error) {
		if ((error as { code?: unknown }).code !== "ERR_QUEUE_CLOSED") throw error;
		closed = true;
	}
	return { refused, read: 0, disorder: 0, closed };
}

async function consume(): Promise<SharedReport> {
	const consumer = queue.consumer();
	const last = [-1, -1, -1, -1];
	let read = 0;
	let disorder = 0;
	const each = (bytes: Uint8Array, offset: number, length: number): void => {
		const numbers = new Uint32Array(bytes.buffer, bytes.byteOffset + offset, 2);
		const [party = 0, n = 0] = numbers;
		if (task.end && read === 1000) end();
		if (length !== 8 + (n % 57) || n <= last[party]!) disorder++;
		last[party] = n;
		read++;
		Atomics.add(seen, party * task.each + n, 1);
	};
	while (!consumer.done) {
		Atomics.wait(words, 0, 1);
		if (task.asynchronous) await consumer.readAsync(each);
		else consumer.read(each);
		if (Atomics.add(words, 1, 1) === 0) Atomics.notify(words, 1);
	}
	return { refused: 0, read, disorder, closed: false };
}

function end(): void {
	if (task.end === "exit") process.exit(3);
	if (task.end === "throw") throw new RangeError("thrown in the middle of a block");
	parentPort?.postMessage("spinning");
	for (;;) Atomics.load(words, 0);
}

parentPort?.postMessage(await (task.role === "producer" ? produce() : consume()));
