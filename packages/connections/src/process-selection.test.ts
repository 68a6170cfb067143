import { expect, test } from "vitest";
import { matchesGlob } from "./glob.ts";
import { type ProcessSelection, selectsPorts, selectsProcess } from "./process-selection.ts";

const nginx = {
	pid: 7,
	comm: "nginx",
	exe: "/usr/sbin/nginx",
	containerId: "abc123".padEnd(64, "0"),
	cgroup: "/kubepods.slice/pod1/nginx.scope",
};
const selects = (selection: ProcessSelection): boolean => selectsProcess(selection, nginx);

test("a process is selected by any criterion; without one, all are", () => {
	expect(selects({})).toBe(true);
	expect(selects({ pids: [1], comms: ["nginx"] })).toBe(true);
	expect(selects({ pids: [1], comms: ["curl"] })).toBe(false);
	expect([selects({ exes: ["/usr/*/nginx"] }), selects({ exes: ["/usr/*"] })]).toEqual([true, false]);
	expect([selects({ containers: ["abc123"] }), selects({ containers: ["bc123"] })]).toEqual([true, false]);
	expect(selects({ cgroups: ["/kubepods.slice/**"] })).toBe(true);
});

test("what is excluded is not selected, whatever else it meets", () => {
	expect(selects({ exclude: { comms: ["nginx"] } })).toBe(false);
	expect(selects({ pids: [7], exclude: { cgroups: ["/kubepods.slice/**"] } })).toBe(false);
	expect(selects({ pids: [7], exclude: { comms: ["curl"] } })).toBe(true);
});

test("an empty criterion never meets what is not known", () => {
	const unknown = { ...nginx, exe: "", containerId: "", cgroup: "" };
	expect(selectsProcess({ exes: ["**"], containers: [""], cgroups: ["**"] }, unknown)).toBe(false);
});

test("ports, of either end", () => {
	expect(selectsPorts({}, 80, 41_000)).toBe(true);
	expect(selectsPorts({ ports: [80] }, 41_000, 80)).toBe(true);
	expect(selectsPorts({ ports: [81] }, 41_000, 80)).toBe(false);
	expect(selectsPorts({ excludePorts: [80] }, 80, 41_000)).toBe(false);
});

test("globs", () => {
	expect(matchesGlob("/opt/a/b", "/opt/*")).toBe(false);
	expect(matchesGlob("/opt/a/b", "/opt/**")).toBe(true);
	expect(matchesGlob("/opt/a+b", "/opt/a+?")).toBe(true);
	expect(matchesGlob("/opt/axb", "/opt/a.b")).toBe(false);
});
