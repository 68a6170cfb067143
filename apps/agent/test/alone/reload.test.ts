import {
	closeSync,
	createReadStream,
	mkdtempSync,
	openSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Collector, startCollector } from "@wirescribe/collector";
import type { Ledger } from "@wirescribe/pipeline";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ensureDebian } from "../../../../tools/debian.ts";
import { type Nginx, startNginx } from "../../../../tools/traffic/nginx.ts";
import { Program } from "../servers.ts";
import { type Line, Wirescribe } from "../wirescribe.ts";

const RATE = 10_000;
const REQUESTS = 250_000;
const RELOADS = 20;
/** The id, which is always shown, tells the requests apart; the secret is shown for some of the time. */
const PREFIX = "p?secret=value&id=";

let folder: string;
let config: string;
beforeAll(() => ensureDebian(["nginx-light"]));
const folders: string[] = [];
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "wirescribe-reload-"));
	folders.push(folder);
	config = join(folder, "wirescribe.yaml");
});
afterAll(() => {
	for (const one of folders) rmSync(one, { recursive: true, force: true });
});

/** A client process; each of its requests has a path of its own. */
function startLoad(port: number, total: number, prefix: string): Program {
	const client = fileURLToPath(new URL("../../../../tools/traffic/load.ts", import.meta.url));
	const args = ["--port", port, "--connections", 32, "--rate", RATE, "--total", total, "--prefix", prefix];
	return new Program(process.execPath, [client, ...args.map(String)]);
}

async function ended(load: Program, total: number): Promise<void> {
	expect(await load.exit(), load.output).toBe(0);
	expect(JSON.parse(load.output)).toMatchObject({ made: total, broken: 0 });
}

/** As an editor does it. */
function replaceConfig(text: string): void {
	writeFileSync(`${config}~`, text);
	renameSync(`${config}~`, config);
}

function reloads(wirescribe: Wirescribe, how: "reloaded" | "refused"): number {
	return wirescribe.stderr
		.split("\n")
		.filter((line) => line.includes(how === "reloaded" ? "reloaded (" : ") refused, ")).length;
}

async function reload(wirescribe: Wirescribe, text: string, how: "reloaded" | "refused" = "reloaded"): Promise<void> {
	const before = reloads(wirescribe, how);
	replaceConfig(text);
	// Every other one by the signal, which is there before the file is looked at.
	if (before % 2 === 0) wirescribe.child.kill("SIGHUP");
	await wirescribe.until(() => reloads(wirescribe, how) > before, `a configuration that is ${how}`);
}

function readLedger(): Ledger {
	return JSON.parse(readFileSync(join(folder, "ledger.json"), "utf8")) as Ledger;
}

function expectEach(ledger: Ledger, requests: number): void {
	expect(ledger.operations).toMatchObject({ balanced: true, inRing: 0, programRunMisses: 0 });
	expect(Object.values(ledger.operations?.lost ?? {}).filter((count) => count > 0)).toEqual([]);
	expect(ledger.messages).toMatchObject({
		balanced: true,
		logged: requests,
		partial: 0,
		unpaired: 0,
		lost: 0,
		open: 0,
	});
	expect(ledger.records).toMatchObject({ balanced: true, retained: 0, spooled: 0 });
	expect(Object.values(ledger.records.lost).filter((count) => count > 0)).toEqual([]);
}

/** A path as nginx logs it, whether its values are shown or not. */
function told(path: string | null | undefined): string {
	return (path ?? "").replace("secret=x&", "secret=value&");
}

function workerOf(nginx: Nginx): number {
	return Number(readFileSync(`/proc/${nginx.pid}/task/${nginx.pid}/children`, "utf8").trim());
}

describe(`${RELOADS} reloads under ${RATE} requests a second`, () => {
	it("log each request exactly once, whoever judges the selection; a wrong file in between changes nothing", async () => {
		await using nginx = await startNginx({ bufferedLog: true });
		const select = [
			"{}",
			"{comms: [nginx]}",
			"{exes: ['**/nginx']}",
			`{pids: [${workerOf(nginx)}], exclude: [comm=curl]}`,
			"{exclude: [comm=node, port=1]}",
		];
		const text = (n: number): string => `
access_log:
  output: json
  ledger_file: ${join(folder, "ledger.json")}
  query_values: ${n % 2 === 1}
  tcp_operations: ${n % 3 === 2}
  select: ${(select[n % select.length] as string).replace("{", `{ports: [${nginx.port}], role: server, `)}
policy: {query_allow: [id]}
capture: {ring_size: 64MB, tls: false}
`;
		writeFileSync(config, text(0));
		const file = join(folder, "lines.json");
		const fd = openSync(file, "w");
		await using wirescribe = await Wirescribe.start(["run", "--config", config], { stdoutFd: fd });
		closeSync(fd);
		await using load = startLoad(nginx.port, REQUESTS, PREFIX);
		for (let n = 1; n <= RELOADS; n++) {
			await sleep(600);
			await reload(wirescribe, text(n));
			if (n === 7) await reload(wirescribe, text(n + 1).replace("tcp_operations", "tcp_operation"), "refused");
		}
		expect(load.child.exitCode).toBe(null);
		await ended(load, REQUESTS);
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		expect(wirescribe.stderr).toContain(
			`wirescribe:   ${config}:6:3: unknown key 'access_log.tcp_operation', did you mean 'tcp_operations'?`,
		);
		expect(reloads(wirescribe, "reloaded")).toBe(RELOADS);
		expectEach(readLedger(), REQUESTS);
		const seen = new Set<string>();
		const shown = { masked: 0, values: 0 };
		let lines = 0;
		for await (const json of createInterface({ input: createReadStream(file) })) {
			const { path } = JSON.parse(json) as Line;
			lines++;
			shown[path?.includes("=x&") ? "masked" : "values"]++;
			seen.add(told(path));
		}
		expect(lines).toBe(REQUESTS);
		const truth = new Set((await nginx.log()).map(({ path }) => path));
		expect(truth.size).toBe(REQUESTS);
		expect([...truth].filter((path) => !seen.has(path)).slice(0, 3)).toEqual([]);
		// Both of them for about half of the time.
		expect(Math.min(shown.masked, shown.values)).toBeGreaterThan(REQUESTS / 10);
	});

	it("deliver each record to the backend of its time, and account for those of the old ones", async () => {
		await using nginx = await startNginx({ bufferedLog: true });
		const paths = [new Map<string, number>(), new Map<string, number>()];
		const collectorOf = (own: Map<string, number>): Promise<Collector> =>
			startCollector({
				listen: "127.0.0.1:0",
				onMessage: (_stream, { protocolLog }) => {
					const path = protocolLog?.request?.path;
					if (path) own.set(path, (own.get(path) ?? 0) + 1);
				},
			});
		await using first = await collectorOf(paths[0] as Map<string, number>);
		await using second = await collectorOf(paths[1] as Map<string, number>);
		const spool = join(folder, "spool");
		const text = (n: number): string => `
core:
  backend:
    addr: 127.0.0.1:${(n % 2 === 0 ? first : second).port}
    ${n % 4 < 2 ? `spool: {folder: ${spool}}` : `lanes: ${1 + (n % 3)}`}
access_log:
  ledger_file: ${join(folder, "ledger.json")}
  select: {ports: [${nginx.port}], role: server}
capture: {ring_size: 64MB, tls: false, partitions: 2}
`;
		writeFileSync(config, text(0));
		await using wirescribe = await Wirescribe.start(["run", "--config", config]);
		const total = REQUESTS / 2;
		await using load = startLoad(nginx.port, total, "p");
		for (let n = 1; n <= RELOADS / 2; n++) {
			await sleep(500);
			await reload(wirescribe, text(n));
		}
		expect(load.child.exitCode).toBe(null);
		await ended(load, total);
		const received = (): number => paths.reduce((sum, { size }) => sum + size, 0);
		await wirescribe.until(() => received() >= total, "all requests at the collectors");
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		const ledger = readLedger();
		expectEach(ledger, total);
		expect(ledger.records.resent.records).toBe(0);
		const truth = (await nginx.log()).map(({ path }) => path);
		const counts = truth.map((path) => (paths[0]?.get(path) ?? 0) + (paths[1]?.get(path) ?? 0));
		expect(counts.filter((count) => count !== 1)).toEqual([]);
		for (const own of paths) expect(own.size).toBeGreaterThan(total / 10);
	});
});
