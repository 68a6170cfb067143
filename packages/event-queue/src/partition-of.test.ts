import { expect, test } from "vitest";
import { partitionOf } from "./partition-of.ts";

test("neighbouring, aligned and large keys are spread evenly", () => {
	for (const [base, step] of [
		[0, 1],
		[0, 64],
		[2 ** 40, 1],
		[2 ** 52, 2 ** 16],
		[0, 2 ** 33],
	] as const) {
		for (const partitions of [2, 3, 8]) {
			const counts = new Array<number>(partitions).fill(0);
			for (let i = 0; i < 8000; i++) counts[partitionOf(base + i * step, partitions)]! += 1;
			for (const count of counts) expect(count).toBeGreaterThan((8000 / partitions) * 0.85);
		}
	}
});
