/**
 * `npm run bench:tls`: what watching OpenSSL adds to each of its calls, at functions' starts and returns and at the cheaper sites.
 *
 *     --rounds N      default 2; the lowest figures count
 *     --no-write      leave RESULTS.md alone
 *
 * As root on Debian 12, two processors at least: the calls have one, the reader the other. Nobody else's probes may be on libssl
 * meanwhile. Takes about a minute.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { mustRun } from "../tools/command.ts";
import { ensureDebian } from "../tools/debian.ts";
import { startProgram } from "./agent/processes.ts";
import { Calls } from "./capture/calls.ts";
import { machine, writeSection } from "./results.ts";

const { values } = parseArgs({
	options: { rounds: { type: "string", default: "2" }, "no-write": { type: "boolean", default: false } },
});
/** Nobody listens there: what is watched is something else. */
const ELSEWHERE = 1;
const TURNS = [
	{ name: "programs on system calls, none on OpenSSL", where: "none", isWatched: true },
	{ name: "starts and returns, another port watched", where: "plain", isWatched: false },
	{ name: "starts and returns, watched", where: "plain", isWatched: true },
	{ name: "cheaper sites, another port watched", where: "inside", isWatched: false },
	{ name: "cheaper sites, watched", where: "inside", isWatched: true },
] as const;

/** The lowest figure beside a reader at work; it has moved to its sites after the first. */
async function measureWatched(calls: Calls<{ call: number }>, turn: (typeof TURNS)[number]): Promise<number> {
	const port = turn.isWatched ? calls.port : ELSEWHERE;
	const script = join(import.meta.dirname, "capture/tls-process.ts");
	const node = [
		process.execPath,
		"--conditions=@wirescribe/source",
		script,
		String(port),
		String(calls.pid),
		turn.where,
	];
	const reader = await startProgram(["taskset", "-c", "1", ...node], { ready: /attached/ });
	await calls.measure();
	await new Promise((resolve) => setTimeout(resolve, 200));
	const { call } = await calls.measure();
	await reader.end();
	const { stages } = JSON.parse(reader.stdout) as { stages: Record<string, string> };
	const stage = turn.where === "none" ? undefined : turn.where;
	if (stages["SSL_read"] !== stage) throw new Error(`Cannot measure ${turn.name}: SSL_read is ${stages["SSL_read"]}`);
	return call;
}

await ensureDebian(["gcc", "libc6-dev", "libssl-dev", "openssl"]);
const folder = mkdtempSync(join(tmpdir(), "wirescribe-bench-"));
try {
	const [program, key, certificate] = ["tls-calls", "key.pem", "certificate.pem"].map((name) => join(folder, name)) as [
		...[string, string, string],
	];
	const source = join(import.meta.dirname, "tools/tls-calls.c");
	await mustRun("gcc", [
		"-O2",
		"-Wall",
		"-Wextra",
		"-D_GNU_SOURCE",
		"-o",
		program,
		source,
		"-lssl",
		"-lcrypto",
		"-lpthread",
	]);
	const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=bench"];
	execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", certificate], { stdio: "pipe" });
	await using calls = await Calls.start<{ call: number }>(program, [key, certificate, "5", "500"]);
	const lowest = new Map<string, number>();
	const note = (name: string, call: number): void => {
		lowest.set(name, Math.min(call, lowest.get(name) ?? Number.POSITIVE_INFINITY));
	};
	for (let round = 0; round < Number(values.rounds); round++) {
		note("nothing attached", (await calls.measure()).call);
		for (const turn of TURNS) note(turn.name, await measureWatched(calls, turn));
	}
	const none = lowest.get("nothing attached") as number;
	const rows = [...lowest].map(([name, call]) => `| ${name} | ${call.toFixed(0)} | ${(call - none).toFixed(0)} |`);
	const text = [
		"| a call of SSL_read or SSL_write, its system call included | ns | added |",
		"| --- | ---: | ---: |",
		...rows,
	];
	console.log(text.join("\n"));
	const how = `The lowest of ${values.rounds} rounds. \`npm run bench:tls\``;
	if (!values["no-write"]) writeSection("tls", "TLS", `${await machine()}\n\n${how}\n\n${text.join("\n")}`);
} finally {
	rmSync(folder, { recursive: true, force: true });
}
process.exit();
