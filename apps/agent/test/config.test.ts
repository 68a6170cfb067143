import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { committedPage, configurationPage } from "../../../tools/configuration-page.ts";
import { Wirescribe } from "./wirescribe.ts";

const fixtures = join(import.meta.dirname, "fixtures/config");
const docs = join(import.meta.dirname, "../../../docs");
const folder = mkdtempSync(join(tmpdir(), "wirescribe-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function output(...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
	await using wirescribe = new Wirescribe(args);
	const code = await wirescribe.exit();
	return { code, stdout: wirescribe.stdout, stderr: wirescribe.stderr };
}

function file(name: string, text: string): string {
	const path = join(folder, name);
	writeFileSync(path, text);
	return path;
}

describe("validate", () => {
	it("says that a configuration is valid, and refuses one that asks for nothing", async () => {
		const moved = join(fixtures, "reference.yaml");
		const { code, stdout, stderr } = await output("validate", "--config", file("valid.yaml", "capture: {queue: perf}"));
		expect([code, stderr]).toEqual([0, ""]);
		expect(stdout).toMatch(/valid\.yaml: valid; 1 of \d+ keys are set\n$/);
		// The reference agent's access log is off until it is switched on.
		const refused = await output("validate", "--config", moved);
		expect(refused.code).toBe(2);
		expect(refused.stderr).toContain("access_log.active is 'false'");
	});

	it("ends with 2 and all that is wrong, a line each, as 'run' does before it attaches anything", async () => {
		const wrong = join(fixtures, "bad-values.yaml");
		const expected = readFileSync(join(fixtures, "bad-values.errors"), "utf8")
			.trimEnd()
			.split("\n")
			.map((line) => `wirescribe: ${line.replace("bad-values.yaml", wrong)}\n`)
			.join("");
		for (const command of ["validate", "run", "print-config"]) {
			const { code, stdout, stderr } = await output(command, "--config", wrong);
			expect([code, stdout, stderr]).toEqual([2, "", expected]);
		}
	});

	it("says that a file cannot be read, and of flags as of files what does not go together", async () => {
		const absent = join(folder, "absent.yaml");
		expect(await output("validate", "--config", absent)).toMatchObject({
			code: 2,
			stderr: expect.stringContaining(`cannot read the configuration '${absent}': ENOENT`),
		});
		const valid = file("perf.yaml", "capture: {queue: perf}");
		expect(await output("validate", "--config", valid, "--partitions", "2")).toMatchObject({
			code: 2,
			stderr: `wirescribe: ${valid}:1:11: capture.queue perf has one partition: its buffers belong to CPUs, not to connections\n`,
		});
	});
});

describe("print-config", () => {
	it("shows each key with its source, and no secret", async () => {
		const config = file("print.yaml", "core: {backend: {addr: 'oap:11800', authentication: hunter2}}\n");
		const args = ["print-config", "--config", config, "--role", "server"];
		const { stdout } = await output(...args);
		expect(stdout).not.toContain("hunter2");
		expect(stdout).toMatch(new RegExp(`^core\\.backend\\.addr +oap:11800 +${config}:1$`, "m"));
		expect(stdout).toMatch(/^access_log\.select\.role +server +--role$/m);
		const { values } = JSON.parse((await output(...args, "--json")).stdout) as { values: unknown[] };
		expect(values).toContainEqual({ key: "core.backend.authentication", value: "***", source: `${config}:1` });
		expect(values).toContainEqual({ key: "capture.tls", value: true, source: "default" });
	});

	it("explains the numbers that the agent derives", async () => {
		const { stdout } = await output("print-config", "--explain-tuning", "--json", "--ring-size", "1MB");
		const { tuning } = JSON.parse(stdout) as { tuning: { name: string; value: string; reason: string }[] };
		expect(tuning.map(({ name }) => name)).toEqual([
			"capture.partitions",
			"capture.ring_size",
			"core.backend.lanes",
			"memory for records that are not acknowledged",
		]);
		expect(tuning[1]).toMatchObject({ value: "1MB", reason: expect.stringMatching(/^set by --ring-size; else \d+/) });
	});
});

describe("the host's /proc", () => {
	it("tells a pid namespace of its own about the host's processes", async () => {
		const server = createServer((_request, response) => response.end("ok")).listen(0, "127.0.0.1");
		await new Promise((resolve) => server.once("listening", resolve));
		const { port } = server.address() as AddressInfo;
		const proc = join(folder, "proc");
		mkdirSync(proc);
		const script = `mount --bind /proc ${proc} && mount -t proc proc /proc && exec "$@"`;
		const inside = ["unshare", "--pid", "--mount", "--fork", "--kill-child", "sh", "-c", script, "sh"];
		try {
			await using wirescribe = await Wirescribe.start(
				["run", "--host-proc", proc, "--pid", String(process.pid), "--role", "server", "--output", "json"],
				{ through: inside },
			);
			await new Promise<void>((resolve) => {
				get({ port, host: "127.0.0.1", path: "/", agent: false }, (answer) => answer.resume().on("end", resolve));
			});
			await wirescribe.until(() => wirescribe.lineCount > 0, "the request");
			expect(wirescribe.lines[0]).toMatchObject({ pid: process.pid, exe: expect.stringContaining("node") });
			const { pid } = wirescribe.child;
			process.kill(Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")), "SIGINT");
			expect(await wirescribe.exit(), wirescribe.stderr).toBe(0);
		} finally {
			server.close();
		}
	});

	it("is an error where there is none", async () => {
		const { code, stderr } = await output("validate", "--host-proc", folder);
		expect(code).toBe(2);
		expect(stderr).toContain(`cannot use '${folder}' as --host-proc: it shows no processes`);
	});
});

describe("the documentation", () => {
	it("has the tables that the agent's keys make: npm run docs", () => {
		expect(committedPage()).toBe(configurationPage(committedPage()));
	});

	const pages = readdirSync(docs).filter((name) => ["configuration.md", "migration.md"].includes(name));
	const examples = pages.flatMap((page) =>
		[...readFileSync(join(docs, page), "utf8").matchAll(/```yaml\n(.*?)```/gs)].map((match) => [page, match[1]]),
	) as [string, string][];

	it.each(examples)("has examples that are valid: %s", async (_, text) => {
		const { code, stderr } = await output("validate", "--config", file("example.yaml", text));
		expect(code, stderr).toBe(0);
	});
});
