/** A worker that is terminated from outside: only the lane's own pool can be reached for that. */
import assert from "node:assert/strict";
import { Tinypool } from "tinypool";
import type { LaneEvents } from "../src/lane.ts";
import { ThreadLane } from "../src/thread-lane.ts";
import type { TestData, TestEvent, TestState } from "./partitions.ts";

export async function laneSurvivesTerminate(): Promise<void> {
	const pool = new Tinypool({
		filename: import.meta.resolve("@wirescribe/event-queue/worker"),
		name: "runPartition",
		useAtomics: false,
		minThreads: 1,
		maxThreads: 1,
	});
	const died: boolean[] = [];
	let restarted = (): void => {};
	const again = new Promise<void>((resolve) => {
		restarted = resolve;
	});
	const events: LaneEvents = {
		consumed: () => {},
		pulled: () => {},
		output: () => {},
		failed: () => {},
		died: (restarting) => {
			died.push(restarting);
			restarted();
		},
	};
	let given = 0;
	const lane = new ThreadLane<TestEvent, TestData>(pool, new URL("./partitions.ts", import.meta.url).href, events, {
		queue: "q",
		index: 0,
		data: () => ({ started: ++given }),
		interval: { min: 1, max: 20 },
		tickIntervalMs: 100,
		drainMs: 100,
		closeTimeoutMs: 10_000,
	});
	try {
		await lane.start();
		lane.send([{ key: 1, n: 1 }]);
		assert.equal(((await lane.ask("state")) as TestState).events.length, 1);
		await (pool.threads[0] as unknown as { terminate(): Promise<unknown> }).terminate();
		await again;
		const fresh = (await lane.ask("state")) as TestState;
		assert.deepEqual([fresh.events.length, fresh.data.started, died], [0, 2, [true]]);
	} finally {
		await lane.close();
		await pool.destroy();
	}
}
