/** Policies, signals and dispatch of a partitioned queue, in both placements and every runtime. */
import assert from "node:assert/strict";
import { type Dispatch, EventQueue, type EventQueueOptions, type WhenFull } from "@wirescribe/event-queue";
import type { Placement } from "./contract.ts";
import type { TestData, TestEvent, TestState } from "./partitions.ts";

const worker = new URL("./partitions.ts", import.meta.url).href;
const PARTIES = 4;
const EACH = 3000;

type Options = Partial<EventQueueOptions<TestEvent, TestData>>;
type Queue = EventQueue<TestEvent, TestData>;

async function withQueue(placement: Placement, options: Options, use: (queue: Queue) => Promise<void>): Promise<void> {
	const queue: Queue = new EventQueue<TestEvent, TestData>("policies", {
		partitions: PARTIES,
		placement,
		worker,
		data: () => ({}),
		...options,
	});
	try {
		await queue.start();
		await use(queue);
	} finally {
		await queue.close();
	}
}

async function drained(queue: Queue): Promise<void> {
	while (queue.counters().pending > 0) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Four producers, twelve keys: each event once or counted, the events of a key in order. */
async function load(placement: Placement, whenFull: WhenFull): Promise<void> {
	const options = { capacity: 64, whenFull, ...(whenFull === "expand" ? { maxCapacity: 512 } : {}) };
	await withQueue(placement, options, async (queue) => {
		let refused = 0;
		const produce = async (party: number): Promise<void> => {
			for (let n = 0; n < EACH; n++) {
				const key = party * 3 + (n % 3);
				if (!(await queue.push(key, { key, n }))) refused++;
				if (n % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
				const { in: entered, out, lost, pending } = queue.counters();
				assert.equal(entered, out + lost + pending);
			}
		};
		await Promise.all(Array.from({ length: PARTIES }, (_, party) => produce(party)));
		await drained(queue);
		let came = 0;
		for (let index = 0; index < PARTIES; index++) {
			const last = new Map<number, number>();
			for (const [key, n] of ((await queue.ask(index, "state")) as TestState).events) {
				assert.ok(n > (last.get(key) ?? -1));
				last.set(key, n);
				came++;
			}
		}
		const { in: entered, out, lost } = queue.counters();
		assert.deepEqual([entered, out, lost], [PARTIES * EACH, came, PARTIES * EACH - came]);
		if (whenFull === "block") assert.equal(lost, 0);
		else if (whenFull !== "overwrite-oldest") assert.equal(lost, refused);
	});
}

async function spread(placement: Placement, dispatch: Dispatch): Promise<number[]> {
	const counts: number[] = [];
	await withQueue(placement, { dispatch }, async (queue) => {
		for (let n = 0; n < 400; n++) queue.push(7, { key: 7, n });
		await drained(queue);
		for (let index = 0; index < PARTIES; index++) {
			counts.push(((await queue.ask(index, "state")) as TestState).events.length);
		}
	});
	return counts;
}

export const policyCases: Record<string, (placement: Placement) => Promise<void>> = {
	"block: 4 producers, nothing lost": (placement) => load(placement, "block"),
	"drop-newest: 4 producers, each once or refused": (placement) => load(placement, "drop-newest"),
	"overwrite-oldest: 4 producers, each once or counted": (placement) => load(placement, "overwrite-oldest"),
	"expand: 4 producers, each once or refused at the ceiling": (placement) => load(placement, "expand"),
	dispatch: async (placement) => {
		assert.deepEqual(await spread(placement, "round-robin"), [100, 100, 100, 100]);
		assert.deepEqual(await spread(placement, "least-pending"), [100, 100, 100, 100]);
		assert.deepEqual((await spread(placement, "by-key")).toSorted(), [0, 0, 0, 400]);
	},
	"a blocked push ends with its signal, its timeout, or the queue": async (placement) => {
		await withQueue(placement, { partitions: 1, capacity: 1, whenFull: "block" }, async (queue) => {
			const stop = new AbortController();
			assert.equal(queue.push(1, { key: 1, n: 0 }), true);
			const called = queue.push(1, { key: 1, n: 1 }, { signal: stop.signal });
			const late = queue.push(1, { key: 1, n: 2 }, { timeoutMs: 0 });
			stop.abort(new Error("no longer"));
			await assert.rejects(async () => called, /no longer/);
			// Inline the partition may have made room before the timer ran.
			assert.equal(typeof (await late), "boolean");
			const blocked = Promise.allSettled([3, 4, 5].map((n) => queue.push(1, { key: 1, n })));
			await queue.close();
			const last = (await blocked).at(-1);
			assert.equal(last?.status === "rejected" && (last.reason as { code: string }).code, "ERR_QUEUE_CLOSED");
			const { in: entered, out, lost, pending } = queue.counters();
			assert.equal(entered, out + lost + pending);
			assert.equal(pending, 0);
		});
	},
	"ask and start end with their signal": async (placement) => {
		await withQueue(placement, { partitions: 1 }, async (queue) => {
			await assert.rejects(queue.ask(0, "never", { signal: AbortSignal.timeout(5) }), /timed? ?out/i);
		});
		const aborted = AbortSignal.abort(new Error("not today"));
		const queue: Queue = new EventQueue<TestEvent, TestData>("q", {
			partitions: 1,
			placement,
			worker,
			data: () => ({}),
		});
		await assert.rejects(queue.start({ signal: aborted }), /not today/);
		await queue.close();
	},
};
