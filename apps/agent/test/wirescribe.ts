import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { program } from "./runtimes.ts";

/** Against hanging only: a busy machine may take its time. */
export const PATIENCE_MS = 120_000;

/** What a process is part of in Kubernetes. */
export interface LineWorkload {
	readonly namespace: string;
	readonly pod: string | null;
	readonly container: string | null;
	readonly owner: string | null;
	readonly service: string;
}

/** A line of `--output json`. */
export interface Line {
	readonly time: string;
	readonly duration_ms: number;
	readonly pid: number;
	readonly comm: string;
	/** Of the process on this end, as far as it is known; so the next ones. */
	readonly exe?: string;
	readonly uid?: number;
	readonly container?: string;
	readonly kubernetes?: LineWorkload;
	readonly role: "client" | "server";
	readonly local: string;
	readonly remote: string;
	/** The real other end, where translation hides it. */
	readonly peer?: string;
	/** The process at the other end, when that is on this machine. */
	readonly remote_process?: { readonly pid: number; readonly comm: string; readonly container?: string };
	readonly remote_kubernetes?: LineWorkload;
	readonly tls: boolean;
	readonly protocol: string;
	readonly method: string | null;
	readonly path: string | null;
	readonly host: string | null;
	readonly status: number | null;
	readonly request: { readonly header_bytes: number; readonly body_bytes: number } | null;
	readonly response: { readonly header_bytes: number; readonly body_bytes: number } | null;
	readonly operations: number;
	readonly trace: unknown;
	readonly partial: readonly string[];
}

/** The `wirescribe` command as a process of its own; it is ended when the scope is left. */
export class Wirescribe implements AsyncDisposable {
	readonly child: ChildProcess;
	stdout = "";
	stderr = "";
	/** Whole lines on stdout so far: cheaper to ask for than `lines`. */
	lineCount = 0;
	readonly #exit: Promise<number | null>;

	/**
	 * With `stdoutFd`, standard output goes there: for more lines than a test should hold. `through` is a command that runs
	 * the command behind it, such as nsenter; `command` is another program than ours from source.
	 */
	constructor(
		args: readonly string[],
		runtime = "node 26",
		stdoutFd?: number,
		through: readonly string[] = [],
		command: readonly string[] = program(runtime),
	) {
		const [file, ...rest] = [...through, ...command];
		this.child = spawn(file as string, [...rest, ...args], {
			stdio: ["ignore", stdoutFd ?? "pipe", "pipe"],
			env: { ...process.env, DENO_CONDITIONS: "@wirescribe/source", NODE_OPTIONS: "" },
		});
		this.child.stdout?.on("data", (data) => {
			this.stdout += data;
			for (const byte of data as Buffer) if (byte === 0x0a) this.lineCount++;
		});
		this.child.stderr?.on("data", (data) => {
			this.stderr += data;
		});
		this.#exit = once(this.child, "close").then(([code]) => code as number | null);
	}

	/**
	 * Starts it and waits until its start line is out. Without `tls` it attaches to no TLS library: its end then takes the
	 * kernel half as long, which tests that read no TLS need not wait for.
	 */
	static async start(
		args: readonly string[],
		{
			runtime = "node 26",
			ready = "wirescribe: ",
			stdoutFd,
			through,
			tls = false,
		}: { runtime?: string; ready?: string; stdoutFd?: number; through?: readonly string[]; tls?: boolean } = {},
	): Promise<Wirescribe> {
		const captures = args[0] === "run" || args[0] === "record";
		const all = captures && !tls ? [...args, "--no-tls"] : args;
		const wirescribe = new Wirescribe(all, runtime, stdoutFd, through);
		// Attaching waits for the probes that other agents of the machine let go of.
		await wirescribe.until(() => wirescribe.stderr.includes(ready), `its start line '${ready}'`);
		return wirescribe;
	}

	get lines(): Line[] {
		const whole = this.stdout.slice(0, this.stdout.lastIndexOf("\n") + 1);
		return whole
			.split("\n")
			.filter(Boolean)
			.map((line) => JSON.parse(line) as Line);
	}

	/** Polls until `condition` holds; fails with what the process said. */
	async until(condition: () => boolean, what: string): Promise<void> {
		const end = performance.now() + PATIENCE_MS;
		while (!condition()) {
			if (performance.now() > end || this.child.exitCode !== null) {
				throw new Error(
					`wirescribe did not show ${what}; exit ${this.child.exitCode}\n${this.stderr}\n${this.stdout.slice(-2000)}`,
				);
			}
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
	}

	/** SIGINT, and its exit code. */
	async stop(): Promise<number | null> {
		this.child.kill("SIGINT");
		return this.exit();
	}

	exit(): Promise<number | null> {
		return this.#exit;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
		await this.#exit;
	}
}
