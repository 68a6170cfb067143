/** Measures in whatever runtime this is; prints the rates as JSON. `bench/queue.bench.ts` starts it. */
import { once } from "node:events";
import process from "node:process";
import { Worker } from "node:worker_threads";
import { EventQueue, SharedQueue } from "@wirescribe/event-queue";
import { Tinypool } from "tinypool";

const RECORD = new Uint8Array(400).fill(7);
const ROUNDS = 5;
const SLICE_MS = 700;
/** Records between two looks at the clock, and between two turns of the event loop where messages are posted. */
const STEP = 2000;

/** Runs for a slice of time; says how many records a second were sent, received and confirmed. */
type Contender = () => Promise<number>;

const here = (name: string): string => new URL(name, import.meta.url).href;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function check(received: { records: number; sum: number }, sent: number): void {
	if (received.records === sent && received.sum === sent * 7) return;
	throw new Error(`Sent ${sent} records, received ${received.records} with sum ${received.sum}`);
}

async function forASlice(step: () => void | Promise<void>): Promise<number> {
	const until = performance.now() + SLICE_MS;
	let steps = 0;
	while (performance.now() < until) {
		await step();
		steps++;
	}
	return steps * STEP;
}

async function ready(worker: Worker): Promise<void> {
	await once(worker, "message");
}

const postMessageEach: Contender = async () => {
	const worker = new Worker(new URL("./worker.ts", import.meta.url));
	await ready(worker);
	const start = performance.now();
	const sent = await forASlice(async () => {
		for (let i = 0; i < STEP; i++) worker.postMessage(RECORD);
		await turn();
	});
	worker.postMessage("end");
	const [received] = await once(worker, "message");
	const ms = performance.now() - start;
	await worker.terminate();
	check(received, sent);
	return (sent / ms) * 1000;
};

const poolTaskEach: Contender = async () => {
	const options = { filename: here("./task.ts"), minThreads: 1, maxThreads: 1, concurrentTasksPerWorker: 64 };
	const pool = new Tinypool({ ...options, useAtomics: false });
	await pool.run(RECORD, { name: "takeRecord" });
	const start = performance.now();
	let sum = 0;
	const sent = await forASlice(async () => {
		const tasks = Array.from({ length: STEP }, async () => {
			const first: number = await pool.run(RECORD, { name: "takeRecord" });
			sum += first;
		});
		await Promise.all(tasks);
	});
	const ms = performance.now() - start;
	await pool.destroy();
	check({ records: sent, sum }, sent);
	return (sent / ms) * 1000;
};

const eventQueue: Contender = async () => {
	const queue = new EventQueue<Uint8Array>("bench", {
		partitions: 1,
		placement: "threads",
		worker: here("./partition.ts"),
		whenFull: "block",
	});
	await queue.start();
	const start = performance.now();
	const sent = await forASlice(async () => {
		for (let i = 0; i < STEP; i++) {
			const entered = queue.push(i, RECORD);
			if (entered !== true) await entered;
		}
	});
	while (queue.counters().pending > 0) await turn();
	const ms = performance.now() - start;
	const received = (await queue.ask(0, "")) as { records: number; sum: number };
	await queue.close();
	check(received, sent);
	return (sent / ms) * 1000;
};

const sharedQueue: Contender = async () => {
	const queue = SharedQueue.create("bench", { whenFull: "block" });
	const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: { handle: queue.handle() } });
	await ready(worker);
	const producer = queue.producer();
	const start = performance.now();
	const sent = await forASlice(() => {
		for (let i = 0; i < STEP; i++) producer.write(RECORD);
	});
	producer.flush();
	const received = once(worker, "message");
	queue.close();
	const [counted] = await received;
	const ms = performance.now() - start;
	await worker.terminate();
	check(counted, sent);
	return (sent / ms) * 1000;
};

const contenders = { postMessageEach, poolTaskEach, eventQueue, sharedQueue };
const rates: Record<string, number[]> = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
for (let round = -1; round < ROUNDS; round++) {
	for (const [name, contender] of Object.entries(contenders)) {
		const rate = await contender();
		// The first round warms up.
		if (round >= 0) rates[name]?.push(Math.round(rate));
	}
}
process.stdout.write(`${JSON.stringify(rates)}\n`);
