import { expect, test } from "vitest";
import type { Lane } from "./lane.ts";
import type { QueueWarning } from "./options.ts";
import { ShardIntake } from "./shard-intake.ts";

/** A lane that keeps what it is sent: the partition behind it never finishes on its own. */
class HeldLane implements Lane<number> {
	readonly crossesThreads: boolean = true;
	readonly sent: number[][] = [];

	async start(): Promise<void> {}

	send(events: readonly number[]): void {
		this.sent.push([...events]);
	}

	async ask(): Promise<unknown> {
		return undefined;
	}

	async close(): Promise<void> {}
}

function held(capacity: number): { intake: ShardIntake<number>; lane: HeldLane; warnings: QueueWarning[] } {
	const warnings: QueueWarning[] = [];
	const intake = new ShardIntake<number>("q", 3, { capacity, onWarning: (warning) => void warnings.push(warning) });
	const lane = new HeldLane();
	intake.attach(lane);
	return { intake, lane, warnings };
}

test("almost full is said once per episode, and so is its end", () => {
	const { intake, warnings } = held(10);
	for (let n = 0; n < 9; n++) intake.push(n);
	intake.checkFill();
	expect(warnings).toEqual([]);
	intake.push(9);
	intake.checkFill();
	intake.checkFill();
	expect(warnings.map(({ kind }) => kind)).toEqual(["almost-full"]);
	expect(warnings[0]?.message).toBe(
		"Queue 'q', partition 3 is almost full (10 of 10 events pending): raise 'capacity' or 'partitions', or push less",
	);
	intake.consumed(10, false);
	intake.checkFill();
	intake.checkFill();
	expect(warnings.map(({ kind }) => kind)).toEqual(["almost-full", "over"]);
});

test("between threads a long batch goes at once, the rest together", async () => {
	const { intake, lane } = held(1000);
	for (let n = 0; n < 300; n++) intake.push(n);
	expect(lane.sent.map(({ length }) => length)).toEqual([256]);
	await new Promise((resolve) => setImmediate(resolve));
	expect(lane.sent.map(({ length }) => length)).toEqual([256, 44]);
});

test("a worker that dies loses what it had been sent, not what is still here", () => {
	const { intake } = held(1000);
	for (let n = 0; n < 300; n++) intake.push(n);
	intake.died(true);
	expect(intake.counters()).toEqual({ in: 300, out: 0, lost: 256, pending: 44, highWater: 300, restarts: 1 });
	intake.died(false);
	expect(intake.push(1)).toBe(false);
	expect(intake.counters()).toEqual({ in: 301, out: 0, lost: 301, pending: 0, highWater: 44, restarts: 1 });
});
