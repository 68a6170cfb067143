/** A load that rises to the server's ceiling, and an agent that may use far less than it would need for all of it. */
import { closeSync, createReadStream, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Ledger, sum } from "@wirescribe/pipeline";
import { beforeAll, expect, it } from "vitest";
import { ensureDebian } from "../../../../tools/debian.ts";
import { type Nginx, type NginxEntry, startNginx } from "../../../../tools/traffic/nginx.ts";
import { Program } from "../servers.ts";
import { type Line, Wirescribe } from "../wirescribe.ts";

/** Of one CPU. All of the load's requests, logged at both ends, take several times as much. */
const BUDGET = 0.06;
/** A step is taken when the budget was not kept for two seconds, so some of a window may be above it. */
const TOLERANCE = 1.2;
const SETTLE_MS = 9_000;
const WINDOW_MS = 6_000;

beforeAll(() => ensureDebian(["nginx-light"]));

/** Seconds of CPU that a process has used, all its threads. */
function cpuSeconds(pid: number): number {
	const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
	return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** So many CPUs does a process use while the time passes. */
async function cpusWhile(pid: number, ms: number): Promise<number> {
	const [before, startMs] = [cpuSeconds(pid), performance.now()];
	await sleep(ms);
	return ((cpuSeconds(pid) - before) * 1000) / (performance.now() - startMs);
}

/** One client after another, each with connections of its own, until it is stopped; returns how many requests were answered. */
function loadUntil(signal: AbortSignal, port: number, rate: number | undefined, each: number): Promise<number> {
	const client = fileURLToPath(new URL("../../../../tools/traffic/load.ts", import.meta.url));
	const limited = rate === undefined ? [] : ["--rate", rate];
	const run = async (): Promise<number> => {
		let made = 0;
		for (let round = 0; !signal.aborted; round++) {
			const prefix = `${rate ?? "all"}-${round}`;
			const args = ["--port", port, "--connections", 32, "--total", each, "--prefix", prefix, ...limited].map(String);
			await using program = new Program(process.execPath, [client, ...args]);
			expect(await program.exit(), program.output).toBe(0);
			expect(JSON.parse(program.output)).toMatchObject({ made: each, broken: 0 });
			made += each;
		}
		return made;
	};
	return run();
}

async function metric(url: string, name: string): Promise<number> {
	const page = await new Promise<string>((resolve, reject) => {
		get(`${url}/metrics`, (response) => resolve(text(response))).on("error", reject);
	});
	return Number(
		page
			.split("\n")
			.find((line) => line.startsWith(`${name} `))
			?.split(" ")[1],
	);
}

it("keeps to its budget, tells of each request that is missing, and logs everything again", async () => {
	const folder = mkdtempSync(join(tmpdir(), "wirescribe-budget-"));
	try {
		await using nginx = await startNginx({ bufferedLog: true });
		const [file, ledgerFile] = [join(folder, "lines.json"), join(folder, "ledger.json")];
		const fd = openSync(file, "w");
		const options = ["--output", "json", "--port", String(nginx.port), "--ledger", ledgerFile];
		const budget = ["--cpu-budget", `${100 * BUDGET}%`, "--metrics-listen", "127.0.0.1:0"];
		await using wirescribe = await Wirescribe.start(["run", ...options, ...budget], {
			stdoutFd: fd,
			ready: "watching ",
		});
		closeSync(fd);
		const url = /http:\S+/.exec(wirescribe.stderr)?.[0] as string;
		const pid = wirescribe.child.pid as number;

		const ceiling = new AbortController();
		let made = 0;
		for (const [rate, ms] of [
			[1000, 3000],
			[5000, 3000],
		] as const) {
			made += await loadUntil(AbortSignal.timeout(ms), nginx.port, rate, rate);
		}
		const load = loadUntil(ceiling.signal, nginx.port, undefined, 20_000);
		await sleep(SETTLE_MS);
		const cpus = await cpusWhile(pid, WINDOW_MS);
		const step = await metric(url, 'wirescribe_protection_step{budget="cpu"}');
		ceiling.abort();
		made += await load;
		expect(cpus, wirescribe.stderr).toBeLessThanOrEqual(BUDGET * TOLERANCE);
		expect(step, wirescribe.stderr).toBeGreaterThan(0);

		await wirescribe.until(() => wirescribe.stderr.includes("full: everything is logged again"), "step 0");
		expect(await metric(url, 'wirescribe_protection_step{budget="cpu"}')).toBe(0);
		made += await loadUntil(AbortSignal.timeout(1), nginx.port, 100, 50);
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		const ledger = JSON.parse(readFileSync(ledgerFile, "utf8")) as Ledger;
		await expectAccounted(nginx, ledger, file, made);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
});

it("lets go of the kernel when nothing else keeps the budget, and takes hold of it again under traffic", async () => {
	const folder = mkdtempSync(join(tmpdir(), "wirescribe-detached-"));
	try {
		await using nginx = await startNginx({ bufferedLog: true });
		const [file, ledgerFile, config] = ["lines.json", "ledger.json", "agent.yaml"].map((name) =>
			join(folder, name),
		) as [string, string, string];
		const allow = (cpus: string): void => {
			const log = `{output: json, ledger_file: ${ledgerFile}, select: {ports: [${nginx.port}]}}`;
			// What the programs cost counts, too: no part of the connections is small enough.
			const agent = `{cpu_budget: ${cpus}, measure_probes: true, metrics_listen: "127.0.0.1:0"}`;
			writeFileSync(config, `access_log: ${log}\nagent: ${agent}\n`);
		};
		allow("1%");
		const fd = openSync(file, "w");
		await using wirescribe = await Wirescribe.start(["run", "--config", config], { stdoutFd: fd, ready: "watching " });
		closeSync(fd);
		const url = /http:\S+/.exec(wirescribe.stderr)?.[0] as string;
		const step = (): Promise<number> => metric(url, 'wirescribe_protection_step{budget="cpu"}');

		const [busy, calm] = [new AbortController(), new AbortController()];
		const ceiling = loadUntil(busy.signal, nginx.port, undefined, 20_000);
		await wirescribe.until(() => wirescribe.stderr.includes(": detached: "), "that it is detached");
		expect(await step()).toBe(5);
		busy.abort();
		let made = await ceiling;
		const traffic = loadUntil(calm.signal, nginx.port, 500, 500);
		await wirescribe.until(() => /: detached: .*: part: /s.test(wirescribe.stderr), "that it tries again");
		expect(await metric(url, "wirescribe_protection_watched_ratio")).toBeGreaterThan(0);

		allow("100%");
		await wirescribe.until(() => wirescribe.stderr.includes("agent.cpu_budget: 1% -> 100%"), "the other budget");
		while ((await metric(url, "wirescribe_protection_watched_ratio")) < 1) await sleep(100);
		calm.abort();
		made += await traffic;
		made += await loadUntil(AbortSignal.timeout(1), nginx.port, 100, 50);
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);

		const truth = new Map((await nginx.log()).map((entry) => [entry.path, entry]));
		expect(truth.size).toBe(made);
		const { operations, messages, records } = JSON.parse(readFileSync(ledgerFile, "utf8")) as Ledger;
		expect([operations?.balanced, messages.balanced, records.balanced]).toEqual([true, true, true]);
		const counted = messages.requestStartsRead + messages.requestStartsLost + messages.requestStartsNotWatched;
		// Nobody has counted for a while.
		expect(counted).toBeLessThan(2 * made);
		const { lines, last } = await judge(file, truth);
		expect(lines).toBe(messages.logged + messages.partial + messages.unpaired + messages.unpairedResponses);
		expect(last).toBe(100);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
});

/** nginx has seen what was made; each request at each end is logged, or one of the ledger's figures says why it is not. */
async function expectAccounted(nginx: Nginx, ledger: Ledger, file: string, made: number): Promise<void> {
	const truth = new Map((await nginx.log()).map((entry) => [entry.path, entry]));
	expect(truth.size).toBe(made);
	const { operations, messages, records } = ledger;
	expect([operations?.balanced, messages.balanced, records.balanced]).toEqual([true, true, true]);
	expect(messages.requestStartsRead + messages.requestStartsLost + messages.requestStartsNotWatched).toBe(2 * made);
	const { logged, partial, unpaired, leftOut, lost, open } = messages;
	expect(logged + partial + unpaired + sum(leftOut) + lost + open).toBe(2 * made);
	expect(Object.keys(leftOut).every((why) => /^(protection-|not-watched$)/.test(why))).toBe(true);
	expect(sum(leftOut)).toBeGreaterThan(made);
	const { lines, last } = await judge(file, truth);
	expect(lines).toBe(logged + partial + unpaired + messages.unpairedResponses);
	// The last ones came when everything was logged again.
	expect(last).toBe(100);
}

/** Every line is of a request that nginx knows, with its status; returns how many there are, and those of the last load. */
async function judge(file: string, truth: ReadonlyMap<string, NginxEntry>): Promise<{ lines: number; last: number }> {
	let [lines, last] = [0, 0];
	for await (const one of createInterface({ input: createReadStream(file) })) {
		const { path, status, response } = JSON.parse(one) as Line;
		lines++;
		if (path === null) continue;
		const entry = truth.get(path);
		if (entry === undefined) throw new Error(`nginx knows nothing of this request: ${one}`);
		if (status !== null) expect(status).toBe(entry.status);
		if (response !== null) expect(response.body_bytes).toBe(entry.bodyBytes);
		if (path.startsWith("/100-")) last++;
	}
	return { lines, last };
}
