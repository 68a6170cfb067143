import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import process from "node:process";

/** How a command ended, and what it wrote. */
export interface CommandResult {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
	/** Both streams, as they came. */
	readonly output: string;
	readonly seconds: number;
	readonly timedOut: boolean;
}

export interface CommandOptions {
	readonly cwd?: string;
	readonly env?: Readonly<Record<string, string | undefined>>;
	/** After this, the command and everything it started are killed. Default: ten minutes. */
	readonly timeoutMs?: number;
	/** Show its output while it runs, too. */
	readonly show?: boolean;
}

/** Commands that still run: each leads a process group of its own, which must not outlive us. */
const running = new Set<ChildProcess>();

function killGroup(child: ChildProcess): void {
	try {
		if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
	} catch {
		// The group is gone already.
	}
}

process.on("exit", () => running.forEach(killGroup));
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const end = (): void => process.exit(1);
for (const signal of SIGNALS) process.once(signal, end);

/** For a program that cleans up in its own way: a signal does this, instead of ending the process at once. */
export function onSignal(work: (signal: NodeJS.Signals) => void): void {
	for (const signal of SIGNALS) process.off(signal, end).on(signal, work);
}

/** Runs a command to its end. Rejects only when it cannot be started: the exit code is the caller's to judge. */
export function runCommand(
	command: string,
	args: readonly string[],
	options: CommandOptions = {},
): Promise<CommandResult> {
	const { cwd, env, timeoutMs = 600_000, show = false } = options;
	const started = performance.now();
	const spawnOptions: SpawnOptions = { cwd, detached: true, stdio: ["ignore", "pipe", "pipe"] };
	const child = spawn(command, args, env ? { ...spawnOptions, env } : spawnOptions);
	running.add(child);
	const written = { stdout: "", stderr: "", output: "" };
	for (const name of ["stdout", "stderr"] as const) {
		child[name]?.setEncoding("utf8").on("data", (text: string) => {
			written[name] += text;
			written.output += text;
			if (show) process[name].write(text);
		});
	}
	let timedOut = false;
	const timer = setTimeout(() => {
		timedOut = true;
		killGroup(child);
	}, timeoutMs);
	return new Promise((resolve, reject) => {
		const settle = (): void => {
			clearTimeout(timer);
			running.delete(child);
		};
		child.once("error", (error) => {
			settle();
			reject(new Error(`Cannot run ${command}: ${error.message}`, { cause: error }));
		});
		child.once("close", (code) => {
			settle();
			resolve({ ...written, code: code ?? 1, seconds: (performance.now() - started) / 1000, timedOut });
		});
	});
}

/** As `runCommand`, for a command whose failure is ours: throws with what it wrote. */
export async function mustRun(
	command: string,
	args: readonly string[],
	options: CommandOptions = {},
): Promise<CommandResult> {
	const result = await runCommand(command, args, options);
	if (result.code === 0) return result;
	const how = result.timedOut ? "took too long" : `ended with code ${result.code}`;
	throw new Error(`${command} ${args.join(" ")} ${how}:\n${result.output.trim()}`);
}
