import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { expect, test } from "vitest";
import { monotonicClock } from "./monotonic-clock.ts";
import { nodeInfo } from "./node-info.ts";

test("the node has its name, its interfaces, and a boot time that fits both clocks", () => {
	const clock = monotonicClock();
	const node = nodeInfo(clock);
	expect(node.name).toBe(hostname());
	expect(node.interfaces).toContainEqual({ index: 1, mtu: expect.any(Number), name: "lo" });
	const { seconds, nanos } = node.bootTime;
	expect(nanos >= 0 && nanos < 1e9 && Number.isInteger(nanos) && Number.isInteger(seconds)).toBe(true);
	const now = seconds * 1000 + (nanos + clock()) / 1e6;
	expect(Math.abs(now - Date.now())).toBeLessThan(1000);
});

test("the monotonic clock is the kernel's", () => {
	const clock = monotonicClock();
	const suspended = 0.1e9;
	const before = clock();
	const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1e9;
	const after = clock();
	expect(uptime).toBeGreaterThan(before - suspended);
	expect(uptime).toBeLessThan(after + suspended);
});
