import { expect, it } from "vitest";
import { heldBytes, UsageMeter } from "./usage.ts";

it("counts what is in no file", () => {
	const status =
		"VmRSS:\t  142764 kB\nRssAnon:\t   65556 kB\nRssFile:\t   77204 kB\nRssShmem:\t       4 kB\nThreads:\t11\n";
	expect(heldBytes(status)).toBe(65_560 * 1024);
});

it("measures since it was asked last, programs in the kernel included", () => {
	let runTimeNs = 5_000_000_000;
	const meter = new UsageMeter(() => [{ name: "exit_read", runs: 1, runTimeNs, missed: 0 }]);
	const startMs = performance.now();
	runTimeNs += 60_000_000_000;
	while (performance.now() - startMs < 20);
	const { cpus, memoryBytes } = meter.measure();
	const elapsedMs = performance.now() - startMs;
	expect(cpus * elapsedMs).toBeGreaterThanOrEqual(60_000);
	expect(meter.measure().cpus).toBeLessThan(cpus / 100);
	expect(memoryBytes).toBeGreaterThan(10 << 20);
});
