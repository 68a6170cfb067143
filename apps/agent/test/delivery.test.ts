import { type ChildProcess, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ledger } from "@wirescribe/pipeline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { startNginx } from "../../../tools/traffic/nginx.ts";
import { Certificate } from "./certificate.ts";
import { Wirescribe } from "./wirescribe.ts";

const folder = mkdtempSync(join(tmpdir(), "wirescribe-delivery-"));
beforeAll(() => ensureDebian(["nginx-light", "curl"]));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function freePort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await new Promise((resolve) => server.once("listening", resolve));
	const { port } = server.address() as { port: number };
	await new Promise((resolve) => server.close(resolve));
	return port;
}

function kill(child: ChildProcess): Promise<void> {
	return new Promise((resolve) => {
		child.once("exit", () => resolve());
		child.kill("SIGKILL");
	});
}

const collect = (port: number): Promise<Wirescribe> =>
	Wirescribe.start(["collect", "--listen", `127.0.0.1:${port}`, "--output", "json"], { ready: "collecting on" });

describe("delivery", () => {
	it("survives a collector that is killed and started again", async () => {
		await using nginx = await startNginx();
		const port = await freePort();
		const ledgerFile = join(folder, "restart.json");
		await using first = await collect(port);
		await using wirescribe = await Wirescribe.start([
			"run",
			"--backend",
			`127.0.0.1:${port}`,
			"--role",
			"server",
			"--port",
			String(nginx.port),
			"--ledger",
			ledgerFile,
		]);
		let sent = 0;
		const burst = async (seconds: number): Promise<void> => {
			for (const end = performance.now() + seconds * 1000; performance.now() < end; sent++) {
				expect(spawnSync("curl", ["-s", "-o", "/dev/null", `http://127.0.0.1:${nginx.port}/n/${sent}`]).status).toBe(0);
				await sleep(5);
			}
		};
		await burst(2.5);
		await kill(first.child);
		await burst(2.5);
		await using second = await collect(port);
		await burst(1.5);
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		const ledger = JSON.parse(readFileSync(ledgerFile, "utf8")) as Ledger;
		await second.stop();
		const received = [...first.lines, ...second.lines].map(({ path }) => path as string);
		const missing = Array.from({ length: sent }, (_, n) => `/n/${n}`).filter((path) => !received.includes(path));
		expect(missing).toEqual([]);
		expect(ledger.messages).toMatchObject({ logged: sent, balanced: true });
		expect(ledger.records).toMatchObject({ balanced: true, retained: 0, lost: { queue: 0, expired: 0, shutdown: 0 } });
		// What came twice was in a unit that the ledger says was sent again.
		const twice = received.length - new Set(received).size;
		expect(twice).toBeLessThanOrEqual(ledger.records.resent.records);
	});

	it("says so, and fails, when the backend never comes", async () => {
		await using nginx = await startNginx();
		const ledgerFile = join(folder, "absent.json");
		const backend = `127.0.0.1:${await freePort()}`;
		await using wirescribe = await Wirescribe.start([
			"run",
			"--backend",
			backend,
			"--role",
			"server",
			"--port",
			String(nginx.port),
			"--ledger",
			ledgerFile,
		]);
		expect(spawnSync("curl", ["-s", "-o", "/dev/null", `http://127.0.0.1:${nginx.port}/absent`]).status).toBe(0);
		await wirescribe.until(() => wirescribe.stderr.includes("next try in"), "that it cannot deliver");
		expect(await wirescribe.stop()).toBe(1);
		expect(wirescribe.stderr).toContain(backend);
		const ledger = JSON.parse(readFileSync(ledgerFile, "utf8")) as Ledger;
		expect(ledger.records.balanced).toBe(true);
		expect(ledger.records.lost["shutdown"]).toBe(ledger.records.accepted);
	});

	it("keeps in the spool what it could not deliver, and delivers it next time", async () => {
		await using nginx = await startNginx();
		const port = await freePort();
		const watch = ["run", "--role", "server", "--port", String(nginx.port), "--backend", `127.0.0.1:${port}`];
		const spool = ["--spool", join(folder, "spool")];
		const ask = (path: string): void => {
			expect(spawnSync("curl", ["-s", "-o", "/dev/null", `http://127.0.0.1:${nginx.port}${path}`]).status).toBe(0);
		};
		await using first = await Wirescribe.start([...watch, ...spool]);
		ask("/first");
		await first.until(() => first.stderr.includes("next try in"), "that it cannot deliver");
		// What is on disk is not lost.
		expect(await first.stop(), first.stderr).toBe(0);
		expect(first.stderr).toMatch(/\b[1-9]\d* spooled/);
		await using collector = await collect(port);
		await using second = await Wirescribe.start([...watch, ...spool, "--units"]);
		ask("/second");
		await collector.until(() => collector.lineCount >= 2, "both");
		expect(await second.stop(), second.stderr).toBe(0);
		expect(second.stderr).toMatch(/Unit \S+ acknowledged: \d+ records/);
		await collector.stop();
		expect(collector.lines.map(({ path }) => path)).toEqual(["/first", "/second"]);
	});

	it("delivers over mutual TLS with a token, by several lanes, compressed, by either transport", async () => {
		await using nginx = await startNginx();
		const recording = join(folder, "traffic.rec");
		await using recorder = await Wirescribe.start(["record", recording, "--port", String(nginx.port)]);
		for (let n = 0; n < 10; n++) {
			spawnSync("curl", ["-s", "-o", "/dev/null", `http://127.0.0.1:${nginx.port}/n/${n}`]);
		}
		expect(await recorder.stop(), recorder.stderr).toBe(0);

		using certificate = new Certificate();
		const { cert, key } = certificate;
		const token = join(folder, "token");
		writeFileSync(token, "a secret\n");
		const port = await freePort();
		const secured = ["--cert", cert, "--key", key, "--ca", cert, "--token", token];
		await using collector = await Wirescribe.start(
			["collect", "--listen", `127.0.0.1:${port}`, "--output", "json", ...secured],
			{ ready: "collecting on" },
		);
		const mutual = ["--backend-tls", "--backend-ca", cert, "--backend-cert", cert, "--backend-key", key];
		const replay = async (...more: readonly string[]): Promise<Wirescribe> => {
			const to = ["--backend", `localhost:${port}`, ...mutual, "--backend-token", token];
			const process = new Wirescribe(["replay", recording, "--role", "server", ...to, ...more]);
			await process.exit();
			return process;
		};
		await using plain = await replay();
		await using packed = await replay("--lanes", "2", "--backend-gzip");
		await using grpc = await replay("--transport", "grpc");
		for (const { child, stderr } of [plain, packed, grpc]) expect(child.exitCode, stderr).toBe(0);
		writeFileSync(token, "another");
		await using stranger = await replay();
		expect(stranger.stderr).toContain("answered 16");
		await collector.stop();
		const wanted = Array.from({ length: 10 }, (_, n) => `/n/${n}`).flatMap((path) => [path, path, path]);
		expect(collector.lines.map(({ path }) => path as string).sort()).toEqual(wanted);
	});

	it("does not log the agent's own connection, nor the collector's end of it", async () => {
		await using nginx = await startNginx();
		const port = await freePort();
		await using collector = await collect(port);
		await using wirescribe = await Wirescribe.start([
			"run",
			"--backend",
			`127.0.0.1:${port}`,
			"--output",
			"json",
			"--tcp-operations",
		]);
		expect(spawnSync("curl", ["-s", "-o", "/dev/null", `http://127.0.0.1:${nginx.port}/own`]).status).toBe(0);
		await collector.until(() => collector.lineCount >= 2, "both ends");
		await sleep(1500);
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		await collector.stop();
		expect(collector.lines.filter(({ local, remote }) => `${local} ${remote}`.includes(`:${port}`))).toEqual([]);
		expect(wirescribe.lines.some(({ local, remote }) => `${local} ${remote}`.includes(`:${port}`))).toBe(false);
	});
});
