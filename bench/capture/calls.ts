/** A program that times single calls (bench/tools/calls.c, tls-calls.c), at work. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { CallTimes } from "./report.ts";

export class Calls<Times = CallTimes> implements AsyncDisposable {
	readonly port: number;
	readonly pid: number;
	readonly #child: ChildProcessByStdio<Writable, Readable, null>;
	readonly #lines: Interface;

	private constructor(child: ChildProcessByStdio<Writable, Readable, null>, lines: Interface, port: number) {
		this.#child = child;
		this.#lines = lines;
		this.port = port;
		this.pid = child.pid as number;
	}

	/** Starts it on the first processor; readers have another. */
	static async start<Times = CallTimes>(file: string, args: readonly string[] = []): Promise<Calls<Times>> {
		const command = ["--pdeathsig", "KILL", "taskset", "-c", "0", file, ...args];
		const child = spawn("setpriv", command, { stdio: ["pipe", "pipe", "inherit"] });
		const lines = createInterface({ input: child.stdout });
		const [line] = (await once(lines, "line")) as [string];
		return new Calls<Times>(child, lines, Number(line.split(" ")[1]));
	}

	/** One measurement, nanoseconds a call. */
	async measure(): Promise<Times> {
		this.#child.stdin.write("\n");
		const [line] = (await once(this.#lines, "line")) as [string];
		return JSON.parse(line) as Times;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		const ended = once(this.#child, "exit");
		this.#child.stdin.end();
		await ended;
	}
}
