/**
 * `npm run bench:capture`: what the capture costs those that are watched, and its reader, beside a C consumer of the same programs.
 *
 *     --rounds N      default 3; the lowest figures count, as in any measurement of single calls
 *     --seconds S     load of each turn, default 2
 *     --rate R        requests a second where the readers' own time is measured, default 20000
 *     --no-write      leave RESULTS.md alone
 *
 * As root on Debian 12, two processors at least: the server has one, the load and the readers the other. Takes about two minutes.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { mustRun } from "../tools/command.ts";
import { ensureDebian } from "../tools/debian.ts";
import { startNginx } from "../tools/traffic/nginx.ts";
import { type Program, startProgram } from "./agent/processes.ts";
import { Calls } from "./capture/calls.ts";
import { type CallTimes, callsTable, type LoadTurn, loadTable } from "./capture/report.ts";
import { machine, writeSection } from "./results.ts";

const { values } = parseArgs({
	options: {
		rounds: { type: "string", default: "3" },
		seconds: { type: "string", default: "2" },
		rate: { type: "string", default: "20000" },
		"no-write": { type: "boolean", default: false },
	},
});
const rounds = Number(values.rounds);
const PEERS = ["nginx-light", "gcc", "make", "libc6-dev", "libbpf-dev", "libelf-dev", "zlib1g-dev"];
const OBJECT = join(import.meta.dirname, `../packages/bpf-programs/prebuilt/${process.arch}/capture-direct.bpf.o`);
const CONSUMER = join(import.meta.dirname, "c-consumer/consumer");
/** Nobody listens there: what is watched is something else. */
const ELSEWHERE = 1;

type Reader = (port: number) => readonly string[];

const consumer: Reader = (port) => [CONSUMER, OBJECT, "--seconds", "3600", "--port", String(port)];
const consumerOfServer: Reader = (port) => [...consumer(port), "--role", "server"];
const drain: Reader = (port) => [
	...[process.execPath, "--conditions=@wirescribe/source", join(import.meta.dirname, "capture/drain-process.ts")],
	String(port),
];

const start = (command: readonly string[]): Promise<Program> =>
	startProgram(["taskset", "-c", "1", ...command], { ready: /attached/ });

async function measureCalls(file: string): Promise<Record<string, CallTimes[]>> {
	await using calls = await Calls.start(file);
	const times: Record<string, CallTimes[]> = { none: [], elsewhere: [], watched: [] };
	for (let round = 0; round < rounds; round++) {
		times["none"]!.push(await calls.measure());
		for (const [name, port] of [
			["elsewhere", ELSEWHERE],
			["watched", calls.port],
		] as const) {
			const reader = await start(consumer(port));
			times[name]!.push(await calls.measure());
			await reader.end();
		}
	}
	return times;
}

/** A process's time on a processor, in microseconds: the scheduler's own account, since that of `stat` counts in 10 ms. */
function onCpu(pid: number): number {
	const threads = readdirSync(`/proc/${pid}/task`).map((tid) => `/proc/${pid}/task/${tid}/schedstat`);
	return threads.reduce((sum, file) => sum + Number(readFileSync(file, "latin1").split(" ")[0]), 0) / 1000;
}

/** nginx listens before it has a worker. */
async function firstChild(pid: number): Promise<number> {
	for (;;) {
		const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ")[0]);
		if (child > 0) return child;
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

async function turn(load: string, reader: Reader | undefined, elsewhere: boolean, rate?: number): Promise<LoadTurn> {
	await using nginx = await startNginx({ bufferedLog: true, bodyBytes: 128, cpu: 0 });
	const worker = await firstChild(nginx.pid);
	const running = reader && (await start(reader(elsewhere ? ELSEWHERE : nginx.port)));
	const run = async (seconds: string): Promise<{ made: number; rate: number }> => {
		const args = ["-c", "1", load, "--port", String(nginx.port), "--seconds", seconds];
		if (rate !== undefined) args.push("--rate", String(rate));
		return JSON.parse((await mustRun("taskset", args)).stdout);
	};
	await run("1");
	const [server, own] = [onCpu(worker), running ? onCpu(running.pid) : 0];
	const report = await run(values.seconds);
	const serverUs = (onCpu(worker) - server) / report.made;
	const readerUs = running ? (onCpu(running.pid) - own) / report.made : 0;
	await running?.end();
	const said = running ? JSON.parse(running.stdout) : { requests: 0, kernel: { bytes_submitted: 0 } };
	return { rate: report.rate, serverUs, readerUs, requests: said.requests, bytes: said.kernel.bytes_submitted };
}

const TURNS: readonly (readonly [name: string, reader: Reader | undefined, elsewhere: boolean])[] = [
	["none", undefined, false],
	["elsewhere", consumerOfServer, true],
	["c-consumer", consumerOfServer, false],
	["drain", drain, false],
];

await ensureDebian(PEERS);
const folder = mkdtempSync(join(tmpdir(), "wirescribe-bench-"));
try {
	const [load, calls] = [join(folder, "load"), join(folder, "calls")];
	for (const [source, file] of [
		["load", load],
		["calls", calls],
	] as const) {
		const path = join(import.meta.dirname, `tools/${source}.c`);
		await mustRun("gcc", ["-O2", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-o", file, path]);
	}
	await mustRun("make", ["-s", "-C", join(import.meta.dirname, "c-consumer")]);
	const single = await measureCalls(calls);
	const ceiling: Record<string, LoadTurn[]> = {};
	const fixed: Record<string, LoadTurn[]> = {};
	for (let round = 0; round < rounds; round++) {
		for (const [name, reader, elsewhere] of TURNS) {
			ceiling[name] = [...(ceiling[name] ?? []), await turn(load, reader, elsewhere)];
			if (name !== "c-consumer" && name !== "drain") continue;
			fixed[name] = [...(fixed[name] ?? []), await turn(load, reader, elsewhere, Number(values.rate))];
		}
		console.error(`round ${round + 1} of ${rounds}`);
	}
	const text = `${callsTable(single)}\n\n${loadTable(ceiling, fixed, Number(values.rate))}`;
	console.log(text);
	if (!values["no-write"]) {
		const how = `The lowest of ${rounds} rounds; loads of ${values.seconds} s over 32 keep-alive connections, nginx alone on one processor. \`npm run bench:capture\``;
		writeSection("capture", "The capture", `${await machine()}\n\n${how}\n\n${text}`);
	}
} finally {
	rmSync(folder, { recursive: true, force: true });
}
process.exit();
