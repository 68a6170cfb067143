import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { openHandles } from "../../src/index.ts";
import { attachCases } from "./attach.ts";
import { bufferCases } from "./buffers.ts";
import { mapCases } from "./maps.ts";
import { objectCases } from "./object.ts";
import type { Cases } from "./subject.ts";

function openBpfFds(): number {
	return readdirSync("/proc/self/fd", { withFileTypes: true }).length;
}

/** Every case, and after each of them: no handle of the shim and no file descriptor is left. */
export const cases: Cases = Object.fromEntries(
	Object.entries({ ...objectCases, ...mapCases, ...attachCases, ...bufferCases }).map(([name, run]) => [
		name,
		async () => {
			// A runtime's first timer opens descriptors of its own.
			await new Promise((resolve) => setTimeout(resolve, 1));
			const before = openBpfFds();
			await run();
			assert.equal(openHandles(), 0, "handles left open");
			// A runtime opens fds of its own when it starts a worker; a case without one leaves exactly what it found.
			if (!name.includes("worker")) assert.ok(openBpfFds() <= before, "file descriptors left open");
		},
	]),
);
