/** What both placements promise, in every runtime. */
import assert from "node:assert/strict";
import {
	EventQueue,
	EventQueueError,
	type EventQueueOptions,
	type PartitionErrorReport,
	partitionOf,
} from "@wirescribe/event-queue";
import { laneSurvivesTerminate } from "./lane-terminate.ts";
import type { TestData, TestEvent, TestState } from "./partitions.ts";

export type Placement = "inline" | "threads";
type Options = Partial<EventQueueOptions<TestEvent, TestData>>;

const worker = new URL("./partitions.ts", import.meta.url).href;

interface Fixture {
	readonly queue: EventQueue<TestEvent, TestData>;
	readonly errors: PartitionErrorReport[];
	readonly outputs: [index: number, bytes: number[]][];
	state(index: number): Promise<TestState>;
}

async function withQueue(
	placement: Placement,
	options: Options,
	use: (fixture: Fixture) => Promise<void>,
): Promise<void> {
	const errors: PartitionErrorReport[] = [];
	const outputs: [number, number[]][] = [];
	const queue = new EventQueue<TestEvent, TestData>("test", {
		partitions: 2,
		placement,
		worker,
		data: () => ({}),
		onError: (report) => void errors.push(report),
		onOutput: (index, buffer) => void outputs.push([index, [...new Uint8Array(buffer)]]),
		...options,
	});
	try {
		await queue.start();
		const state = async (index: number): Promise<TestState> => (await queue.ask(index, "state")) as TestState;
		await use({ queue, errors, outputs, state });
	} finally {
		await queue.close();
	}
}

/** Until `done()`: state is awaited, time is never asserted. */
async function until(done: () => boolean | Promise<boolean>): Promise<void> {
	for (let i = 0; i < 1000; i++) {
		if (await done()) return;
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
	throw new Error("waited 10 s in vain");
}

function balanced({ queue }: Pick<Fixture, "queue">): void {
	const { in: entered, out, lost, pending } = queue.counters();
	assert.equal(entered, out + lost + pending);
}

const bytesOf = (key: number, n: number): Uint8Array => new Uint8Array(Uint32Array.of(key, n).buffer);
const idle = ({ queue }: Fixture): Promise<void> => until(() => queue.counters().pending === 0);

type Case = (placement: Placement) => Promise<void>;

async function keysInOrder(placement: Placement, make: (key: number, n: number) => TestEvent): Promise<void> {
	await withQueue(placement, {}, async (fixture) => {
		for (let n = 0; n < 2000; n++) for (const key of [1, 2, 3, 4, 5]) fixture.queue.push(key, make(key, n));
		balanced(fixture);
		await idle(fixture);
		assert.deepEqual(
			{ ...fixture.queue.counters(), highWater: 0 },
			{ in: 10_000, out: 10_000, lost: 0, pending: 0, highWater: 0, restarts: 0 },
		);
		for (const index of [0, 1]) {
			const next = new Map<number, number>();
			for (const [key, n] of (await fixture.state(index)).events) {
				assert.equal(partitionOf(key, 2), index);
				assert.equal(n, next.get(key) ?? 0);
				next.set(key, n + 1);
			}
		}
	});
}

export const cases: Record<string, Case> = {
	"same key, same partition, in order: objects": (placement) => keysInOrder(placement, (key, n) => ({ key, n })),
	"same key, same partition, in order: bytes": (placement) => keysInOrder(placement, bytesOf),
	"a full partition drops the newest and counts it": (placement) =>
		withQueue(placement, { partitions: 1, capacity: 10 }, async (fixture) => {
			const entered = Array.from({ length: 15 }, (_, n) => fixture.queue.push(1, { key: 1, n }));
			assert.deepEqual(entered, [...Array(10).fill(true), ...Array(5).fill(false)]);
			const { lost, pending, highWater } = fixture.queue.counters();
			assert.deepEqual({ lost, pending, highWater }, { lost: 5, pending: 10, highWater: 10 });
			await idle(fixture);
			balanced(fixture);
			assert.deepEqual(
				(await fixture.state(0)).events.map(([, n]) => n),
				[0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
			);
		}),
	"a full partition lets pushes wait, in order": (placement) =>
		withQueue(placement, { partitions: 1, capacity: 3, whenFull: "block" }, async (fixture) => {
			const entered = await Promise.all(Array.from({ length: 50 }, (_, n) => fixture.queue.push(1, { key: 1, n })));
			assert.ok(entered.every((value) => value === true));
			await idle(fixture);
			assert.deepEqual(
				(await fixture.state(0)).events.map(([, n]) => n),
				Array.from({ length: 50 }, (_, n) => n),
			);
			assert.equal(fixture.queue.counters().lost, 0);
		}),
	"partitions pull from their own source and tick": (placement) =>
		withQueue(placement, { data: (index) => ({ source: 1000 + index }), tickIntervalMs: 5 }, async (fixture) => {
			await until(async () => (await fixture.state(0)).pulled + (await fixture.state(1)).pulled === 2001);
			await until(async () => (await fixture.state(0)).ticks > 1);
			if (placement === "threads") await until(async () => (await fixture.state(1)).waits > 0);
			else assert.equal((await fixture.state(1)).waits, 0);
			assert.deepEqual((await fixture.state(1)).data, { source: 1001 });
			await until(() => fixture.queue.counters().out === 2001);
			balanced(fixture);
		}),
	"an error in one partition is reported and does not stop it or the others": (placement) =>
		withQueue(placement, {}, async (fixture) => {
			const [one, other] = [1, 2, 3, 4, 5, 6].reduce<[number, number]>(
				([a, b], key) => (partitionOf(key, 2) === 0 ? [key, b] : [a, key]),
				[0, 0],
			);
			fixture.queue.push(one, { key: one, n: -1 });
			await idle(fixture);
			fixture.queue.push(one, { key: one, n: 1 });
			fixture.queue.push(other, { key: other, n: 2 });
			await idle(fixture);
			assert.deepEqual((await fixture.state(0)).events, [[one, 1]]);
			assert.deepEqual((await fixture.state(1)).events, [[other, 2]]);
			const [report] = fixture.errors;
			assert.deepEqual(
				[report?.queue, report?.partition, report?.phase, report?.error.name, report?.error.message],
				["test", 0, "consume", "RangeError", "poisoned event"],
			);
			assert.equal(fixture.queue.counters().lost, 1);
			balanced(fixture);
		}),
	"questions are answered or rejected": (placement) =>
		withQueue(placement, {}, async ({ queue, outputs }) => {
			assert.equal(await queue.ask(1, "emit"), "emitted");
			assert.deepEqual(outputs, [[1, [1, 7, 7]]]);
			await assert.rejects(queue.ask(0, "throw"), /no such question/);
			await assert.rejects(queue.ask(7, "state"), { code: "ERR_PARTITION_ASK" });
		}),
	"close drains, closes the partitions and refuses more": async (placement) => {
		let kept: Fixture | undefined;
		await withQueue(placement, { data: () => ({ source: 500 }) }, async (fixture) => {
			kept = fixture;
			for (let n = 0; n < 300; n++) fixture.queue.push(n, { key: n, n });
			await fixture.queue.close();
		});
		assert.ok(kept);
		const { queue, outputs } = kept;
		assert.deepEqual(
			{ ...queue.counters(), highWater: 0 },
			{ in: 1300, out: 1300, lost: 0, pending: 0, highWater: 0, restarts: 0 },
		);
		assert.deepEqual(outputs.map(([index]) => index).sort(), [0, 1]);
		assert.throws(() => queue.push(1, { key: 1, n: 1 }), { code: "ERR_QUEUE_CLOSED" });
	},
	"a partition that cannot start rejects start() with its reason": async (placement) => {
		const start = withQueue(placement, { data: (index) => ({ failToStart: index === 1 }) }, async () => {});
		await assert.rejects(start, (error: Error) => {
			assert.ok(error instanceof EventQueueError);
			assert.equal(error.code, "ERR_PARTITION_START");
			assert.match(error.message, /no source here/);
			return true;
		});
	},
};

async function workerDies(question: string): Promise<void> {
	let given = 0;
	await withQueue("threads", { partitions: 2, data: () => ({ started: ++given }) }, async (fixture) => {
		assert.equal((await fixture.state(0)).events.length, 0);
		const asked = fixture.queue.ask(0, question).catch((error: Error) => error);
		await until(() => fixture.queue.counters().restarts === 1);
		await asked;
		const fresh = await fixture.state(0);
		assert.equal(fresh.data.started, 3);
		assert.equal((await fixture.state(1)).index, 1);
		for (let key = 0; key < 20; key++) fixture.queue.push(key, { key, n: key });
		await idle(fixture);
		assert.equal((await fixture.state(0)).events.length + (await fixture.state(1)).events.length, 20);
		assert.deepEqual([fixture.errors[0]?.phase, fixture.errors[0]?.partition], ["worker", 0]);
		balanced(fixture);
	});
}

export const threadCases: Record<string, () => Promise<void>> = {
	"a worker that calls process.exit() is replaced": () => workerDies("exit"),
	"a worker with an uncaught error is replaced": () => workerDies("throw later"),
	"a worker that is terminated is replaced": laneSurvivesTerminate,
	"closing can be called off, and what is lost is counted": async () => {
		const options: Options = { partitions: 1, data: () => ({ neverClose: true }) };
		await withQueue("threads", options, async (fixture) => {
			fixture.queue.push(1, { key: 1, n: 1 });
			await fixture.queue.close({ signal: AbortSignal.timeout(50) });
			assert.equal(fixture.queue.counters().pending, 0);
			balanced(fixture);
		});
	},
	"a partition that never closes is ended": async () => {
		const options: Options = { partitions: 1, data: () => ({ neverClose: true }), closeTimeoutMs: 200 };
		await withQueue("threads", options, async ({ queue, errors }) => {
			await queue.close();
			assert.deepEqual(
				errors.map(({ phase }) => phase),
				["close"],
			);
		});
	},
};
