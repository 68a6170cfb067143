import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LatencySketch } from "./latency-sketch.ts";

describe("LatencySketch", () => {
	it("knows any quantile to 3 %", () => {
		const durations = fc.array(fc.integer({ min: 2_000, max: 900_000_000_000 }), { minLength: 1, maxLength: 300 });
		fc.assert(
			fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
				const sketch = new LatencySketch();
				for (const value of values) sketch.add(value);
				const sorted = [...values].sort((a, b) => a - b);
				const exact = sorted[Math.max(0, Math.ceil(share * values.length) - 1)] as number;
				expect(Math.abs((sketch.quantile(share) as number) - exact) / exact).toBeLessThan(0.0301);
			}),
		);
	});

	it("is the same when it was put together of parts", () => {
		const [whole, one, other] = [new LatencySketch(), new LatencySketch(), new LatencySketch()];
		for (let ns = 1_000; ns < 1e9; ns *= 1.3) {
			whole.add(ns);
			(whole.count % 2 === 0 ? one : other).add(ns);
		}
		one.merge(other);
		expect([0.1, 0.5, 0.9].map((share) => one.quantile(share))).toEqual(
			[0.1, 0.5, 0.9].map((share) => whole.quantile(share)),
		);
		one.clear();
		expect(one.quantile(0.5)).toBeUndefined();
	});

	it("puts what is out of its range at its ends", () => {
		const sketch = new LatencySketch();
		for (const ns of [0, -5, Number.NaN]) sketch.add(ns);
		expect(sketch.quantile(1)).toBeLessThan(1_001);
		sketch.add(1e15);
		expect(sketch.quantile(1)).toBeGreaterThan(9e11);
	});
});
