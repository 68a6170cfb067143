import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { SessionState } from "../src/live/session-state.ts";
import type { Plan } from "../src/plan/make-plan.ts";
import { NODE_SERVER, Program } from "./servers.ts";
import { Wirescribe } from "./wirescribe.ts";

const folder = mkdtempSync(join(tmpdir(), "wirescribe-plan-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function output(
	args: readonly string[],
	features?: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
	const through = features === undefined ? [] : ["env", `WIRESCRIBE_FEATURES=${features}`];
	await using wirescribe = new Wirescribe(args, "node 26", undefined, through);
	return { code: await wirescribe.exit(), stdout: wirescribe.stdout, stderr: wirescribe.stderr };
}

function text(url: string): Promise<string> {
	return new Promise((resolve, reject) => {
		get(url, { agent: false }, (response) => {
			let body = "";
			response.on("data", (data) => {
				body += data;
			});
			response.on("end", () => resolve(body));
		}).on("error", reject);
	});
}

describe("plan", () => {
	it("names the hooks that run attaches, and what they have cost once they run", async () => {
		const server = await Program.listening(process.execPath, ["-e", NODE_SERVER, "127.0.0.1"]);
		await using _ = server.program;
		const port = ["--port", String(server.port)];
		const planned = await output(["plan", "--json", ...port]);
		expect(planned.code, planned.stderr).toBe(0);
		const plan = JSON.parse(planned.stdout) as Plan;
		expect(plan.processes).toEqual(
			expect.arrayContaining([
				expect.objectContaining({ pid: server.program.pid, tls: [expect.stringMatching(/\/node$/)] }),
			]),
		);

		const file = join(folder, "state.json");
		const options = ["--state-file", file, "--measure-probes", "--metrics-listen", "127.0.0.1:0", "--output", "json"];
		await using agent = await Wirescribe.start(["run", ...port, ...options], { ready: "watching " });
		for (let n = 0; n < 3; n++) execFileSync("curl", ["-s", `http://127.0.0.1:${server.port}/`]);
		await agent.until(() => agent.lineCount >= 6, "both ends");
		agent.child.kill("SIGUSR2");
		await agent.until(() => agent.stderr.includes("state written"), "its state");
		const state = JSON.parse(readFileSync(file, "utf8")) as SessionState;
		expect(plan.hooks.map(({ name }) => name)).toEqual(state.attached);
		expect(state.programs.find(({ name }) => name === "exit_read")?.runs).toBeGreaterThan(0);
		expect(agent.stderr).toMatch(/^ {2}exit_read +\d+ ns a run/m);

		const status = /on (http:\/\/127\.0\.0\.1:\d+)/.exec(agent.stderr)?.[1] as string;
		const page = await text(`${status}/plan`);
		expect(page).toMatch(/^Hooks in the kernel, \d+/m);
		expect(page).toMatch(/^ {2}exit_write +\d+ ns a run/m);
		expect(await text(`${status}/metrics`)).toMatch(
			/^wirescribe_kernel_program_runs_total\{program="exit_read"\} \d+$/m,
		);
		expect(await agent.stop(), agent.stderr).toBe(0);
	});

	it("is shaped by the options of run", async () => {
		const small = JSON.parse((await output(["plan", "--json", "--ring-size", "64KB", "--no-tls"])).stdout) as Plan;
		expect(small.memory.queueBytes).toBe(65_536 * small.memory.partitions);
		expect(small.tls).toBeUndefined();
		expect((await output(["plan", "--prot", "80"])).code).toBe(2);
	});
});

describe("an old kernel explains itself", () => {
	it.each([
		["kernel=5.10", "kernel: 5.10 (by WIRESCRIBE_FEATURES); use Linux 5.15 or newer"],
		["btf=no", "btf: no; use a kernel with CONFIG_DEBUG_INFO_BTF=y"],
		["ringBuffers=no", "ring buffers: no; use --queue perf"],
	])("with %s", async (features, words) => {
		const run = await output(["run"], features);
		expect(run.code).toBe(69);
		expect(run.stderr.trimEnd().split("\n")).toHaveLength(1);
		expect(run.stderr).toContain(words);
		const plan = await output(["plan"], features);
		expect(plan.code).toBe(69);
		expect(plan.stdout).toContain(`CANNOT RUN  ${words}`);
		const doctor = await output(["doctor"], features);
		expect(doctor.code).toBe(69);
		expect(doctor.stdout).toMatch(/^FAIL/m);
	});

	it("and perf buffers do where rings are not", async () => {
		expect((await output(["doctor", "--queue", "perf"], "ringBuffers=no")).code).toBe(0);
	});
});
