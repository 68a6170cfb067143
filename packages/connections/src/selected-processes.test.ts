import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import type { ProcessInfo } from "./process-info.ts";
import { selectsProcess } from "./process-selection.ts";
import { ProcessTable } from "./process-table.ts";
import { SelectedProcesses } from "./selected-processes.ts";

function fixture(comms: string[]): {
	selected: SelectedProcesses;
	changes: [number, boolean][];
	processes: ProcessTable;
} {
	const processes = new ProcessTable();
	const changes: [number, boolean][] = [];
	const changed = (pid: number, leftOut: boolean): void => void changes.push([pid, leftOut]);
	const selects = (facts: ProcessInfo): boolean => selectsProcess({ comms }, facts);
	return { selected: new SelectedProcesses({ selects, processes, changed }), changes, processes };
}

test("a process that starts is judged by its exec, once, and its pid is free again after its exit", async () => {
	const { selected, changes, processes } = fixture(["another"]);
	const child = spawn("sleep", ["60"]);
	try {
		await once(child, "spawn");
		const pid = child.pid ?? 0;
		expect(selected.has(pid)).toBe(true);
		// Between fork and exec it still has our own name; the kernel says when that is over.
		while (!processes.get(pid).exe.endsWith("sleep")) processes.execed(pid);
		selected.execed(pid);
		selected.execed(pid);
		selected.scan();
		expect(changes.filter(([id]) => id === pid)).toEqual([[pid, true]]);
		expect(changes).toContainEqual([process.pid, true]);
		expect(selected.has(pid)).toBe(false);
		child.kill();
		await once(child, "exit");
		selected.exited(pid);
		selected.exited(pid);
		expect(changes.filter(([id]) => id === pid)).toEqual([
			[pid, true],
			[pid, false],
		]);
		expect(processes.get(pid).comm).toBe("sleep");
	} finally {
		child.kill();
	}
});

test("a child is what its parent is, without a look at it, until it becomes another program", () => {
	const { selected, changes, processes } = fixture(["two"]);
	const pid = 2 ** 22 + 1;
	processes.set({ pid, startTime: 1, comm: "one", exe: "", cmdline: "", uid: 0, containerId: "", cgroup: "" });
	selected.forked(pid, pid + 1);
	expect(selected.has(pid + 1)).toBe(false);
	expect(processes.stats().reads).toBe(0);
	selected.execed(pid + 1, { comm: "two" });
	expect(changes).toEqual([
		[pid + 1, true],
		[pid + 1, false],
	]);
	expect(selected.leftOut).toBe(0);
});
