import { allProcesses, type ProcessInfo } from "./process-info.ts";
import type { ProcessHint, ProcessTable } from "./process-table.ts";

export interface SelectedProcessesOptions {
	/** The judgement: a function of what is known of the process, such as `selectsProcess` of a selection. */
	readonly selects: (facts: ProcessInfo) => boolean;
	/** Told of every event before it is judged here, and asked for the facts. */
	readonly processes: ProcessTable;
	/** A process is left out, or no longer. Never twice the same in a row for one pid. */
	readonly changed: (pid: number, leftOut: boolean) => void;
	/** `/proc` if not told. */
	readonly proc?: string;
}

/**
 * The processes that a judgement leaves out, kept right by fork, exec and exit events instead of by looking again and again.
 *
 * What was not judged yet counts as selected: of a process that has just started nothing is missed, only left out a moment later.
 */
export class SelectedProcesses {
	readonly #options: SelectedProcessesOptions;
	readonly #leftOut: Set<number> = new Set();

	constructor(options: SelectedProcessesOptions) {
		this.#options = options;
	}

	/** How many are left out. */
	get leftOut(): number {
		return this.#leftOut.size;
	}

	has(pid: number): boolean {
		return !this.#leftOut.has(pid);
	}

	/** Judges those that run. Subscribe to events first, so that none slips through between. */
	scan(): void {
		const { processes, selects, proc } = this.#options;
		for (const pid of allProcesses(proc)) this.#set(pid, !selects(processes.get(pid)));
	}

	/** A child is judged by what is known of its parent until it calls exec: nothing is read. */
	forked(parent: number, child: number): void {
		const { processes } = this.#options;
		processes.forked(parent, child);
		this.#judge(child, processes.peek(child) ?? processes.get(child));
	}

	execed(pid: number, hint: ProcessHint = {}): void {
		const { processes } = this.#options;
		processes.execed(pid, hint);
		this.#judge(pid, processes.get(pid, hint));
	}

	/** A process that is gone is not left out any more: its pid may be another's tomorrow. */
	exited(pid: number): void {
		this.#options.processes.exited(pid);
		this.#set(pid, false);
	}

	#judge(pid: number, facts: ProcessInfo): void {
		this.#set(pid, !this.#options.selects(facts));
	}

	#set(pid: number, leftOut: boolean): void {
		if (this.#leftOut.has(pid) === leftOut) return;
		if (leftOut) this.#leftOut.add(pid);
		else this.#leftOut.delete(pid);
		this.#options.changed(pid, leftOut);
	}
}
