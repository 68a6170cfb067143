import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { matchProcesses, parseCgroup, parseContainerId, parseStat, readProcess } from "./process-info.ts";
import { ProcessTable } from "./process-table.ts";

let proc: string;
beforeEach(() => {
	proc = mkdtempSync(join(tmpdir(), "proc-"));
});
afterEach(() => rmSync(proc, { recursive: true }));

const container = "0123456789abcdef".repeat(4);

function put(pid: number, comm: string, flags = 0): void {
	const folder = join(proc, String(pid));
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder);
	const fields = ["S", 1, pid, pid, 0, -1, flags, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 1, 0, 4242, 0];
	writeFileSync(join(folder, "stat"), `${pid} (${comm}) ${fields.join(" ")}\n`);
	writeFileSync(join(folder, "status"), `Name:\t${comm}\nUid:\t1000\t1001\t1000\t1000\n`);
	writeFileSync(join(folder, "cmdline"), `/usr/bin/${comm}\0-g\0daemon off;\0`);
	writeFileSync(join(folder, "cgroup"), `0::/kubepods.slice/cri-containerd-${container}.scope\n`);
	symlinkSync(`/usr/bin/${comm} (deleted)`, join(folder, "exe"));
}

test("a process is read once, whole, and stays known after its end", () => {
	put(7, "a (b) c");
	const table = new ProcessTable({ proc });
	const info = table.get(7);
	expect(info).toEqual({
		pid: 7,
		startTime: 42.42e9,
		comm: "a (b) c",
		exe: "/usr/bin/a (b) c",
		cmdline: "/usr/bin/a (b) c -g daemon off;",
		uid: 1001,
		containerId: container,
		cgroup: `/kubepods.slice/cri-containerd-${container}.scope`,
	});
	rmSync(join(proc, "7"), { recursive: true });
	table.exited(7);
	expect(table.get(7)).toBe(info);
	expect(table.hasExited(7)).toBe(true);
	expect(table.stats()).toEqual({ size: 1, reads: 1, evicted: 0 });
});

test("of a long list of arguments the beginning is kept", () => {
	put(7, "java");
	writeFileSync(join(proc, "7/cmdline"), `java\0-cp\0${"/lib/x.jar:".repeat(1000)}\0Main\0`);
	const { cmdline } = new ProcessTable({ proc }).get(7);
	expect(cmdline).toHaveLength(4096);
	expect(cmdline).toMatch(/^java -cp \/lib\/x\.jar:/);
});

test("exec reads again; a pid that comes back by fork is another process", () => {
	put(7, "sh");
	const table = new ProcessTable({ proc });
	expect(table.get(7).comm).toBe("sh");
	put(7, "nginx");
	expect(table.get(7).comm).toBe("sh");
	table.execed(7);
	expect(table.get(7).comm).toBe("nginx");
	table.exited(7);
	put(7, "other");
	table.forked(1, 7);
	expect(table.get(7).comm).toBe("other");
});

test("a child too short-lived for /proc is what its parent is", () => {
	put(7, "nginx");
	const table = new ProcessTable({ proc });
	table.get(7);
	table.forked(7, 8);
	expect(table.get(8)).toMatchObject({ pid: 8, comm: "nginx", containerId: container, startTime: 0 });
	table.execed(8, { comm: "curl", uid: 5 });
	expect(table.get(8)).toMatchObject({ pid: 8, comm: "curl", exe: "", uid: 5, containerId: container });
});

test("a process that is gone was in the container of an ancestor that lives, whoever that is", () => {
	put(7, "sh");
	const table = new ProcessTable({ proc });
	table.forked(7, 8);
	table.forked(8, 9);
	table.execed(9, { comm: "curl", uid: 5 });
	table.exited(8);
	table.exited(9);
	expect(table.get(9, { comm: "curl", uid: 5 })).toMatchObject({
		pid: 9,
		comm: "curl",
		uid: 5,
		containerId: container,
	});
	expect(table.get(10, { comm: "other" })).toMatchObject({ containerId: "", cgroup: "" });
});

test("of a zombie, or one that is just ending, stays what was said before", async () => {
	const table = new ProcessTable({ proc });
	put(7, "curl");
	rmSync(join(proc, "7", "exe"));
	table.execed(7, { comm: "curl", uid: 5, exe: "/usr/bin/curl" });
	expect(table.get(7)).toMatchObject({ exe: "/usr/bin/curl", uid: 1001 });
	for (const name of ["status", "cgroup"]) rmSync(join(proc, "7", name));
	table.execed(7, { comm: "curl", uid: 5, exe: "/usr/bin/curl" });
	expect(table.get(7)).toMatchObject({ exe: "/usr/bin/curl", uid: 5, containerId: container });
	const child = spawn("true");
	// Nobody has waited for it as long as this thread does not come back to the event loop.
	while (!parseStat(readFileSync(`/proc/${child.pid}/stat`, "utf8"))?.ended);
	expect(readProcess(child.pid ?? 0)).toBeUndefined();
	await once(child, "exit");
});

test("what is not there is as much as the event said, and is not asked for again", () => {
	const table = new ProcessTable({ proc });
	expect(table.get(9, { comm: "curl", uid: 3 })).toMatchObject({ pid: 9, comm: "curl", uid: 3, exe: "" });
	table.get(9);
	expect(table.stats().reads).toBe(1);
});

test("the least recently asked makes room", () => {
	const table = new ProcessTable({ proc, capacity: 2 });
	table.get(1);
	table.get(2);
	table.get(1);
	table.get(3);
	expect([1, 2, 3].map((pid) => table.peek(pid) !== undefined)).toEqual([true, false, true]);
	expect(table.stats().evicted).toBe(1);
});

test("without /proc only what was told is known", () => {
	const table = new ProcessTable({ proc: false });
	const info = { pid: 5, startTime: 1, comm: "x", exe: "/x", cmdline: "/x", uid: 0, containerId: "", cgroup: "" };
	table.set(info);
	expect(table.get(5)).toBe(info);
	expect(table.get(process.pid).comm).toBe("");
	expect(table.stats().reads).toBe(0);
});

test("processes match by pid or name; kernel threads never", () => {
	put(2, "kthreadd", 0x200000);
	put(7, "nginx");
	put(8, "nginx");
	put(9, "curl");
	const pids = (selection: Parameters<typeof matchProcesses>[0]): number[] =>
		matchProcesses(selection, proc).map(({ pid }) => pid);
	expect(pids({})).toEqual([7, 8, 9]);
	expect(pids({ comms: ["nginx"] })).toEqual([7, 8]);
	expect(pids({ pids: [9, 8], comms: ["nginx"] })).toEqual([7, 8, 9]);
	expect(pids({ pids: [2] })).toEqual([]);
	expect(pids({ exes: ["/usr/bin/n*"] })).toEqual([7, 8]);
	expect(pids({ containers: [container.slice(0, 12)], exclude: { comms: ["curl"], pids: [7] } })).toEqual([8]);
	expect(pids({ cgroups: ["/system.slice/**"] })).toEqual([]);
	expect(pids({ exclude: { cgroups: ["/kubepods.slice/**"] } })).toEqual([]);
});

test("odd stat lines and cgroups", () => {
	expect(parseStat("")).toBeUndefined();
	expect(parseStat("7 (a) b) S 1")).toMatchObject({ comm: "a) b" });
	expect(parseContainerId("0::/user.slice\n")).toBe("");
	expect(parseCgroup("12:cpu:/a\n0::/user.slice/x:y\n")).toBe("/user.slice/x:y");
	expect(parseCgroup("12:cpu:/docker/1\n11:memory:/docker/1\n")).toBe("/docker/1");
	expect(parseCgroup("")).toBe("");
	expect(parseCgroup("0::/\n9:pids:/\n8:memory:/docker/1\n")).toBe("/docker/1");
	expect(parseCgroup("9:pids:/\n0::/\n")).toBe("/");
	expect(parseContainerId(`0::/docker/${"a".repeat(64)}/docker/${container}\n`)).toBe(container);
	expect(parseContainerId(`0::/x-${"a".repeat(65)}`)).toBe("");
});

test("a real process, gone when it is asked about again", async () => {
	const child = spawn("sleep", ["60"]);
	try {
		await once(child, "spawn");
		const table = new ProcessTable();
		// Between fork and exec it still has our own name, and then for a moment no arguments.
		while (!table.get(child.pid ?? 0).cmdline.endsWith("sleep 60")) table.execed(child.pid ?? 0);
		expect(table.get(child.pid ?? 0)).toMatchObject({
			comm: "sleep",
			cmdline: expect.stringMatching(/sleep 60$/),
			uid: process.getuid?.(),
		});
		expect(table.get(child.pid ?? 0).startTime).toBeGreaterThan(0);
		child.kill();
		await once(child, "exit");
		expect(table.get(child.pid ?? 0).cmdline).toMatch(/sleep 60$/);
	} finally {
		child.kill();
	}
});
