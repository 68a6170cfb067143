/**
 * `npm run newcomer`: what somebody sees who has never been here. Clones the repository's last commit, installs it, starts the agent
 * as the README says, asks a server for a page, and says how long after `npm ci` the first line came. Then goes wrong in the ways
 * that newcomers do, and fails when the agent does not say what is the matter.
 */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Wirescribe } from "../apps/agent/test/wirescribe.ts";
import { mustRun, runCommand } from "./command.ts";
import { ensureDebian } from "./debian.ts";
import { strangersEnvironment } from "./release/strangers-environment.ts";
import { root } from "./workspace.ts";

/** A way to go wrong: what is started, how it must end, and what it must have said. */
interface Mistake {
	readonly name: string;
	readonly through?: readonly string[];
	readonly args: readonly string[];
	readonly exitCode: number;
	readonly says: RegExp;
	/** It starts all the same: ended by SIGINT once this was said. */
	readonly until?: RegExp;
}

await ensureDebian(["curl"]);
const folder = mkdtempSync(join(tmpdir(), "wirescribe-newcomer-"));
const clone = join(folder, "wirescribe");
// However it ends.
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const server = createServer((_, response) => response.end("hello"));
server.listen(0, "127.0.0.1");
await once(server, "listening");
let failed = 0;
try {
	await mustRun("git", ["clone", "--quiet", root, clone]);
	const env = strangersEnvironment();
	const { seconds } = await mustRun("npm", ["ci"], { cwd: clone, env });
	console.log(`npm ci      ${seconds.toFixed(1)} s`);
	await firstLine(portOf(server));
	for (const mistake of mistakes(portOf(server))) await make(mistake);
} finally {
	server.close();
	server.closeAllConnections();
}
console.log(failed === 0 ? "newcomer: everything explained itself" : `newcomer: ${failed} did not explain themselves`);
process.exitCode = failed === 0 ? 0 : 1;

function portOf(one: Server): number {
	return (one.address() as AddressInfo).port;
}

/** As a newcomer types it: `npm start` in one terminal, curl in the other, again until the agent shows something. */
async function firstLine(port: number): Promise<void> {
	const started = performance.now();
	const start = ["npm", "--prefix", clone, "start", "--silent", "--"];
	await using agent = new Wirescribe(["--port", String(port), "--output", "text"], "", undefined, [], start);
	await agent.until(() => agent.stderr.includes("watching "), "its start line");
	await curl(port);
	await agent.until(() => agent.lineCount > 0, "a line");
	console.log(`first line  ${((performance.now() - started) / 1000).toFixed(1)} s after npm ci`);
	console.log(indented(agent.stdout));
	interrupt(agent.child.pid as number);
	// npm ends by the signal, whatever the agent's exit code was: its ledger tells.
	await agent.exit();
	const well = /^records {5}\d+ accepted = \d+ acked /m.test(agent.stderr);
	if (!well) failed++;
	console.log(`${well ? "ok  " : "FAIL"}  Ctrl-C ends it with its ledger\n${indented(agent.stderr)}`);
}

/** Ctrl-C: a terminal sends it to npm, to its shell and to the agent alike. */
function interrupt(pid: number): void {
	const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").split(" ").filter(Boolean);
	process.kill(pid, "SIGINT");
	for (const child of children) interrupt(Number(child));
}

async function curl(port: number): Promise<void> {
	await runCommand("curl", ["--silent", `http://127.0.0.1:${port}/hello`]);
}

function mistakes(port: number): readonly Mistake[] {
	const config = join(folder, "wirescribe.yaml");
	writeFileSync(config, `access_log:\n  ouput: json\n`);
	const without = "-perfmon,-sys_admin";
	const oldKernel = {
		through: ["env", "WIRESCRIBE_FEATURES=kernel=5.10"],
		exitCode: 69,
		says: /kernel.*5\.10.*5\.15/s,
	};
	const backend = ["--backend", "127.0.0.1:9"];
	return [
		{
			name: "a wrong key",
			args: ["run", "--config", config],
			exitCode: 2,
			says: /wirescribe\.yaml:2:\d+: .*ouput.*output/,
		},
		{
			name: "a missing capability",
			through: ["setpriv", `--bounding-set=${without}`, `--inh-caps=${without}`],
			args: ["run"],
			exitCode: 77,
			says: /CAP_PERFMON is missing/,
		},
		{
			name: "a dead backend, asked beforehand",
			args: ["doctor", ...backend],
			exitCode: 1,
			says: /FAIL {2}backend.*->/s,
		},
		{
			name: "a dead backend",
			args: ["run", "--port", String(port), ...backend],
			exitCode: 1,
			says: /127\.0\.0\.1:9.*ECONNREFUSED.*lost \{[^}]*shutdown/s,
			until: /ECONNREFUSED/,
		},
		...["run", "plan", "doctor"].map((command) => ({
			name: `an old kernel, ${command}`,
			args: [command],
			...oldKernel,
		})),
	];
}

async function make({ name, through = [], args, exitCode, says, until }: Mistake): Promise<void> {
	const command = [join(clone, "node_modules/.bin/node"), "--conditions=@wirescribe/source"];
	command.push(join(clone, "apps/agent/src/main.ts"));
	await using agent = new Wirescribe(args, "", undefined, through, command);
	if (until) {
		await agent.until(() => agent.stderr.includes("watching "), "its start line");
		await curl(portOf(server));
		await agent.until(() => until.test(agent.stderr), String(until));
		agent.child.kill("SIGINT");
	}
	const code = await agent.exit();
	const said = agent.stderr + agent.stdout;
	const well = code === exitCode && says.test(said);
	if (!well) failed++;
	console.log(`\n${well ? "ok  " : "FAIL"}  ${name}: wirescribe ${args.join(" ")}  (exit ${code})`);
	console.log(indented(said));
	if (!well) console.log(`      expected exit ${exitCode} and ${says}`);
}

/** Of a long page the lines that say what is wrong, and what to do. */
function indented(text: string): string {
	const lines = text.trimEnd().split("\n");
	const shown = lines.length > 12 ? lines.filter((line) => /^(?:FAIL|CANNOT RUN)|^ +-> /.test(line)) : lines;
	return shown.map((line) => `      ${line}`).join("\n");
}
