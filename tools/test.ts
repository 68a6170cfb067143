/**
 * `npm test`: every package's tests in Node 26, the pure packages' also in Deno and Bun. Kernel tests come last.
 * `npm run test:load`: those under load, which need the machine for themselves, one after another.
 *
 *     npm test                          everything but those under load
 *     npm test -- buffer agent          only packages whose name contains one of these
 *     npm test -- --runtime Deno        only one runtime
 *     npm test -- --verbose             with vitest's own output
 *
 * The last line is `N passed, N failed`. A test that did not run counts as failed wherever it could have run.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { release, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { type CommandResult, runCommand } from "./command.ts";
import { ensureDebian } from "./debian.ts";
import { inLanes } from "./in-lanes.ts";
import { EXCEPTIONS, type Runtime, type Suite, suitesOf } from "./suites.ts";
import { bin, root, workspacePackages } from "./workspace.ts";

/** Clients, servers and tools that the kernel tests meet. Installed first, so that no test waits for apt. */
const PEERS = ["nginx-light", "wrk", "curl", "python3", "iproute2", "conntrack", "nftables"] as const;

const SUITE_TIMEOUT_MS = 900_000;
/** Suites at a time. The machine this is made for has two cores, and the longest ones wait more than they work. */
const PARALLEL = 4;

interface Outcome {
	readonly passed: number;
	readonly failed: number;
	/** Names of the tests that were skipped. */
	readonly idle: readonly string[];
	readonly problem?: string;
}

/** What is read of vitest's JSON report. */
interface Report {
	readonly numPassedTests: number;
	readonly numFailedTests: number;
	readonly testResults: readonly {
		readonly status: string;
		readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
	}[];
}

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		load: { type: "boolean", default: false },
		verbose: { type: "boolean" },
		runtime: { type: "string" },
	},
});

function wanted(suite: Suite): boolean {
	if (suite.alone !== values.load) return false;
	const named = positionals.length === 0 || positionals.some((part) => suite.name.includes(part));
	return named && (values.runtime === undefined || values.runtime.toLowerCase() === suite.runtime.toLowerCase());
}

/** Runs `work` while the system call tracepoints are held, see hold-tracepoints.ts. */
async function holding<T>(work: () => Promise<T>): Promise<T> {
	const file = join(root, "tools/hold-tracepoints.ts");
	const holder = spawn(process.execPath, ["--conditions=@wirescribe/source", file], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	const ended = once(holder, "close");
	// Holding or not able to: the tests say why.
	await Promise.race([once(holder.stdout, "data"), ended]);
	try {
		return await work();
	} finally {
		holder.stdin.end();
		await ended;
	}
}

/** Whether this machine can run eBPF for us: then a kernel test has no excuse. */
function canRunEbpf(): boolean {
	const [major = 0, minor = 0] = release().split(".").map(Number);
	const recent = major > 5 || (major === 5 && minor >= 15);
	return process.getuid?.() === 0 && recent && existsSync("/sys/kernel/btf/vmlinux");
}

function commandOf(runtime: Runtime): readonly string[] {
	const vitest = join(root, "node_modules/vitest/vitest.mjs");
	if (runtime === "Deno") return [bin("deno"), "run", "-A", vitest];
	if (runtime === "Bun") return [bin("bun"), "--bun", vitest];
	return [process.execPath, vitest];
}

/** Once more when the runtime crashed, see `crashed`. */
async function runSuite(suite: Suite, reports: string): Promise<Outcome> {
	let result = await runVitest(suite, reports);
	if (crashed(suite, result.output)) {
		console.log(`${result.output.trimEnd()}\n${suite.runtime} crashed in ${suite.name}; its tests run once more`);
		result = await runVitest(suite, reports);
	}
	const outcome = judge(result, reportFileOf(suite, reports));
	show(suite, outcome, result);
	return outcome;
}

/**
 * A signal that nobody sent has ended the process. Only packages without native code are tested in Deno: it is the runtime's own
 * fault (Deno 2.9.5 aborts in one of some thirty runs). In Node our shim may have done it, and it stays a failure.
 */
function crashed(suite: Suite, output: string): boolean {
	return suite.runtime === "Deno" && /Worker exited unexpectedly with signal SIG(ABRT|SEGV|ILL|BUS|TRAP)/.test(output);
}

function reportFileOf(suite: Suite, reports: string): string {
	return join(reports, `${suite.name.replaceAll(/\W/g, "-")}-${suite.runtime}.json`);
}

async function runVitest(suite: Suite, reports: string): Promise<CommandResult> {
	const reportFile = reportFileOf(suite, reports);
	const [command = "", ...args] = commandOf(suite.runtime);
	args.push("run", "--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`);
	if (suite.runtime === "Bun") args.push("--pool=threads");
	// Kernel tests share one kernel: many files at once would load it, and each other.
	if (suite.kernel) args.push("--no-file-parallelism");
	if (suite.alone) args.push("test/alone");
	if (suite.shard) args.push(`--shard=${suite.shard}`);
	for (const file of suite.exclude) args.push("--exclude", file);
	const env = {
		...process.env,
		PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`,
		NODE_OPTIONS: "--conditions=@wirescribe/source",
		DENO_CONDITIONS: "@wirescribe/source",
		NO_COLOR: "1",
		// Where Deno panics.
		RUST_BACKTRACE: "1",
	};
	return runCommand(command, args, { cwd: suite.path, env, timeoutMs: SUITE_TIMEOUT_MS });
}

function judge(result: CommandResult, reportFile: string): Outcome {
	if (result.timedOut) return { passed: 0, failed: 1, idle: [], problem: `killed after ${SUITE_TIMEOUT_MS / 1000} s` };
	if (!existsSync(reportFile)) return { passed: 0, failed: 1, idle: [], problem: "vitest wrote no report" };
	const report = JSON.parse(readFileSync(reportFile, "utf8")) as Report;
	const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
	const idle = tests.filter(({ status }) => status !== "passed" && status !== "failed").map(({ fullName }) => fullName);
	const passed = report.numPassedTests;
	// A file that cannot be loaded, or an error outside any test, fails the run without failing a test.
	const failed = Math.max(report.numFailedTests, result.code === 0 ? 0 : 1);
	if (passed + failed === 0) return { passed, failed: 1, idle, problem: "there are no tests" };
	return { passed, failed, idle };
}

function show(suite: Suite, outcome: Outcome, result: CommandResult): void {
	const { passed, failed, idle, problem } = outcome;
	const bad = failed > 0;
	const counts = [
		`${passed} passed`,
		bad ? `${failed} failed` : "",
		idle.length > 0 ? `${idle.length} did not run` : "",
	];
	const words = [...counts, problem ?? ""].filter((text) => text !== "").join(", ");
	const line = `${bad ? "FAIL" : "ok  "}  ${suite.runtime.padEnd(4)}  ${suite.name.padEnd(26)} ${words}  (${result.seconds.toFixed(1)} s)`;
	console.log(bad || values.verbose ? `${result.output.trimEnd()}\n${line}` : line);
}

async function main(): Promise<void> {
	if (!process.version.startsWith("v26.")) {
		throw new Error(`The tests run in Node 26, this is ${process.version}: start them with npm test, after npm ci`);
	}
	const suites = suitesOf(join(root, "tools"), workspacePackages()).filter(wanted);
	if (suites.some(({ kernel }) => kernel)) await ensureDebian(PEERS);
	const pure = suites.filter((suite) => !suite.kernel);
	const kernel = suites.filter((suite) => suite.kernel && !suite.alone);
	const alone = suites.filter((suite) => suite.alone);
	const reports = await mkdtemp(join(tmpdir(), "wirescribe-tests-"));
	try {
		const run = (suite: Suite): Promise<Outcome> => runSuite(suite, reports);
		const outcomes = await inLanes(pure, PARALLEL, run);
		if (kernel.length + alone.length > 0) {
			await holding(async () => {
				outcomes.push(...(await inLanes(kernel, PARALLEL, run)), ...(await inLanes(alone, 1, run)));
			});
		}
		summarize(outcomes);
	} finally {
		await rm(reports, { recursive: true, force: true });
	}
}

function summarize(outcomes: readonly Outcome[]): void {
	const sum = (pick: (outcome: Outcome) => number): number => outcomes.reduce((total, one) => total + pick(one), 0);
	const idle = outcomes.flatMap((outcome) => outcome.idle);
	const excuse = !canRunEbpf();
	for (const name of idle) console.log(`${excuse ? "did not run here" : "FAIL: did not run"}: ${name}`);
	if (excuse)
		console.log(
			"This machine cannot run eBPF (Linux 5.15 or newer with BTF, as root): kernel tests prove nothing here.",
		);
	for (const { name, runtimes, file, part, reason } of EXCEPTIONS) {
		const what = [name, file, part].filter(Boolean).join(" ");
		console.log(`not in ${runtimes.join(" and ")}: ${what}: ${reason}`);
	}
	const failed = sum((outcome) => outcome.failed) + (excuse ? 0 : idle.length);
	console.log(`${sum((outcome) => outcome.passed)} passed, ${failed} failed`);
	if (failed > 0 || outcomes.length === 0) process.exitCode = 1;
}

await main().catch((error: unknown) => {
	console.error(error instanceof Error ? error.message : error);
	console.log("0 passed, 1 failed");
	process.exitCode = 1;
});
