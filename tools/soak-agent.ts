/**
 * `npm run soak:agent`: eight hours' worth of process churn and traffic in 20 minutes (`--minutes N`; memory is judged from 15 on, behind the first five):
 * some 80,000 processes, half a million short connections and 2.7 million requests, which is what a machine does in that time with 3, 18 and
 * 90 of them a second. Through the agent as it is deployed: a configuration that is reloaded all the time, a collector that is restarted.
 * Prints what the agent holds every ten seconds. Fails when memory has grown, when handles or map entries are not back where they were
 * once everything is idle, or when the ledger does not balance.
 */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Ledger } from "@wirescribe/pipeline";
import { Certificate } from "../apps/agent/test/certificate.ts";
import { Wirescribe } from "../apps/agent/test/wirescribe.ts";
import { onSignal } from "./command.ts";
import { ensureDebian } from "./debian.ts";
import { Backend } from "./soak/backend.ts";
import { growth, LEAST_SAMPLES, leftovers, TOLERANCE } from "./soak/judge.ts";
import { HEADER, rowOf, type Sample, takeSample } from "./soak/sample.ts";
import { Traffic } from "./soak/traffic.ts";
import { startNginx } from "./traffic/nginx.ts";

const SAMPLE_MS = 10_000;
const RELOAD_MS = 7_000;
const BACKEND_UP_MS = 25_000;
/** Probes of a file are let go of a minute or two after its last process; the soak waits for that. */
const IDLE_TIMEOUT_MS = 240_000;

const { values } = parseArgs({ options: { minutes: { type: "string", default: "20" } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new RangeError(`Cannot soak for --minutes ${values.minutes}: it must be a positive number`);

const folder = mkdtempSync(join(tmpdir(), "wirescribe-soak-"));
const config = join(folder, "wirescribe.yaml");
const ledgerFile = join(folder, "ledger.json");
const stateFile = join(folder, "state.json");
const started = performance.now();
const seconds = (): number => (performance.now() - started) / 1000;
const problems: string[] = [];
/** A signal ends it early, and everything that it has started. */
const interrupted = new AbortController();
onSignal(() => interrupted.abort());
try {
	await ensureDebian(["nginx-light", "curl", "openssl"]);
	await soak();
} finally {
	rmSync(folder, { recursive: true, force: true });
}
for (const problem of problems) console.error(`FAIL  ${problem}`);
console.log(`soak: ${minutes} minutes, ${problems.length} problems; tolerances ${JSON.stringify(TOLERANCE)}`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function soak(): Promise<void> {
	await using nginx = await startNginx({ log: "off" });
	using certificate = new Certificate();
	await using backend = await Backend.start();
	configure(0, backend.address);
	await using traffic = await Traffic.to(nginx.port, certificate);
	const options = { ready: "wirescribe: watching", tls: true };
	await using agent = await Wirescribe.start(["run", "--config", config], options);
	const pid = agent.child.pid as number;
	const sample = async (): Promise<Sample> => {
		try {
			const taken = await takeSample(pid, stateFile, seconds());
			console.log(rowOf(taken));
			return taken;
		} catch (error) {
			const { exitCode, signalCode } = agent.child;
			throw new Error(`the agent (exit ${exitCode ?? signalCode}) said:\n${agent.stderr.slice(-4000)}`, {
				cause: error,
			});
		}
	};

	console.log(HEADER);
	await traffic.warmUp();
	await sleep(5000);
	const idle = await sample();

	const stop = new AbortController();
	const { signal } = stop;
	traffic.start();
	const disturbances = Promise.all([
		every(RELOAD_MS, signal, (n) => configure(n, backend.address)),
		every(BACKEND_UP_MS, signal, () => backend.restart()),
	]);
	// Whoever awaits it learns of it.
	disturbances.catch(() => interrupted.abort());
	const busy: Sample[] = [];
	for (const end = performance.now() + minutes * 60_000; performance.now() < end; ) {
		await pause(Math.min(SAMPLE_MS, Math.max(0, end - performance.now())), interrupted.signal);
		if (interrupted.signal.aborted) break;
		busy.push(await sample());
	}
	stop.abort();
	await Promise.all([traffic.stop(), disturbances]);
	if (interrupted.signal.aborted) {
		// The agent may have had the signal, too.
		problems.push("it was ended early");
		return;
	}
	console.log(JSON.stringify({ ...traffic.counts, backendRestarts: backend.restarts, reloads: reloadsIn(agent) }));
	if (busy.length < LEAST_SAMPLES) console.log("memory is not judged: it was too short a time");
	problems.push(...growth(busy), ...(await untilIdle(idle, sample)));

	const code = await agent.stop();
	const ledger = JSON.parse(readFileSync(ledgerFile, "utf8")) as Ledger;
	console.log(
		agent.stderr
			.match(/^(?:operations|requests|records) .*$/gm)
			?.slice(-3)
			.join("\n"),
	);
	for (const identity of ["operations", "messages", "records"] as const) {
		if (ledger[identity]?.balanced !== true) problems.push(`the ledger's ${identity} do not balance`);
	}
	if (code !== 0) problems.push(`the agent ended with code ${code}:\n${agent.stderr.slice(-4000)}`);
}

/** What is still held when the agent has been idle for long enough. */
async function untilIdle(idle: Sample, sample: () => Promise<Sample>): Promise<string[]> {
	console.log("idle again:");
	const end = performance.now() + IDLE_TIMEOUT_MS;
	for (;;) {
		const left = leftovers(idle, await sample());
		if (left.length === 0 || performance.now() > end) return left;
		await pause(SAMPLE_MS, interrupted.signal);
		if (interrupted.signal.aborted) return [...left, "it was ended early"];
	}
}

/** As an editor does it; another selection and another policy each time, which let the same requests through. */
function configure(n: number, backend: string): void {
	const text = `
core: {backend: {addr: "${backend}"}}
agent: {state_file: ${stateFile}}
access_log:
  ledger_file: ${ledgerFile}
  query_values: ${n % 2 === 1}
  select: ${n % 3 === 2 ? "{exclude: [comm=nobody]}" : "{}"}
`;
	writeFileSync(`${config}~`, text);
	renameSync(`${config}~`, config);
}

function reloadsIn({ stderr }: Wirescribe): number {
	return stderr.split("reloaded (").length - 1;
}

/** Ends early, and quietly, with the signal. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
	await sleep(ms, undefined, { signal }).catch(() => {});
}

async function every(ms: number, signal: AbortSignal, work: (n: number) => unknown): Promise<void> {
	for (let n = 1; ; n++) {
		await pause(ms, signal);
		if (signal.aborted) return;
		await work(n);
	}
}
