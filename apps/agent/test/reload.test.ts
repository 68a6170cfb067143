import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCollector } from "@wirescribe/collector";
import type { Ledger } from "@wirescribe/pipeline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RUNTIMES } from "./runtimes.ts";
import { NODE_SERVER, Program } from "./servers.ts";
import { type Line, Wirescribe } from "./wirescribe.ts";

const folder = mkdtempSync(join(tmpdir(), "wirescribe-reload-"));
const config = join(folder, "wirescribe.yaml");
const ledgerFile = join(folder, "ledger.json");
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let server: Program;
let port = 0;
beforeAll(async () => {
	({ program: server, port } = await Program.listening(process.execPath, ["-e", NODE_SERVER, "127.0.0.1"]));
});
afterAll(async () => {
	agent.destroy();
	await server[Symbol.asyncDispose]();
	rmSync(folder, { recursive: true, force: true });
});

/** A request on the one connection. */
function ask(path: string): Promise<void> {
	return new Promise((resolve) => {
		get({ port, host: "127.0.0.1", path, agent }, (response) => response.resume().on("end", resolve));
	});
}

/** The server's side of it, whatever else is said. */
function configure(text: string, select = `ports: [${port}]`): void {
	writeFileSync(`${config}~`, `access_log: {ledger_file: ${ledgerFile}, select: {role: server, ${select}}}\n${text}\n`);
	renameSync(`${config}~`, config);
}

function start(runtime = "node 26"): Promise<Wirescribe> {
	return Wirescribe.start(["run", "--config", config], { runtime, ready: "wirescribe: watching" });
}

/** Waits until the agent has said so, and says how often it has. */
async function said(wirescribe: Wirescribe, what: string, times = 1): Promise<void> {
	await wirescribe.until(() => wirescribe.stderr.split(what).length > times, `${times} x '${what}'`);
}

/** The server's lines: of a connection that is older than the agent, the client's end shows itself by its first operation only. */
function ours({ lines }: Wirescribe): Line[] {
	return lines.filter(({ local }) => local.endsWith(`:${port}`));
}

function paths(wirescribe: Wirescribe): unknown[] {
	return ours(wirescribe).map(({ path }) => path);
}

function ledger(): Ledger {
	return JSON.parse(readFileSync(ledgerFile, "utf8")) as Ledger;
}

async function freePort(): Promise<number> {
	const listener = createServer().listen(0, "127.0.0.1");
	await new Promise((resolve) => listener.once("listening", resolve));
	const { port: free } = listener.address() as { port: number };
	await new Promise((resolve) => listener.close(resolve));
	return free;
}

describe("a selection that changes", () => {
	it.each([
		["by port, in the kernel", "ports: [1]", "ports: [PORT]"],
		["by program, in user space", "exes: [/nothing]", "exes: ['**/node']"],
	])("%s: a connection that was left out comes back", async (_, out, back) => {
		const select = (criteria: string): void => configure("", criteria.replace("PORT", String(port)));
		select(back);
		await using wirescribe = await start();
		await ask("/first");
		await wirescribe.until(() => wirescribe.lineCount > 0, "the first request");
		select(out);
		await said(wirescribe, "reloaded (");
		for (const path of ["/unseen", "/unseen"]) await ask(path);
		select(back);
		await said(wirescribe, "reloaded (", 2);
		for (const path of ["/second", "/third"]) await ask(path);
		await wirescribe.until(() => wirescribe.lineCount > 2, "the requests after it came back");
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		expect(ours(wirescribe).map(({ path, status, partial }) => [path, status, partial])).toEqual([
			["/first", 200, []],
			["/second", 200, []],
			["/third", 200, []],
		]);
		expect([ledger().operations?.balanced, ledger().messages.balanced]).toEqual([true, true]);
	});
});

describe("a data policy that changes", () => {
	it("holds for what is read from then on, on connections that are open", async () => {
		const policy = (text: string): void => configure(`policy: {${text}}`);
		policy("");
		await using wirescribe = await start();
		await ask("/one?token=secret");
		await wirescribe.until(() => wirescribe.lineCount > 0, "the first request");
		policy(`filter: 'path ~ "/two*"', headers: [host], query_allow: [id]`);
		await said(wirescribe, "reloaded (");
		for (const path of ["/one", "/two?id=7&token=secret"]) await ask(path);
		await wirescribe.until(() => wirescribe.lineCount > 1, "the second one");
		policy("redact: ['path:ids'], filter: 'path == '");
		await said(wirescribe, "refused, the old configuration goes on:");
		policy("redact: ['path:ids']");
		await said(wirescribe, "reloaded (", 2);
		await ask("/three/12345");
		await wirescribe.until(() => wirescribe.lineCount > 2, "the third one");
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		const lines = ours(wirescribe) as (Line & { request: { headers?: unknown } })[];
		expect(lines.map(({ path, request }) => [path, request.headers])).toEqual([
			["/one?token=x", undefined],
			["/two?id=7&token=x", { host: `127.0.0.1:${port}` }],
			["/three/x", undefined],
		]);
		expect(wirescribe.stderr).toContain("wirescribe:   policy.redact: - -> path:ids");
		expect(ledger().messages).toMatchObject({ balanced: true });
	});
});

describe("a backend that changes", () => {
	it("leaves records with one that never comes, which the ledger has", async () => {
		const received: string[] = [];
		await using collector = await startCollector({
			listen: "127.0.0.1:0",
			onMessage: (_stream, { protocolLog }) => {
				if (protocolLog?.request?.path) received.push(protocolLog.request.path);
			},
		});
		const status = `127.0.0.1:${await freePort()}`;
		const absent = `127.0.0.1:${await freePort()}`;
		const ready = async (): Promise<string> => (await fetch(`http://${status}/readyz`)).text();
		const deliver = (to: string): void =>
			configure(`core: {backend: {addr: "${to}"}}\nagent: {metrics_listen: "${status}"}`);
		deliver(absent);
		await using wirescribe = await Wirescribe.start(["run", "--config", config], { ready: "wirescribe: watching" });
		await ask("/gone");
		await said(wirescribe, "next try in");
		expect(await ready()).toContain(`missing  backend: ${absent}`);
		deliver(collector.address);
		await said(wirescribe, "reloaded (");
		expect(await ready()).toContain(`ok       backend: ${collector.address}`);
		const metrics = await (await fetch(`http://${status}/metrics`)).text();
		expect(metrics).toContain('wirescribe_config_reloads_total{result="applied"} 1\n');
		expect(metrics).toContain("wirescribe_config_stale 0\n");
		await ask("/here");
		await wirescribe.until(() => received.length > 0, "a record at the collector");
		expect(await wirescribe.stop()).toBe(1);
		expect(received).toEqual(["/here"]);
		const { messages, records } = ledger();
		expect(messages).toMatchObject({ logged: 2, balanced: true });
		expect(records).toMatchObject({ balanced: true, retained: 0 });
		expect(records.lost["shutdown"]).toBeGreaterThan(0);
		expect(records.acked).toBeGreaterThan(0);
	});

	it("hands what lies in its spool to its successor", async () => {
		const received: string[] = [];
		await using collector = await startCollector({
			listen: "127.0.0.1:0",
			onMessage: (_stream, { protocolLog }) => {
				if (protocolLog?.request?.path) received.push(protocolLog.request.path);
			},
		});
		const spool = `spool: {folder: ${join(folder, "spool")}}`;
		configure(`core: {backend: {addr: "127.0.0.1:${await freePort()}", ${spool}}}`);
		await using wirescribe = await start();
		await ask("/spooled");
		await said(wirescribe, "next try in");
		configure(`core: {backend: {addr: "${collector.address}", ${spool}}}`);
		await said(wirescribe, "reloaded (");
		await ask("/direct");
		await wirescribe.until(() => received.length > 1, "both records at the collector");
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		expect(received).toEqual(["/spooled", "/direct"]);
		expect(ledger().records).toMatchObject({ balanced: true, retained: 0, spooled: 0 });
		expect(ledger().records.acked).toBe(ledger().records.accepted);
	});

	it("takes over from stdout, stands beside it, and leaves it alone again", async () => {
		const received: string[] = [];
		await using collector = await startCollector({
			listen: "127.0.0.1:0",
			onMessage: (_stream, { protocolLog }) => {
				if (protocolLog?.request?.path) received.push(protocolLog.request.path);
			},
		});
		const backend = `core: {backend: {addr: "${collector.address}"}}`;
		configure("");
		await using wirescribe = await start();
		await ask("/stdout");
		await wirescribe.until(() => wirescribe.lineCount > 0, "the first line");
		configure(backend);
		await said(wirescribe, "reloaded (");
		await ask("/backend");
		await wirescribe.until(() => received.length > 0, "a record at the collector");
		// The selection and the lines are keys of one mapping.
		writeFileSync(config, readFileSync(config, "utf8").replace("access_log: {", "access_log: {output: text, "));
		await said(wirescribe, "reloaded (", 2);
		await ask("/both");
		await wirescribe.until(() => received.length > 1 && wirescribe.stdout.includes("/both"), "both of them");
		configure("");
		await said(wirescribe, "reloaded (", 3);
		await ask("/alone");
		await wirescribe.until(() => wirescribe.stdout.includes("/alone"), "the last line");
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		expect(received).toEqual(["/backend", "/both"]);
		expect(wirescribe.stdout).not.toContain("/backend");
		const { messages, records } = ledger();
		expect(messages).toMatchObject({ balanced: true, lost: 0 });
		expect(records).toMatchObject({ balanced: true, retained: 0, acked: records.accepted });
	});

	it("is refused when it cannot be opened, and when the file is not valid: the old one goes on", async () => {
		configure("");
		await using wirescribe = await start();
		configure(`core: {backend: {addr: "127.0.0.1:1", spool: {folder: ${config}}}}`);
		const reason = /refused, the old configuration goes on:\nwirescribe: {3}.*(ENOTDIR|EEXIST)/;
		await wirescribe.until(() => reason.test(wirescribe.stderr), "why the spool cannot be opened");
		rmSync(config);
		wirescribe.child.kill("SIGHUP");
		await said(wirescribe, `wirescribe:   cannot read the configuration '${config}': ENOENT`);
		await ask("/still?a=b");
		await wirescribe.until(() => wirescribe.lineCount > 0, "a line on stdout");
		configure("capture: {queue: perf}");
		await said(wirescribe, "capture.queue: ring -> perf  (needs a restart: the old value goes on)");
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		expect(paths(wirescribe)).toEqual(["/still?a=x"]);
	});
});

describe.each(Object.keys(RUNTIMES))("%s", (runtime) => {
	it("reloads on SIGHUP and when the file changes", async () => {
		configure("capture: {partitions: 2}");
		await using wirescribe = await start(runtime);
		await ask("/?a=1");
		await wirescribe.until(() => wirescribe.lineCount > 0, "the first request");
		writeFileSync(config, readFileSync(config, "utf8").replace("access_log: {", "access_log: {query_values: true, "));
		wirescribe.child.kill("SIGHUP");
		await said(wirescribe, "reloaded (");
		await ask("/?a=2");
		await wirescribe.until(() => wirescribe.lineCount > 1, "the second request");
		configure("capture: {partitions: 2}");
		await said(wirescribe, "reloaded (", 2);
		await ask("/?a=3");
		await wirescribe.until(() => wirescribe.lineCount > 2, "the third request");
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		expect(paths(wirescribe)).toEqual(["/?a=x", "/?a=2", "/?a=x"]);
		expect(wirescribe.stderr).not.toContain("does not balance");
	});
});
