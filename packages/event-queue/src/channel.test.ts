import { expect, test } from "vitest";
import { channelLoad, POLICIES } from "../test/channel-load.ts";
import { Channel } from "./channel.ts";

test.each(POLICIES)("4 producers, 4 consumers, %s: each item exactly once, or counted", async (whenFull) => {
	await channelLoad(whenFull, 20_000);
});

test("block: a producer waits its turn, times out, or is called off", async () => {
	const channel = new Channel<number>("c", { capacity: 1, whenFull: "block" });
	expect(channel.send(1)).toBe(true);
	const second = channel.send(2);
	const late = channel.send(3, { timeoutMs: 1 });
	const gaveUp = new AbortController();
	const off = channel.send(4, { signal: gaveUp.signal });
	const reason = new Error("no longer");
	gaveUp.abort(reason);
	await expect(off).rejects.toBe(reason);
	expect(await late).toBe(false);
	expect(await channel.take(1)).toEqual([1]);
	expect(await second).toBe(true);
	expect(channel.counters()).toEqual({ in: 3, out: 1, lost: 1, pending: 1, highWater: 1, capacity: 1 });
	expect(() => channel.send(5, { signal: gaveUp.signal })).toThrow(reason);
});

test("drop-newest keeps the first, overwrite-oldest the last", async () => {
	const kept = async (whenFull: "drop-newest" | "overwrite-oldest"): Promise<number[]> => {
		const channel = new Channel<number>("c", { capacity: 3, whenFull });
		for (let n = 0; n < 10; n++) channel.send(n);
		expect(channel.counters()).toMatchObject({ in: 10, lost: 7, pending: 3, highWater: 3 });
		return channel.take(10);
	};
	expect(await kept("drop-newest")).toEqual([0, 1, 2]);
	expect(await kept("overwrite-oldest")).toEqual([7, 8, 9]);
});

test("expand grows to its ceiling, refuses there, and comes back when idle", async () => {
	const channel = new Channel<number>("c", { capacity: 4, whenFull: "expand", maxCapacity: 10 });
	for (let n = 0; n < 12; n++) channel.send(n);
	expect(channel.counters()).toMatchObject({ in: 12, lost: 2, pending: 10, capacity: 10 });
	await channel.take(9);
	expect(channel.counters().capacity).toBe(10);
	await channel.take(1);
	expect(channel.counters().capacity).toBe(4);
	const blocking = new Channel<number>("c", { capacity: 1, whenFull: "expand", maxCapacity: 2, atCeiling: "block" });
	expect([blocking.send(1), blocking.send(2)]).toEqual([true, true]);
	expect(blocking.send(3)).toBeInstanceOf(Promise);
});

test("close under load: consumers drain and end, blocked producers are released, nothing is unaccounted for", async () => {
	const channel = new Channel<number>("c", { capacity: 8, whenFull: "block" });
	const taken: number[] = [];
	let refused = 0;
	const produce = async (from: number): Promise<void> => {
		for (let n = from; ; n += 4) {
			try {
				await channel.send(n);
			} catch (error) {
				expect(error).toMatchObject({ code: "ERR_QUEUE_CLOSED" });
				refused++;
				return;
			}
		}
	};
	const consume = async (): Promise<void> => {
		for await (const n of channel) {
			taken.push(n);
			if (taken.length === 1000) channel.close();
		}
	};
	await Promise.all([0, 1, 2, 3].flatMap((from) => [produce(from), consume()]));
	const { in: entered, out, lost, pending } = channel.counters();
	expect([refused, lost, pending]).toEqual([4, 0, 0]);
	expect(entered).toBe(out);
	expect(new Set(taken).size).toBe(out);
	expect(await channel.take(1)).toEqual([]);
});

test("a consumer waits, times out, or is called off, and takes nothing with it", async () => {
	const channel = new Channel<number>("c");
	await expect(channel.take(1, { timeoutMs: 1 })).rejects.toMatchObject({ code: "ERR_QUEUE_TIMEOUT" });
	const off = channel.take(1, { signal: AbortSignal.timeout(1) });
	await expect(off).rejects.toThrow(/timed? ?out/i);
	channel.send(7);
	expect(await channel.take(1)).toEqual([7]);
	expect(channel.takeNow(5)).toEqual([]);
	await expect(channel.take(0)).rejects.toThrow(/at least 1: received 0/);
});
