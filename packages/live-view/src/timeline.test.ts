import { describe, expect, it } from "vitest";
import { transaction } from "../test/transactions.ts";
import { Timeline } from "./timeline.ts";
import { TrafficModel } from "./traffic-model.ts";

const START = 1_800_000_000_000;

/** Ten requests a second for this long. */
function recording(seconds: number) {
	return Array.from({ length: seconds * 10 }, (_, at) => ({
		atMs: START + at * 100,
		read: () => transaction({ path: `/at/page${at}z` }),
	}));
}

describe("Timeline", () => {
	it("plays at its speed, and stops at the end", () => {
		const model = new TrafficModel();
		const timeline = new Timeline(recording(10), model);
		timeline.advance(1_000);
		expect(model.shown().length).toBe(11);
		timeline.faster();
		timeline.advance(1_000);
		expect(timeline.speed).toBe(2);
		expect(model.shown().length).toBe(31);
		timeline.advance(60_000);
		expect([model.shown().length, timeline.playing, timeline.atEnd]).toEqual([100, false, true]);
		timeline.toggle();
		expect([timeline.playing, timeline.positionMs]).toEqual([true, START]);
	});

	it("shows at any point what it would have shown there", () => {
		const entries = recording(300);
		const played = new TrafficModel();
		const direct = new TrafficModel();
		const one = new Timeline(entries, played);
		const other = new Timeline(entries, direct);
		for (const second of [200, 100, 280, 0, 100]) {
			other.seek(START + second * 1_000);
			while (one.positionMs < START + second * 1_000) one.advance(500);
			if (one.positionMs > START + second * 1_000) continue;
			expect(direct.total(other.positionMs)).toEqual(played.total(one.positionMs));
		}
		// The last minute before it: slots begin at whole five seconds.
		expect(direct.total(START + 100_000).count).toBeGreaterThanOrEqual(550);
	});

	it("moves by steps, within its bounds", () => {
		const timeline = new Timeline(recording(100), new TrafficModel());
		timeline.step(10);
		expect(timeline.positionMs - START).toBeCloseTo(19_980, 0);
		timeline.step(-100);
		expect(timeline.positionMs).toBe(START);
		timeline.step(1_000);
		expect(timeline.atEnd).toBe(true);
	});
});
