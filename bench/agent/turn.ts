/** One turn of the benchmark: a fresh nginx, one observer or none, one load; and what came of it. */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { mustRun } from "../../tools/command.ts";
import { startNginx } from "../../tools/traffic/nginx.ts";
import type { Harvest, Observer } from "./observers.ts";
import { cpuSeconds, peakRssKib, untilIdle } from "./processes.ts";

export interface LoadPlan {
	/** Requests per second; without it, as fast as the server answers. */
	readonly rate?: number;
	readonly seconds: number;
	readonly connections: number;
}

/** What one turn has shown. */
export interface Turn {
	/** Transactions of the measured load, by nginx's own log, and those before it that warmed everything up. */
	readonly made: number;
	readonly warm: number;
	readonly rate: number;
	readonly p99Us: number;
	/** What was to be logged, warm-up included: each request once for every side that is watched. */
	readonly expected: number;
	readonly logged: number;
	/** The observer's, from before the load until it had worked it off. */
	readonly cpuSeconds: number;
	readonly peakRssKib: number;
	readonly remarks: readonly string[];
}

interface LoadReport {
	readonly made: number;
	readonly succeeded: number;
	readonly rate: number;
	readonly p99_us: number;
}

/** Long enough for code to become warm and for buffers to reach their sizes, and not counted. */
const WARM_UP = { rate: 5000, seconds: 2, connections: 32 } as const;

/** tshark may need far longer than the load: it is given this time to catch up. */
const CATCH_UP_MS = 120_000;

/**
 * Server and load stay on a processor each; observers go where the scheduler has them. Left to the scheduler, the two end up
 * on one processor in some turns and stay there, with a third of the machine idle: that would be measured, not the observer.
 */
const SERVER_CPU = 0;
const LOAD_CPU = availableParallelism() > 1 ? 1 : 0;

export async function takeTurn(load: string, observer: Observer | undefined, plan: LoadPlan): Promise<Turn> {
	const folder = mkdtempSync(join(tmpdir(), "wirescribe-bench-"));
	try {
		await using nginx = await startNginx({ bufferedLog: true, bodyBytes: 128, cpu: SERVER_CPU });
		await using watch = await observer?.start(nginx.port, folder);
		// Being ready is what an observer says; a second later it is true.
		await sleep(1000);
		await runLoad(load, nginx.port, WARM_UP, "warm");
		await sleep(500);
		const pid = watch?.pid;
		const before = pid === undefined ? 0 : cpuSeconds(pid);
		const report = await runLoad(load, nginx.port, plan, "load");
		if (pid !== undefined) await untilIdle(pid, CATCH_UP_MS);
		const cpu = pid === undefined ? 0 : cpuSeconds(pid) - before;
		const rss = pid === undefined ? 0 : peakRssKib(pid);
		const harvest: Harvest = (await watch?.harvest()) ?? { logged: 0, remarks: [] };
		const truth = await nginx.log();
		const made = truth.filter(({ path }) => path.startsWith("/load/")).length;
		if (report.succeeded !== made)
			throw new Error(`nginx logged ${made} requests, the client had ${report.succeeded} answers`);
		if (watch && harvest.logged === 0) throw new Error(`${observer?.name} logged nothing: it was not watching`);
		return {
			made,
			warm: truth.length - made,
			rate: report.rate,
			p99Us: report.p99_us,
			expected: truth.length * (observer?.both ? 2 : 1),
			logged: harvest.logged,
			cpuSeconds: cpu,
			peakRssKib: rss,
			remarks: harvest.remarks,
		};
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

async function runLoad(load: string, port: number, plan: LoadPlan, prefix: string): Promise<LoadReport> {
	const { rate, seconds, connections } = plan;
	const args = [
		"-c",
		String(LOAD_CPU),
		load,
		"--port",
		String(port),
		"--seconds",
		String(seconds),
		"--connections",
		String(connections),
	];
	args.push("--prefix", prefix);
	if (rate !== undefined) args.push("--rate", String(rate));
	return JSON.parse((await mustRun("taskset", args)).stdout) as LoadReport;
}
