import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ledger } from "@wirescribe/pipeline";
import { afterAll, describe, expect, it } from "vitest";
import { Wirescribe } from "./wirescribe.ts";

const folder = mkdtempSync(join(tmpdir(), "wirescribe-commands-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function output(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
	await using wirescribe = new Wirescribe(args);
	const code = await wirescribe.exit();
	return { code, stdout: wirescribe.stdout, stderr: wirescribe.stderr };
}

describe("commands", () => {
	it("tell how they are used", async () => {
		expect((await output(["--help"])).stdout).toContain("wirescribe COMMAND [options]");
		expect((await output(["--version"])).stdout).toMatch(/^wirescribe \d+\.\d+\.\d+\n$/);
		for (const command of ["run", "top", "watch", "collect", "record", "replay", "export", "plan", "doctor", "demo"]) {
			const { code, stdout } = await output([command, "--help"]);
			expect(code).toBe(0);
			expect(stdout).toContain(`wirescribe ${command}`);
		}
	});

	it("doctor finds this machine fit, in words and as JSON", async () => {
		const words = await output(["doctor"]);
		expect(words.code, words.stdout).toBe(0);
		expect(words.stdout).toMatch(/^ok {4}tracefs/m);
		const { checks, ok } = JSON.parse((await output(["doctor", "--json"])).stdout) as {
			ok: boolean;
			checks: { name: string; ok: boolean; found: string }[];
		};
		expect(ok).toBe(true);
		expect(checks.map(({ name }) => name)).toEqual(
			expect.arrayContaining(["runtime", "ffi", "capabilities", "libbpf", "kernel", "btf", "tracefs"]),
		);
	});

	it("demo shows both ends as a collector received them, and ends by itself", async () => {
		const { code, stdout, stderr } = await output(["demo", "--seconds", "3"]);
		expect(code, stderr).toBe(0);
		const posts = stdout.split("\n").filter((line) => line.includes("POST /orders 201"));
		expect(posts.length).toBeGreaterThanOrEqual(2);
		expect(stdout).not.toContain("secret");
		expect(stderr).toMatch(/^records .* acked \+ 0 retained/m);
		expect(stderr).not.toContain("does not balance");
	});

	it("run gives the ledger on demand, and at the end", async () => {
		const server = createServer((_request, response) => response.end("ok")).listen(0, "127.0.0.1");
		await new Promise((resolve) => server.once("listening", resolve));
		const { port } = server.address() as AddressInfo;
		const file = join(folder, "ledger.json");
		const read = (): Ledger => JSON.parse(readFileSync(file, "utf8")) as Ledger;
		const ask = (): Promise<void> =>
			new Promise((resolve) => {
				get({ port, host: "127.0.0.1", agent: false }, (response) => response.resume().on("end", resolve));
			});
		try {
			await using wirescribe = await Wirescribe.start([
				"run",
				"--output",
				"json",
				"--port",
				String(port),
				"--ledger",
				file,
			]);
			await ask();
			await wirescribe.until(() => wirescribe.lineCount >= 2, "both ends");
			wirescribe.child.kill("SIGUSR2");
			await wirescribe.until(() => wirescribe.stderr.includes("requests "), "the ledger");
			expect(read().messages).toMatchObject({ logged: 2, balanced: true });
			await ask();
			await wirescribe.until(() => wirescribe.lineCount >= 4, "both ends again");
			expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
			expect(read().messages).toMatchObject({ requestStartsRead: 4, logged: 4, open: 0, balanced: true });
			expect(read().operations).toMatchObject({ balanced: true, inRing: 0, drained: 8 });
		} finally {
			server.closeAllConnections();
			server.close();
		}
	});
});
