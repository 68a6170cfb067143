import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { Tombstone } from "./index.ts";

test("is at most 64 bytes", () => {
	setFlagsFromString("--expose-gc");
	const collect = runInNewContext("gc") as () => void;
	const tombstones: Tombstone[] = new Array(100_000).fill(undefined);
	collect();
	const before = process.memoryUsage().heapUsed;
	for (let i = 0; i < tombstones.length; i++) tombstones[i] = new Tombstone(i);
	collect();
	const bytes = (process.memoryUsage().heapUsed - before) / tombstones.length;
	expect(bytes).toBeGreaterThan(16);
	expect(bytes).toBeLessThanOrEqual(64);
	expect(tombstones.at(-1)?.lastDataId).toBe(99_999);
});
