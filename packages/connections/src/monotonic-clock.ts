import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import process from "node:process";

/**
 * A reader of CLOCK_MONOTONIC in nanoseconds: the clock of kernel events.
 *
 * In Node `process.hrtime` is that clock. In Deno and Bun it starts at zero with the process: it is aligned once, with
 * the kernel's own line in /proc/timer_list (root, exact to the time of one read), or else with /proc/uptime (to about
 * 0.1 ms, but off by the time the machine was suspended).
 */
export function monotonicClock(): () => number {
	const own = (): number => {
		const [seconds, nanos] = process.hrtime();
		return seconds * 1e9 + nanos;
	};
	if (process.versions.bun === undefined && !("Deno" in globalThis)) return own;
	const offset = offsetByTimerList(own) ?? offsetByUptime(own);
	return () => own() + offset;
}

/** Kernel minus own clock; the quickest of a few reads is the most exact. */
function offsetByTimerList(own: () => number): number | undefined {
	let best: { took: number; offset: number } | undefined;
	const head = new Uint8Array(256);
	for (let i = 0; i < 5; i++) {
		try {
			const file = openSync("/proc/timer_list", "r");
			const before = own();
			let length = 0;
			try {
				length = readSync(file, head, 0, head.length, 0);
			} finally {
				closeSync(file);
			}
			const after = own();
			const now = /now at (\d+) nsecs/.exec(new TextDecoder().decode(head.subarray(0, length)))?.[1];
			if (now === undefined) return undefined;
			const took = after - before;
			if (!best || took < best.took) best = { took, offset: Number(now) - before };
		} catch {
			return undefined;
		}
	}
	return best?.offset;
}

/** /proc/uptime counts in 10 ms: waits for it to change, then it is exact. */
function offsetByUptime(own: () => number): number {
	const uptime = (): string => readFileSync("/proc/uptime", "utf8").split(" ")[0] ?? "0";
	const first = uptime();
	const giveUp = own() + 100e6;
	let next = first;
	while (next === first && own() < giveUp) next = uptime();
	return Number(next) * 1e9 - own();
}
