/**
 * `npm run bench:sender`: acknowledged records a second and CPU for each, against grpc-js with one stream and one write for
 * each message, to the same server; the memory of a sender whose peer takes nothing; the encoder against protobufjs.
 *
 *     --seconds S    for each contender and case, default 1.5
 *     --no-write     leave RESULTS.md alone
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { mustRun } from "../tools/command.ts";
import { machine, writeSection } from "./results.ts";
import { median, spread } from "./statistics.ts";

const { values } = parseArgs({
	options: { seconds: { type: "string", default: "1.5" }, "no-write": { type: "boolean", default: false } },
});
const FLAGS = ["--conditions=@wirescribe/source", "--expose-gc"];
const CONTENDERS = ["h2", "grpc", "baseline"] as const;
const GOAL_RATE = 10;
const GOAL_ENCODER = 3;
const GOAL_SLACK = 2 * 2 ** 20;
const script = (name: string): string => join(import.meta.dirname, "sender", name);
const MiB = (count: number): string => (count / 2 ** 20).toFixed(1);
const verdict = (met: boolean): string => (met ? "met" : "**not met**");

interface Measured {
	readonly records: number;
	readonly seconds: number;
	readonly cpuMicros: number;
	/** Acknowledged since the client's start. */
	readonly all: number;
}

/** A certificate for 127.0.0.1, its own authority. */
async function certificate(folder: string): Promise<{ cert: string; key: string }> {
	const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
	const names = ["-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1,DNS:collector.test"];
	const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
	await mustRun("openssl", ["req", "-x509", ...ec, "-keyout", key, "-out", cert, "-days", "2", ...names]);
	return { cert, key };
}

/** Runs one contender against a server of its own; what it printed, and how many messages the server has answered with OK. */
async function run<Result>(
	serverArgs: readonly string[],
	clientArgs: readonly (string | number)[],
): Promise<{ result: Result; taken: number }> {
	const server = spawn(process.execPath, [...FLAGS, script("server.ts"), ...serverArgs], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	try {
		const lines = createInterface({ input: server.stdout });
		const [port] = await once(lines, "line");
		const [kind, ...rest] = clientArgs.map(String);
		const args = [...FLAGS, script("client.ts"), kind as string, String(port), ...rest];
		const { stdout } = await mustRun(process.execPath, args);
		server.stdin.end();
		const [taken] = await once(lines, "line");
		return { result: JSON.parse(stdout), taken: Number(taken) };
	} finally {
		server.kill("SIGKILL");
	}
}

async function measure(
	contender: string,
	bytes: number,
	serverArgs: readonly string[],
	ca: readonly string[],
): Promise<Measured> {
	const { result, taken } = await run<Measured>(serverArgs, [contender, bytes, values.seconds, ...ca]);
	if (taken !== result.all) throw new Error(`${contender}: ${result.all} acknowledged, the server took ${taken}`);
	return result;
}

/** Rows of one case, and how many times the baseline's rate `h2` makes. */
async function compare(
	name: string,
	bytes: number,
	serverArgs: readonly string[],
	ca: readonly string[],
): Promise<{ rows: string[]; times: number }> {
	const found = new Map<string, Measured>();
	for (const contender of CONTENDERS) found.set(contender, await measure(contender, bytes, serverArgs, ca));
	const rate = ({ records, seconds }: Measured): number => records / seconds;
	const cpu = ({ records, cpuMicros }: Measured): number => cpuMicros / records;
	const baseline = found.get("baseline") as Measured;
	const rows = [...found].map(([contender, measured]) => {
		const cells = [name, contender, Math.round(rate(measured)).toLocaleString("en"), cpu(measured).toFixed(2)];
		cells.push((rate(measured) / rate(baseline)).toFixed(1), (cpu(measured) / cpu(baseline)).toFixed(3));
		return `| ${cells.join(" | ")} |`;
	});
	process.stderr.write(`${rows.join("\n")}\n`);
	return { rows, times: rate(found.get("h2") as Measured) / rate(baseline) };
}

async function encoders(): Promise<string> {
	const { stdout } = await mustRun(process.execPath, [...FLAGS, script("encode.ts")]);
	const { bytes, byHand, byProtobufjs } = JSON.parse(stdout);
	const times = median(byHand) / median(byProtobufjs);
	const thousands = (rate: number): string => Math.round(rate / 1000).toLocaleString("en");
	return (
		`The encoder, the same ${bytes} bytes, thousand messages a second, lowest and highest of five turns in parentheses: by hand ` +
		`${spread(byHand, thousands)}, protobufjs' static code ${spread(byProtobufjs, thousands)}.\n\n` +
		`- encoder, times protobufjs: ${times.toFixed(1)} (goal: at least ${GOAL_ENCODER}): ${verdict(times >= GOAL_ENCODER)}`
	);
}

const load = loadavg()[0]?.toFixed(1);
const folder = mkdtempSync(join(tmpdir(), "wirescribe-bench-"));
try {
	const { cert, key } = await certificate(folder);
	const rows: string[] = [];
	const verdicts: string[] = [];
	for (const [wire, serverArgs, ca] of [
		["plain", [], []],
		["TLS", [cert, key], [cert]],
	] as const) {
		for (const bytes of [417, 4096]) {
			const name = `${wire}, ${bytes} bytes`;
			const compared = await compare(name, bytes, serverArgs, ca);
			rows.push(...compared.rows);
			const { times } = compared;
			verdicts.push(
				`- ${name}, times the baseline: ${times.toFixed(1)} (goal: at least ${GOAL_RATE}): ${verdict(times >= GOAL_RATE)}`,
			);
		}
	}
	const { result: stalled } = await run<{ bytes: number; budget: number }>(["stall"], ["stalled", 417, 0]);
	const slack = stalled.bytes - stalled.budget;
	const text = `${await machine()}

\`npm run bench:sender\`, ${values.seconds} s each, client and server in processes of their own on loopback. The server counts the messages of
\`node:http2\` streams and answers OK, so that it holds nobody up; what is acknowledged is what it counted. \`h2\` and \`grpc\`: a sender over
these transports at its defaults (4 streams, units of 1 MiB); \`baseline\`: grpc-js, one stream, one write for each message, its final status
awaited. CPU is the client's. Load average of the machine before the run: ${load}.

| case | contender | acked records/s | us of CPU for a record | times the baseline's rate | of its CPU |
| --- | --- | ---: | ---: | ---: | ---: |
${rows.join("\n")}

${verdicts.join("\n")}

A sender with a budget of ${MiB(stalled.budget)} MiB whose peer takes nothing, after 320,000 records of 417 bytes: ${MiB(stalled.bytes)} MiB of heap and buffers more than before.

- above the budget: ${MiB(slack)} MiB (goal: below ${MiB(GOAL_SLACK)}): ${verdict(slack < GOAL_SLACK)}

${await encoders()}`;
	process.stdout.write(`${text}\n`);
	if (!values["no-write"]) writeSection("sender", "Sender", text);
} finally {
	rmSync(folder, { recursive: true });
}
