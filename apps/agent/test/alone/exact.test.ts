import { closeSync, createReadStream, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startCollector } from "@wirescribe/collector";
import type { Ledger } from "@wirescribe/pipeline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureDebian } from "../../../../tools/debian.ts";
import { type NginxEntry, startNginx } from "../../../../tools/traffic/nginx.ts";
import { Program } from "../servers.ts";
import { type Line, Wirescribe } from "../wirescribe.ts";

const REQUESTS = 100_000;
const CONNECTIONS = 32;
const RATE = 20_000;

const folder = mkdtempSync(join(tmpdir(), "wirescribe-exact-"));
beforeAll(() => ensureDebian(["nginx-light"]));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Each request has a path of its own; the client is a process of its own. */
async function load(port: number, total: number): Promise<void> {
	const client = fileURLToPath(new URL("../../../../tools/traffic/load.ts", import.meta.url));
	const args = ["--port", port, "--connections", CONNECTIONS, "--rate", RATE, "--total", total].map(String);
	await using program = new Program(process.execPath, [client, ...args]);
	expect(await program.exit(), program.output).toBe(0);
	expect(JSON.parse(program.output)).toMatchObject({ made: total, broken: 0 });
}

function readLedger(file: string): Ledger {
	return JSON.parse(readFileSync(file, "utf8")) as Ledger;
}

function expectNothingLost(ledger: Ledger, requests: number): void {
	expect(ledger.operations).toMatchObject({
		balanced: true,
		inRing: 0,
		programRunMisses: 0,
		lost: { ring_full: 0, map_full: 0, fault: 0, scratch_busy: 0 },
	});
	expect(ledger.messages).toMatchObject({
		balanced: true,
		logged: requests,
		partial: 0,
		unpaired: 0,
		lost: 0,
		open: 0,
	});
	expect(ledger.records.balanced).toBe(true);
	expect(Object.values(ledger.records.lost).every((count) => count === 0)).toBe(true);
}

async function linesOf(file: string): Promise<Line[]> {
	const lines: Line[] = [];
	for await (const text of createInterface({ input: createReadStream(file) })) lines.push(JSON.parse(text) as Line);
	return lines;
}

/** Every request of nginx's log exactly once on this side, with the same status and sizes. */
function expectSame(lines: readonly Line[], truth: ReadonlyMap<string, NginxEntry>): void {
	const seen = new Set<string>();
	const wrong: unknown[] = [];
	for (const line of lines) {
		const entry = truth.get(line.path ?? "");
		const right =
			entry !== undefined &&
			!seen.has(entry.path) &&
			line.partial.length === 0 &&
			line.method === entry.method &&
			line.status === entry.status &&
			line.request?.header_bytes === entry.requestBytes &&
			line.request.body_bytes === 0 &&
			line.response?.body_bytes === entry.bodyBytes &&
			line.response.header_bytes + line.response.body_bytes === entry.responseBytes &&
			line.remote === (line.role === "server" ? entry.remote : line.remote);
		if (!right) wrong.push({ line, entry });
		seen.add(line.path ?? "");
	}
	expect(wrong.slice(0, 3)).toEqual([]);
	expect(seen.size).toBe(truth.size);
	expect(lines.length).toBe(truth.size);
}

describe(`${REQUESTS} requests at ${RATE} a second`, () => {
	it("are logged exactly once on each side, as nginx logged them", async () => {
		await using nginx = await startNginx({ bufferedLog: true });
		const file = join(folder, "lines.json");
		const ledgerFile = join(folder, "ledger.json");
		const fd = openSync(file, "w");
		await using wirescribe = await Wirescribe.start(
			["run", "--output", "json", "--port", String(nginx.port), "--ledger", ledgerFile, "--ring-size", "64MB"],
			{ stdoutFd: fd },
		);
		closeSync(fd);
		await load(nginx.port, REQUESTS);
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		const truth = new Map((await nginx.log()).map((entry) => [entry.path, entry]));
		expect(truth.size).toBe(REQUESTS);
		const lines = await linesOf(file);
		expectNothingLost(readLedger(ledgerFile), 2 * REQUESTS);
		expectSame(
			lines.filter(({ role }) => role === "server"),
			truth,
		);
		expectSame(
			lines.filter(({ role }) => role === "client"),
			truth,
		);
	});

	it("reach the collector, each connection with as many kernel logs as it had operations", async () => {
		await using nginx = await startNginx({ bufferedLog: true });
		const kernelLogs = new Map<string, number>();
		const paths = new Map<string, number>();
		await using collector = await startCollector({
			listen: "127.0.0.1:0",
			onMessage: (_stream, { connection, kernelLogs: logs, protocolLog }) => {
				const peer = `${connection?.remote?.ip?.host}:${connection?.remote?.ip?.port}`;
				const moved = logs.filter((log) => log.read || log.write).length;
				kernelLogs.set(peer, (kernelLogs.get(peer) ?? 0) + moved);
				const path = protocolLog?.request?.path;
				if (path) paths.set(path, (paths.get(path) ?? 0) + 1);
			},
		});
		const ledgerFile = join(folder, "delivered.json");
		const backend = `127.0.0.1:${collector.port}`;
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
			"--ring-size",
			"64MB",
		]);
		await load(nginx.port, REQUESTS);
		// The collector decodes in this very process: a busy machine may need longer than the agent's end allows.
		await wirescribe.until(() => paths.size === REQUESTS, "all requests at the collector");
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		const ledger = readLedger(ledgerFile);
		expectNothingLost(ledger, REQUESTS);
		expect(ledger.records).toMatchObject({ retained: 0, resent: { units: 0, records: 0 } });
		const truth = await nginx.log();
		expect(paths.size).toBe(REQUESTS);
		expect([...paths.values()].every((count) => count === 1)).toBe(true);
		// nginx takes each of these requests with one recv and answers it with one writev.
		const operations = new Map<string, number>();
		for (const { remote } of truth) operations.set(remote, (operations.get(remote) ?? 0) + 2);
		expect(Object.fromEntries(kernelLogs)).toEqual(Object.fromEntries(operations));
		const total = [...kernelLogs.values()].reduce((sum, count) => sum + count, 0);
		expect(total).toBe(ledger.operations?.drained);
	});

	it("are read in order from per-CPU buffers too", async () => {
		await using nginx = await startNginx({ bufferedLog: true });
		const file = join(folder, "perf.json");
		const ledgerFile = join(folder, "perf-ledger.json");
		const fd = openSync(file, "w");
		await using wirescribe = await Wirescribe.start(
			[
				"run",
				"--queue",
				"perf",
				"--output",
				"json",
				"--port",
				String(nginx.port),
				"--ledger",
				ledgerFile,
				"--ring-size",
				"64MB",
			],
			{ stdoutFd: fd },
		);
		closeSync(fd);
		await load(nginx.port, 20_000);
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		const truth = new Map((await nginx.log()).map((entry) => [entry.path, entry]));
		const lines = await linesOf(file);
		expectNothingLost(readLedger(ledgerFile), 40_000);
		expectSame(
			lines.filter(({ role }) => role === "server"),
			truth,
		);
	});
});
