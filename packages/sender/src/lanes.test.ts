import { expect, test } from "vitest";
import { slotOf } from "./dispatch.ts";
import { autoLanes, laneResources, openLanes } from "./lanes.ts";
import { memoryTransport } from "./memory.ts";
import { TokenBucket } from "./rate.ts";
import { createSender } from "./sender.ts";

const GiB = 2 ** 30;

test("auto lanes: what the cgroup allows, at least one, at most eight", () => {
	const machine = { cpuMax: null, memoryMax: null, cpus: 16, memoryBytes: 64 * GiB };
	expect(autoLanes(machine)).toBe(8);
	expect(autoLanes({ ...machine, cpuMax: "max 100000\n", memoryMax: "max\n" })).toBe(8);
	expect(autoLanes({ ...machine, cpuMax: "250000 100000\n" })).toBe(2);
	expect(autoLanes({ ...machine, cpuMax: "50000 100000\n" })).toBe(1);
	expect(autoLanes({ ...machine, memoryMax: `${GiB}\n` })).toBe(4);
	expect(autoLanes({ ...machine, memoryMax: "1000000\n" })).toBe(1);
	expect(autoLanes({ ...machine, cpus: 3 })).toBe(3);
	expect(autoLanes(laneResources())).toBeGreaterThanOrEqual(1);
});

test("several lanes need a transport each", () => {
	expect(() => openLanes(memoryTransport(), 2)).toThrow(/function that makes one/);
	expect(() => openLanes(() => memoryTransport(), 0)).toThrow(RangeError);
	expect(openLanes(() => memoryTransport(), 3).length).toBe(3);
	expect(() => createSender({ transport: memoryTransport(), dispatch: "best" as "key" })).toThrow(RangeError);
});

test("keys spread over the slots", () => {
	for (const keys of [
		Array.from({ length: 8000 }, (_, n) => n),
		Array.from({ length: 8000 }, (_, n) => n * 8),
		Array.from({ length: 8000 }, (_, n) => `connection ${n}`),
	]) {
		const counts = Array.from({ length: 8 }, () => 0);
		for (const key of keys) counts[slotOf(key, 8)]!++;
		for (const count of counts) expect(count).toBeGreaterThan(500);
	}
});

test("a token bucket lets through what its rate allows, and a burst after a pause", () => {
	let now = 0;
	const bucket = new TokenBucket({ bytesPerSecond: 1000, burstBytes: 500 }, () => now);
	expect(bucket.waitMs()).toBe(0);
	bucket.spend(1500);
	expect(bucket.waitMs()).toBe(1001);
	now = 1001;
	expect(bucket.waitMs()).toBe(0);
	now = 60_000;
	expect([bucket.trySpend(501), bucket.trySpend(500), bucket.trySpend(1)]).toEqual([false, true, false]);
	expect(() => new TokenBucket({ bytesPerSecond: 0 })).toThrow(RangeError);
});

test("beyond the rate units wait, or records are not taken", async () => {
	const record = { key: 1, version: 1, preamble: new Uint8Array(0), body: new Uint8Array(95) };
	for (const over of ["wait", "drop"] as const) {
		const rate = { bytesPerSecond: over === "wait" ? 10_000 : 100, burstBytes: 1000, over };
		const sender = createSender({ transport: memoryTransport(), maxUnitBytes: 100, rate });
		let taken = 0;
		for (let n = 0; n < 30; n++) if (sender.enqueue(record) === "accepted") taken++;
		await sender.flush();
		const { acked, lost } = await sender.shutdown();
		expect(acked).toBe(taken);
		if (over === "wait") expect(taken).toBe(30);
		else expect([taken < 30, lost.queue]).toEqual([true, 30 - taken]);
	}
});
