import type { Capture } from "@wirescribe/bpf-programs";
import { ProcessTable, SelectedProcesses } from "@wirescribe/connections";
import type { WorkloadTable } from "@wirescribe/kubernetes";
import type { WatchOptions } from "../cli/watch-options.ts";
import type { ProcessEvent, ProcessEvents } from "./process-events.ts";
import { isSelectedProcess, judgesProcesses, type WatchSelection } from "./selection.ts";

/**
 * Tells the kernel which processes to leave out, by what the kernel does not know of them, as they start and as they change: so that
 * it copies nothing of theirs. The partitions judge again: of a process that has just started something may have come through.
 */
export class ProcessFilter {
	readonly #capture: Capture;
	readonly #workloads: WorkloadTable;
	readonly #proc: string;
	readonly #verdicts = new Map<number, boolean>();
	#selection: WatchSelection;
	/** Undefined: the kernel judges alone. */
	#selected: SelectedProcesses | undefined;

	constructor(
		capture: Capture,
		processes: ProcessEvents,
		{ selection, proc }: Pick<WatchOptions, "selection" | "proc">,
		workloads: WorkloadTable,
	) {
		this.#proc = proc;
		this.#capture = capture;
		this.#workloads = workloads;
		this.#selection = selection;
		processes.subscribe((events) => this.#take(events));
		this.reselect(selection);
	}

	/** Judges by another selection from now on. */
	reselect(selection: WatchSelection): void {
		this.#selection = selection;
		const judges = judgesProcesses(selection);
		if (judges) this.#selected ??= this.#judge();
		this.rescan();
		if (!judges) this.#selected = undefined;
	}

	/** Whether workloads of this namespace are left out. */
	excludes(namespace: string): boolean {
		return this.#selection.excludeNamespaces.includes(namespace);
	}

	/** Judges all processes once more. */
	rescan(): void {
		this.#selected?.scan();
		this.#tell();
	}

	#judge(): SelectedProcesses {
		return new SelectedProcesses({
			proc: this.#proc,
			processes: new ProcessTable({ proc: this.#proc }),
			selects: (facts) =>
				!judgesProcesses(this.#selection) ||
				isSelectedProcess(this.#selection, facts, this.#workloads.ofProcess(facts)),
			changed: (pid, leftOut) => this.#verdicts.set(pid, leftOut),
		});
	}

	#take(events: readonly ProcessEvent[]): void {
		const selected = this.#selected;
		if (!selected) return;
		for (const event of events) {
			take(selected, event);
			// The kernel forgets its verdict when a process calls exec.
			if (event.kind === "exec") this.#verdicts.set(event.pid, !selected.has(event.pid));
		}
		// Only what came of all of them: a process that has called exec is not to be left out for what it was before.
		this.#tell();
	}

	#tell(): void {
		for (const [pid, leftOut] of this.#verdicts) {
			if (leftOut) this.#capture.reject(pid);
			else this.#capture.admit(pid);
		}
		this.#verdicts.clear();
	}
}

function take(selected: SelectedProcesses, { kind, pid, parent, ...hint }: ProcessEvent): void {
	if (kind === "fork") selected.forked(parent, pid);
	else if (kind === "exec") selected.execed(pid, hint);
	else if (kind === "exit") selected.exited(pid);
}
