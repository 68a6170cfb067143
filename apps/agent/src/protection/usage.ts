import process from "node:process";
import type { ProgramCost } from "@wirescribe/bpf-programs";

/** What the agent uses now. */
export interface Usage {
	/** CPUs since the last time, of all of its threads, and of its programs in the kernel where their cost is counted. */
	readonly cpus: number;
	/** Bytes of memory. */
	readonly memoryBytes: number;
}

/** Measures the agent itself. `programs` tells what the kernel's programs have cost; without it they are not reckoned in. */
export class UsageMeter {
	readonly #programs: (() => readonly ProgramCost[]) | undefined;
	#cpuMs: number;
	#atMs: number;

	constructor(programs: (() => readonly ProgramCost[]) | undefined) {
		this.#programs = programs;
		this.#cpuMs = this.#spentMs();
		this.#atMs = performance.now();
	}

	/** The usage since it was asked last, or since the meter was made. */
	measure(): Usage {
		const [cpuMs, atMs] = [this.#cpuMs, this.#atMs];
		this.#cpuMs = this.#spentMs();
		this.#atMs = performance.now();
		const cpus = (this.#cpuMs - cpuMs) / Math.max(1, this.#atMs - atMs);
		return { cpus, memoryBytes: process.memoryUsage.rss() };
	}

	#spentMs(): number {
		const { user, system } = process.cpuUsage();
		const inKernel = (this.#programs?.() ?? []).reduce((sum, { runTimeNs }) => sum + runTimeNs, 0);
		return (user + system) / 1e3 + inKernel / 1e6;
	}
}
