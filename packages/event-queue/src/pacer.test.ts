import { expect, test } from "vitest";
import { nextPause } from "./pacer.ts";

const interval = { min: 1, max: 20 };

/** The pause after many pulls at a steady rate of events per millisecond. */
function settle(rate: number): number {
	let pause = 5;
	for (let i = 0; i < 200; i++) pause = nextPause(pause, Math.round(rate * pause), interval);
	return pause;
}

test("without events the pause grows to its maximum", () => expect(settle(0)).toBe(20));
test("a flood shortens it to its minimum", () => expect(settle(10_000)).toBe(1));
test("in between a pull finds about as much as it should", () => {
	for (const rate of [20, 40, 80, 160]) {
		const found = settle(rate) * rate;
		expect(found).toBeGreaterThan(100);
		expect(found).toBeLessThan(330);
	}
});
