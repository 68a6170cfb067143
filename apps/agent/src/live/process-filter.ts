import type { Capture } from "@wirescribe/bpf-programs";
import { ProcessTable, SelectedProcesses } from "@wirescribe/connections";
import type { WorkloadTable } from "@wirescribe/kubernetes";
import type { ProcessEvent, ProcessEvents } from "./process-events.ts";
import { isSelectedProcess, judgesProcesses, type WatchSelection } from "./selection.ts";

/**
 * Tells the kernel which processes to leave out, by what the kernel does not know of them, as they start and as they change: so that
 * it copies nothing of theirs. The partitions judge again: of a process that has just started something may have come through.
 * Returns what judges all of them once more.
 */
export function filterProcesses(
	capture: Capture,
	processes: ProcessEvents,
	selection: WatchSelection,
	workloads: WorkloadTable,
): () => void {
	if (!judgesProcesses(selection)) return () => {};
	const verdicts = new Map<number, boolean>();
	const tell = (): void => {
		for (const [pid, leftOut] of verdicts) {
			if (leftOut) capture.reject(pid);
			else capture.admit(pid);
		}
		verdicts.clear();
	};
	const selected = new SelectedProcesses({
		processes: new ProcessTable(),
		selects: (facts) => isSelectedProcess(selection, facts, workloads.ofProcess(facts)),
		changed: (pid, leftOut) => verdicts.set(pid, leftOut),
	});
	processes.subscribe((events) => {
		for (const event of events) {
			take(selected, event);
			// The kernel forgets its verdict when a process calls exec.
			if (event.kind === "exec") verdicts.set(event.pid, !selected.has(event.pid));
		}
		// Only what came of all of them: a process that has called exec is not to be left out for what it was before.
		tell();
	});
	const scan = (): void => {
		selected.scan();
		tell();
	};
	scan();
	return scan;
}

function take(selected: SelectedProcesses, { kind, pid, parent, ...hint }: ProcessEvent): void {
	if (kind === "fork") selected.forked(parent, pid);
	else if (kind === "exec") selected.execed(pid, hint);
	else if (kind === "exit") selected.exited(pid);
}
