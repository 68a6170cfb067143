import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Throttle, UNTHROTTLED } from "./ladder.ts";
import { Protection } from "./protection.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

it("does as much as the budgets allow, other budgets after a reload, and everything without", async () => {
	const applied: Throttle[] = [];
	const usage = { cpus: 0.5, memoryBytes: 100 << 20 };
	const protection = new Protection(
		() => usage,
		async (throttle) => void applied.push(throttle),
	);
	await protection.keep({ cpus: undefined, memoryBytes: undefined });
	await vi.advanceTimersByTimeAsync(10_000);
	expect([applied, protection.counts()]).toEqual([[], {}]);

	await protection.keep({ cpus: 0.1, memoryBytes: 1 << 30 });
	await vi.advanceTimersByTimeAsync(5000);
	const { budgets, throttle } = protection.state();
	expect(throttle).toEqual(applied.at(-1));
	expect(throttle).toMatchObject({ headLimit: 4096, sampleRatio: 0.1, retained: 1 });
	expect(budgets["cpu"]).toMatchObject({ step: "part", usage: 5 });
	expect(budgets["memory"]).toMatchObject({ step: "full", level: 0 });

	await protection.keep({ cpus: 0.1, memoryBytes: 90 << 20 });
	expect(protection.state().budgets["cpu"]).toMatchObject({ step: "part" });
	await vi.advanceTimersByTimeAsync(2000);
	expect(protection.counts()["memory"]?.step).toBe("retain");
	expect(applied.at(-1)?.retained).toBeLessThan(1);

	await protection.keep({ cpus: undefined, memoryBytes: undefined });
	expect(applied.at(-1)).toEqual(UNTHROTTLED);
	await protection.stop();
});
