import { matchProcesses } from "./process-info.ts";
import { type ProcessSelection, selectsProcess } from "./process-selection.ts";
import type { ProcessHint, ProcessTable } from "./process-table.ts";

export interface SelectedProcessesOptions {
	readonly selection: ProcessSelection;
	/** Told of every event before it is judged here, and asked for the facts. */
	readonly processes: ProcessTable;
	/** A process is selected now, or no longer. Never twice the same in a row for one pid. */
	readonly changed: (pid: number, selected: boolean) => void;
	/** `/proc` if not told. */
	readonly proc?: string;
}

/** The processes that a selection means, kept right by fork, exec and exit events instead of by looking again and again. */
export class SelectedProcesses {
	readonly #options: SelectedProcessesOptions;
	readonly #selected: Set<number> = new Set();

	constructor(options: SelectedProcessesOptions) {
		this.#options = options;
	}

	get size(): number {
		return this.#selected.size;
	}

	has(pid: number): boolean {
		return this.#selected.has(pid);
	}

	/** Adds those that run already. Subscribe to events first, so that none slips through between. */
	scan(): void {
		const { selection, proc } = this.#options;
		for (const { pid } of matchProcesses(selection, proc)) this.#set(pid, true);
	}

	forked(parent: number, child: number): void {
		this.#options.processes.forked(parent, child);
		this.#judge(child, {});
	}

	execed(pid: number, hint: ProcessHint = {}): void {
		this.#options.processes.execed(pid, hint);
		this.#judge(pid, hint);
	}

	/** A process that is gone is selected no longer; what is known of it stays in the table. */
	exited(pid: number): void {
		this.#options.processes.exited(pid);
		this.#set(pid, false);
	}

	#judge(pid: number, hint: ProcessHint): void {
		const { selection, processes } = this.#options;
		this.#set(pid, selectsProcess(selection, processes.get(pid, hint)));
	}

	#set(pid: number, selected: boolean): void {
		if (this.#selected.has(pid) === selected) return;
		if (selected) this.#selected.add(pid);
		else this.#selected.delete(pid);
		this.#options.changed(pid, selected);
	}
}
