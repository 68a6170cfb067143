/** What is left behind: by a killed agent, by a hundred thousand connections, by ten thousand processes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { Harness } from "./harness.ts";
import { objectsInKernel, objectsOf } from "./kernel-objects.ts";
import { tcpPair } from "./libc.ts";
import { compileShortProcesses, shortConnections, shortProcesses } from "./short-lives.ts";
import { exchange } from "./traffic.ts";

beforeAll(() => ensureDebian(["bpftool", "gcc", "libc6-dev"]));

test("a killed agent leaves nothing in the kernel, and disturbs nobody beside it", async () => {
	using beside = new Harness();
	const file = join(import.meta.dirname, "agent-to-kill.ts");
	const child = spawn(process.execPath, ["--conditions=@wirescribe/source", file], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	try {
		await once(child.stdout, "data");
		const held = objectsOf(child.pid!);
		expect(held.size).toBeGreaterThan(50);
		child.kill("SIGKILL");
		await once(child, "exit");
		// The kernel takes the programs off their hooks one after another, each with a grace period.
		for (let left = held.size; left > 0; await sleep(100)) {
			const there = objectsInKernel();
			left = [...held].filter((object) => there.has(object)).length;
		}
		using pair = tcpPair();
		exchange(pair);
		expect(beside.drain().operations).toHaveLength(4);
	} finally {
		child.kill("SIGKILL");
	}
});

test("100,000 short connections leave every map as they found it, and never mix", () => {
	expect(shortConnections(100_000).sockets).toBe(200_000);
});

test("10,000 processes leave every map as they found it, and never mix, though their ids come again", async () => {
	const folder = mkdtempSync(join(tmpdir(), "wirescribe-processes-"));
	try {
		const program = join(folder, "short-processes");
		compileShortProcesses(program);
		const { sockets, pids } = await shortProcesses(10_000, [program, "10000"]);
		expect(sockets).toBe(20_000);
		expect(pids).toBeLessThan(5_000);
	} finally {
		rmSync(folder, { recursive: true });
	}
});
