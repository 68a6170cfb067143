import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { liveHeapBytes, watchLiveHeap } from "./live-heap.ts";

test("what a full collection leaves is known, and garbage is no part of it", async () => {
	watchLiveHeap();
	setFlagsFromString("--expose-gc");
	const collect = runInNewContext("gc") as () => void;
	let kept: number[] | undefined = Array.from({ length: 4e6 }, (_, n) => n + 0.5);
	collect();
	await expect.poll(liveHeapBytes).toBeGreaterThan(kept.length * 8);
	kept = undefined;
	collect();
	await expect.poll(liveHeapBytes).toBeLessThan(32e6);
});
