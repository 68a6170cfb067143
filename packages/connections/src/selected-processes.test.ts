import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { ProcessTable } from "./process-table.ts";
import { SelectedProcesses } from "./selected-processes.ts";

function fixture(comms: string[]): {
	selected: SelectedProcesses;
	changes: [number, boolean][];
	processes: ProcessTable;
} {
	const processes = new ProcessTable();
	const changes: [number, boolean][] = [];
	const changed = (pid: number, yes: boolean): void => void changes.push([pid, yes]);
	return { selected: new SelectedProcesses({ selection: { comms }, processes, changed }), changes, processes };
}

test("a process that starts is selected by its exec, once, and leaves by its exit", async () => {
	const { selected, changes, processes } = fixture(["sleep"]);
	const child = spawn("sleep", ["60"]);
	try {
		await once(child, "spawn");
		const pid = child.pid ?? 0;
		selected.forked(process.pid, pid);
		// Between fork and exec it still has our own name; the kernel says when that is over.
		while (!processes.get(pid).exe.endsWith("sleep")) processes.execed(pid);
		selected.execed(pid);
		selected.execed(pid);
		selected.scan();
		expect(changes.filter(([id]) => id === pid)).toEqual([[pid, true]]);
		expect(selected.has(pid)).toBe(true);
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

test("a process that becomes another program is selected no longer", () => {
	const { selected, changes, processes } = fixture(["one"]);
	const pid = 2 ** 22 + 1;
	processes.set({ pid, startTime: 1, comm: "one", exe: "", cmdline: "", uid: 0, containerId: "", cgroup: "" });
	selected.forked(pid, pid + 1);
	expect(selected.has(pid + 1)).toBe(true);
	selected.execed(pid + 1, { comm: "two" });
	expect(changes).toEqual([
		[pid + 1, true],
		[pid + 1, false],
	]);
	expect(selected.size).toBe(0);
});
