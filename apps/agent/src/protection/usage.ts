import { readFileSync } from "node:fs";
import process from "node:process";
import type { ProgramCost } from "@wirescribe/bpf-programs";

/** What the agent uses now. */
export interface Usage {
	/** CPUs since the last time, of all of its threads, and of its programs in the kernel where their cost is counted. */
	readonly cpus: number;
	/** Bytes of memory that only the agent can give back: what is of files, such as the runtime's program, the kernel takes if it needs to. */
	readonly memoryBytes: number;
}

/** Anonymous and shared memory, of what /proc/self/status says. */
export function heldBytes(status: string): number {
	const [anonymous = 0, shared = 0] = ["RssAnon", "RssShmem"].map((name) =>
		Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, "m").exec(status)?.[1] ?? 0),
	);
	return (anonymous + shared) * 1024;
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
		return { cpus, memoryBytes: heldBytes(readFileSync("/proc/self/status", "latin1")) };
	}

	#spentMs(): number {
		const { user, system } = process.cpuUsage();
		const inKernel = (this.#programs?.() ?? []).reduce((sum, { runTimeNs }) => sum + runTimeNs, 0);
		return (user + system) / 1e3 + inKernel / 1e6;
	}
}
