/** The program that times single system calls (bench/tools/calls.c), at work. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { CallTimes } from "./report.ts";

export class Calls implements AsyncDisposable {
	readonly port: number;
	readonly #child: ChildProcessByStdio<Writable, Readable, null>;
	readonly #lines: Interface;

	private constructor(child: ChildProcessByStdio<Writable, Readable, null>, lines: Interface, port: number) {
		this.#child = child;
		this.#lines = lines;
		this.port = port;
	}

	/** Starts it on the first processor; readers have another. */
	static async start(file: string): Promise<Calls> {
		const command = ["--pdeathsig", "KILL", "taskset", "-c", "0", file];
		const child = spawn("setpriv", command, { stdio: ["pipe", "pipe", "inherit"] });
		const lines = createInterface({ input: child.stdout });
		const [line] = (await once(lines, "line")) as [string];
		return new Calls(child, lines, Number(line.split(" ")[1]));
	}

	/** One measurement of all three kinds, nanoseconds a call. */
	async measure(): Promise<CallTimes> {
		this.#child.stdin.write("\n");
		const [line] = (await once(this.#lines, "line")) as [string];
		return JSON.parse(line) as CallTimes;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		const ended = once(this.#child, "exit");
		this.#child.stdin.end();
		await ended;
	}
}
