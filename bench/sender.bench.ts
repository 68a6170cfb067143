/**
 * `npm run bench:sender`: acknowledged records a second and CPU for each, against grpc-js with one stream and one write for
 * each message, to the same server; and the memory of a sender whose peer takes nothing.
 *
 *     --seconds S    for each contender and case, default 3
 *     --no-write     leave RESULTS.md alone
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { mustRun } from "../tools/command.ts";
import { machine, writeSection } from "./results.ts";

const { values } = parseArgs({
	options: { seconds: { type: "string", default: "3" }, "no-write": { type: "boolean", default: false } },
});
const FLAGS = ["--conditions=@wirescribe/source", "--expose-gc"];
const CONTENDERS = ["h2", "grpc", "baseline"] as const;

interface Measured {
	readonly records: number;
	readonly seconds: number;
	readonly cpuMicros: number;
}

/** A certificate for 127.0.0.1, its own authority. */
async function certificate(folder: string): Promise<{ cert: string; key: string }> {
	const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
	const names = ["-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1,DNS:collector.test"];
	const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
	await mustRun("openssl", ["req", "-x509", ...ec, "-keyout", key, "-out", cert, "-days", "2", ...names]);
	return { cert, key };
}

/** Runs one contender against a server of its own. */
async function run<Result>(serverArgs: readonly string[], clientArgs: readonly (string | number)[]): Promise<Result> {
	const script = (name: string): string => join(import.meta.dirname, "sender", name);
	const server = spawn(process.execPath, [...FLAGS, script("server.ts"), ...serverArgs], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	try {
		const [port] = await once(server.stdout, "data");
		const [kind, ...rest] = clientArgs.map(String);
		const args = [...FLAGS, script("client.ts"), kind as string, String(port).trim(), ...rest];
		const { stdout } = await mustRun(process.execPath, args);
		return JSON.parse(stdout);
	} finally {
		server.kill("SIGKILL");
	}
}

const folder = mkdtempSync(join(tmpdir(), "wirescribe-bench-"));
try {
	const { cert, key } = await certificate(folder);
	const rows: string[] = [];
	for (const [wire, serverArgs, ca] of [
		["plain", [], []],
		["TLS", [cert, key], [cert]],
	] as const) {
		for (const bytes of [417, 4096]) {
			const found: Record<string, Measured> = {};
			for (const contender of CONTENDERS) {
				found[contender] = await run<Measured>(serverArgs, [contender, bytes, values.seconds, ...ca]);
			}
			const rate = (name: string): number => (found[name] as Measured).records / (found[name] as Measured).seconds;
			for (const name of CONTENDERS) {
				const { records, cpuMicros } = found[name] as Measured;
				const times = (rate(name) / rate("baseline")).toFixed(1);
				const cpu = (cpuMicros / records).toFixed(2);
				rows.push(
					`| ${wire}, ${bytes} bytes | ${name} | ${Math.round(rate(name)).toLocaleString("en")} | ${cpu} | ${times} |`,
				);
				process.stderr.write(`${rows.at(-1)}\n`);
			}
		}
	}
	const { bytes, budget } = await run<{ bytes: number; budget: number }>(["stall"], ["stalled", 417, 0]);
	const MiB = (count: number): string => (count / 2 ** 20).toFixed(1);
	const text = `${await machine()}

\`npm run bench:sender\`, ${values.seconds} s each, client and server in processes of their own on loopback, server: grpc-js. \`h2\` and \`grpc\`: a sender
over these transports at its defaults (4 streams, units of 1 MiB); \`baseline\`: grpc-js, one stream, one write for each message, final
status awaited. CPU is the client's.

| case | contender | acked records/s | us of CPU for a record | times the baseline's rate |
| --- | --- | ---: | ---: | ---: |
${rows.join("\n")}

A sender with a budget of ${MiB(budget)} MiB whose peer takes nothing, after 320,000 records of 417 bytes: ${MiB(bytes)} MiB of heap and buffers more than before.`;
	process.stdout.write(`${text}\n`);
	if (!values["no-write"]) writeSection("sender", "Sender", text);
} finally {
	rmSync(folder, { recursive: true });
}
