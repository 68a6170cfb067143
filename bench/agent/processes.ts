/** Child processes that cannot be left behind, and what they cost: read from /proc, with their threads and children. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Linux counts process times in hundredths of a second (USER_HZ), on every architecture that we run on. */
const TICKS_PER_SECOND = 100;

export interface ProgramOptions {
	/** Ready when this has been written to stderr or stdout. */
	readonly ready?: RegExp;
	/** Where stdout goes; without it, into `stdout`. */
	readonly stdoutFile?: string;
}

/** A started program. Dies with this process; `await using` ends it. */
export class Program {
	readonly pid: number;
	stdout = "";
	stderr = "";
	readonly #child: ChildProcess;
	readonly #exited: Promise<unknown>;

	constructor(child: ChildProcess) {
		this.#child = child;
		this.pid = child.pid ?? 0;
		this.#exited = child.exitCode === null ? once(child, "exit") : Promise.resolve();
		child.stdout?.setEncoding("utf8").on("data", (text: string) => {
			this.stdout += text;
		});
		child.stderr?.setEncoding("utf8").on("data", (text: string) => {
			this.stderr += text;
		});
	}

	get running(): boolean {
		return this.#child.exitCode === null && this.#child.signalCode === null;
	}

	/** Asks it to end by a signal, and makes it end when it does not. */
	async end(signal: NodeJS.Signals = "SIGINT", patienceMs = 20_000): Promise<void> {
		if (!this.running) return;
		this.#child.kill(signal);
		const timer = setTimeout(() => this.#child.kill("SIGKILL"), patienceMs);
		await this.#exited;
		clearTimeout(timer);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.end("SIGKILL");
	}
}

/** Starts a program and waits until it says that it is ready. */
export async function startProgram(command: readonly string[], options: ProgramOptions = {}): Promise<Program> {
	const file = options.stdoutFile === undefined ? undefined : openSync(options.stdoutFile, "w");
	// The parent-death signal reaches it even when this process is killed.
	const child = spawn("setpriv", ["--pdeathsig", "KILL", ...command], { stdio: ["ignore", file ?? "pipe", "pipe"] });
	if (file !== undefined) closeSync(file);
	const program = new Program(child);
	const ready = options.ready;
	for (let waitedMs = 0; ready && !ready.test(program.stderr + program.stdout); waitedMs += 20) {
		if (!program.running || waitedMs > 30_000) {
			await program[Symbol.asyncDispose]();
			const said = (program.stderr + program.stdout).trim();
			throw new Error(`Cannot start ${command.join(" ")}: it never was ready; it said: ${said || "nothing"}`);
		}
		await sleep(20);
	}
	return program;
}

/** A process and all that it started. */
function family(pid: number): number[] {
	const members = [pid];
	for (const member of members) {
		for (const task of list(`/proc/${member}/task`)) {
			members.push(...words(read(`/proc/${member}/task/${task}/children`)).map(Number));
		}
	}
	return members;
}

/** User and system time of a family in seconds: threads, living children, and children that have ended. */
export function cpuSeconds(pid: number): number {
	let ticks = 0;
	for (const member of family(pid)) {
		const stat = read(`/proc/${member}/stat`);
		// Fields 14 to 17: utime, stime, cutime, cstime; the name in field 2 may hold spaces.
		const fields = words(stat.slice(stat.lastIndexOf(")") + 1));
		for (const field of fields.slice(11, 15)) ticks += Number(field);
	}
	return ticks / TICKS_PER_SECOND;
}

/** The sum of the family's highest resident sizes, in KiB. */
export function peakRssKib(pid: number): number {
	let sum = 0;
	for (const member of family(pid)) sum += Number(/^VmHWM:\s+(\d+)/m.exec(read(`/proc/${member}/status`))?.[1] ?? 0);
	return sum;
}

/** Waits until a family has worked off what it had to do: less than 5 % of a core for half a second. */
export async function untilIdle(pid: number, limitMs: number): Promise<void> {
	let before = cpuSeconds(pid);
	for (let waitedMs = 0; waitedMs < limitMs; waitedMs += 500) {
		await sleep(500);
		const after = cpuSeconds(pid);
		if (after - before < 0.025) return;
		before = after;
	}
}

/** Processes end while they are being read: then there is nothing to read. */
function read(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return "";
	}
}

function list(path: string): string[] {
	try {
		return readdirSync(path);
	} catch {
		return [];
	}
}

function words(text: string): string[] {
	return text.split(/\s+/).filter((word) => word !== "");
}
