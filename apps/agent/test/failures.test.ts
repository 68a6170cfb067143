import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { program } from "./runtimes.ts";
import { Wirescribe } from "./wirescribe.ts";

const folder = mkdtempSync(join(tmpdir(), "wirescribe-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What every failure must look like: one line, what and what to do, no stack. */
function expectOneLine(stderr: string): void {
	expect(stderr.trim().split("\n")).toHaveLength(1);
	expect(stderr).toMatch(/^wirescribe: /);
	expect(stderr).not.toMatch(/\n\s+at /);
}

async function fail(args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
	await using wirescribe = new Wirescribe(args);
	const code = await wirescribe.exit();
	return { code, stderr: wirescribe.stderr };
}

/** Runs the agent behind another program: `setpriv`, `unshare`. */
function behind(command: readonly string[], args: readonly string[]): { code: number | null; stderr: string } {
	const [file, ...rest] = [...command, ...program("node 26"), ...args];
	const { status, stderr } = spawnSync(file as string, rest, {
		encoding: "utf8",
		env: { ...process.env, NODE_OPTIONS: "" },
	});
	return { code: status, stderr };
}

describe("a failure is one line and an exit code", () => {
	it("unknown command", async () => {
		const { code, stderr } = await fail(["rnu"]);
		expect(code).toBe(2);
		expectOneLine(stderr);
		expect(stderr).toContain("did you mean 'run'");
	});

	it("unknown option", async () => {
		const { code, stderr } = await fail(["run", "--prot", "80"]);
		expect(code).toBe(2);
		expectOneLine(stderr);
		expect(stderr).toContain("did you mean '--port'");
	});

	it("an option's value", async () => {
		const { code, stderr } = await fail(["run", "--port", "80800"]);
		expect(code).toBe(2);
		expectOneLine(stderr);
		expect(stderr).toContain("--port takes a whole number from 1 to 65535, not '80800'");
	});

	it.each(["run", "record"])("a name that %s could never match", async (command) => {
		const { code, stderr } = await fail([
			command,
			...(command === "record" ? ["/tmp/none"] : []),
			"--comm",
			"sixteen-bytes-ab",
		]);
		expect(code).toBe(2);
		expectOneLine(stderr);
		expect(stderr).toContain("try 'sixteen-bytes-a'");
	});

	it("busy port", async () => {
		const server = createServer().listen(0, "127.0.0.1");
		await new Promise((resolve) => server.once("listening", resolve));
		const { port } = server.address() as { port: number };
		try {
			const { code, stderr } = await fail(["collect", "--listen", `127.0.0.1:${port}`]);
			expect(code).toBe(1);
			expectOneLine(stderr);
			expect(stderr).toContain(`127.0.0.1:${port}`);
		} finally {
			server.close();
		}
	});

	it("unreachable backend", async () => {
		await using wirescribe = new Wirescribe(["doctor", "--backend", "127.0.0.1:1"]);
		expect(await wirescribe.exit()).toBe(1);
		expect(wirescribe.stdout).toMatch(/FAIL {2}backend .*127\.0\.0\.1:1 cannot be reached/);
		expect(wirescribe.stdout).toContain("start a collector there");
	});

	it("not root", () => {
		const user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"];
		const { code, stderr } = behind(user, ["run"]);
		expectOneLine(stderr);
		expect(stderr).toMatch(/root|CAP_BPF/);
		expect(code).toBe(77);
	});

	it("no BTF", () => {
		const hidden = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /sys/kernel/btf && exec "$@"', "sh"];
		const { code, stderr } = behind(hidden, ["run"]);
		expectOneLine(stderr);
		expect(stderr).toContain("BTF");
		expect(code).toBe(69);
	});

	it("a recording that is not there, or not one", async () => {
		const missing = await fail(["replay", join(folder, "missing.wsr")]);
		expect(missing.code).toBe(1);
		expectOneLine(missing.stderr);
		const text = join(folder, "text.wsr");
		writeFileSync(text, "this is not a recording, it only looks like a file");
		const wrong = await fail(["replay", text]);
		expect(wrong.code).toBe(1);
		expectOneLine(wrong.stderr);
		expect(wrong.stderr).toContain("not a recording");
	});

	it("a recording that is cut, or corrupt", async () => {
		const file = join(folder, "cut.wsr");
		await using recorder = await Wirescribe.start(["record", file], { ready: "recording to" });
		await new Promise((resolve) => setTimeout(resolve, 500));
		expect(await recorder.stop()).toBe(0);
		expect((await fail(["replay", file])).code).toBe(0);
		const { size } = await import("node:fs").then((fs) => fs.statSync(file));
		truncateSync(file, size - 3);
		const cut = await fail(["replay", file]);
		expect(cut.code).toBe(1);
		expect(cut.stderr.trim().split("\n").at(-1)).toMatch(
			/^wirescribe: Cannot read recording .* from byte \d+: it ends within a frame/,
		);
	});
});
