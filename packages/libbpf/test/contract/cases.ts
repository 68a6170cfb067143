import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import { openHandles } from "../../src/index.ts";
import { attachCases } from "./attach.ts";
import { bufferCases } from "./buffers.ts";
import { mapCases } from "./maps.ts";
import { objectCases } from "./object.ts";
import { pinCases } from "./pins.ts";
import { programCases } from "./programs.ts";
import type { Cases } from "./subject.ts";
import { typedCases } from "./typed.ts";

/** Descriptors of what this package opens; a runtime opens others for its timers, workers and child processes. */
function openBpfFds(): number {
	return readdirSync("/proc/self/fd").filter((fd) => {
		try {
			return /bpf|perf_event|cgroup/.test(readlinkSync(`/proc/self/fd/${fd}`));
		} catch {
			return false; // the one that lists them
		}
	}).length;
}

/** Every case, and after each of them: no handle of the shim and no file descriptor of the kernel's BPF is left. */
export const cases: Cases = Object.fromEntries(
	Object.entries({
		...objectCases,
		...mapCases,
		...typedCases,
		...pinCases,
		...attachCases,
		...programCases,
		...bufferCases,
	}).map(([name, run]) => [
		name,
		async () => {
			const before = openBpfFds();
			await run();
			assert.equal(openHandles(), 0, "handles left open");
			assert.equal(openBpfFds(), before, "file descriptors left open");
		},
	]),
);
