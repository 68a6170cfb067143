import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { root } from "../../../tools/workspace.ts";
import { Wirescribe } from "./wirescribe.ts";

const folder = mkdtempSync(join(tmpdir(), "wirescribe-syscalls-"));
beforeAll(() => ensureDebian(["strace", "systemd"]));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The system calls of one of systemd's groups, which hold others. */
function callsOf(group: string): string[] {
	const listed = execFileSync("systemd-analyze", ["syscall-filter", "--no-pager", group], { encoding: "utf8" });
	const names = listed
		.split("\n")
		.slice(1)
		.map((line) => line.replace(/#.*/, "").trim());
	return names.filter(Boolean).flatMap((name) => (name.startsWith("@") ? callsOf(name) : [name]));
}

it("the systemd unit allows every system call that the agent makes", async () => {
	const unit = readFileSync(join(root, "deploy/systemd/wirescribe@.service"), "utf8");
	const filter = /^SystemCallFilter=(.*)$/m.exec(unit)?.[1] ?? "";
	const allowed = new Set(filter.split(" ").flatMap((name) => (name.startsWith("@") ? callsOf(name) : [name])));
	const trace = join(folder, "trace");
	const options = ["--port", "1", "--partitions", "2", "--backend", "127.0.0.1:1", "--spool", join(folder, "spool")];
	const status = ["--metrics-listen", "127.0.0.1:0", "--control", join(folder, "control.sock"), "--takeover"];
	await using agent = await Wirescribe.start(["run", ...options, ...status], {
		ready: "watching ",
		through: ["strace", "-f", "-qq", "-I", "1", "-o", trace],
		tls: true,
	});
	// strace passes on what its child ends by.
	const [child] = readFileSync(`/proc/${agent.child.pid}/task/${agent.child.pid}/children`, "latin1").split(" ");
	process.kill(Number(child), "SIGTERM");
	expect(await agent.exit(), agent.stderr).toBe(0);
	const made = new Set(
		[...readFileSync(trace, "latin1").matchAll(/^\d+\s+(\w+)\(/gm)].map(([, name]) => name as string),
	);
	expect(made.size).toBeGreaterThan(30);
	expect([...made].filter((name) => !allowed.has(name))).toEqual([]);
});
