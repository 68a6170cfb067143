import type { Capture } from "@wirescribe/bpf-programs";
import { ProcessTable, SelectedProcesses } from "@wirescribe/connections";
import type { WorkloadTable } from "@wirescribe/kubernetes";
import type { ProcessEvent, ProcessEvents } from "./process-events.ts";
import { isSelectedProcess, judgesProcesses, type WatchSelection } from "./selection.ts";

/**
 * Tells the kernel which processes to leave out, by what the kernel does not know of them, as they start and as they change: so that
 * it copies nothing of theirs. The partitions judge again: of a process that has just started something may have come through.
 */
export function filterProcesses(
	capture: Capture,
	processes: ProcessEvents,
	selection: WatchSelection,
	workloads: WorkloadTable,
): SelectedProcesses | undefined {
	if (!judgesProcesses(selection)) return undefined;
	const selected = new SelectedProcesses({
		processes: new ProcessTable(),
		selects: (facts) => isSelectedProcess(selection, facts, workloads.ofProcess(facts)),
		changed: (pid, leftOut) => {
			if (leftOut) capture.reject(pid);
			else capture.admit(pid);
		},
	});
	processes.subscribe((events) => {
		for (const event of events) take(selected, event);
	});
	selected.scan();
	return selected;
}

function take(selected: SelectedProcesses, { kind, pid, parent, ...hint }: ProcessEvent): void {
	if (kind === "fork") selected.forked(parent, pid);
	else if (kind === "exec") selected.execed(pid, hint);
	else if (kind === "exit") selected.exited(pid);
}
