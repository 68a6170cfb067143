import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Terminal as Screen } from "@xterm/headless";
import { program } from "./runtimes.ts";
import { PATIENCE_MS } from "./wirescribe.ts";

/** A CommonJS module whose names Node does not see. */
const { Terminal } = createRequire(import.meta.url)("@xterm/headless") as typeof import("@xterm/headless");

/** How a command in a terminal ended: its exit code (a signal's is negative), and whether the terminal's settings are what they were. */
export interface TerminalEnd {
	readonly exit: number;
	readonly restored: boolean | null;
}

/** One cell of the screen. */
export interface ScreenCell {
	readonly text: string;
	/** Of the terminal's palette; -1: its default. */
	readonly color: number;
	readonly bold: boolean;
	readonly dim: boolean;
	readonly inverse: boolean;
}

/** `wirescribe` in a real pseudo-terminal, and a terminal emulator that shows what a person would see. */
export class PseudoTerminal implements AsyncDisposable {
	readonly #child: ChildProcess;
	readonly #screen: Screen;
	readonly #closed: Promise<unknown>;
	/** Everything that was written to the terminal. */
	output = "";
	#stderr = "";

	constructor(
		args: readonly string[],
		{
			columns = 80,
			rows = 24,
			env = {},
			runtime = "node 26",
		}: { columns?: number; rows?: number; env?: Record<string, string>; runtime?: string } = {},
	) {
		this.#screen = new Terminal({ cols: columns, rows, allowProposedApi: true });
		const driver = fileURLToPath(new URL("./fixtures/in_terminal.py", import.meta.url));
		this.#child = spawn("python3", [driver, String(columns), String(rows), ...program(runtime), ...args], {
			stdio: ["pipe", "pipe", "pipe"],
			env: {
				...process.env,
				NODE_OPTIONS: "",
				TERM: "xterm-256color",
				DENO_CONDITIONS: "@wirescribe/source",
				NO_COLOR: "",
				...env,
			},
		});
		this.#child.stdout?.on("data", (data: Buffer) => {
			this.output += data.toString("latin1");
			this.#screen.write(data);
		});
		this.#child.stderr?.on("data", (data) => {
			this.#stderr += data;
		});
		this.#closed = once(this.#child, "close");
	}

	/** What the screen shows now, without the spaces at the ends of lines. */
	get text(): string {
		const { active } = this.#screen.buffer;
		const lines = Array.from({ length: this.#screen.rows }, (_, row) =>
			active.getLine(active.viewportY + row)?.translateToString(true),
		);
		return lines.join("\n");
	}

	/** What the screen shows now, cell by cell, each line of it. */
	get cells(): ScreenCell[][] {
		const { active } = this.#screen.buffer;
		return Array.from({ length: this.#screen.rows }, (_, row) =>
			Array.from({ length: this.#screen.cols }, (_, column) => {
				const cell = active.getLine(active.viewportY + row)?.getCell(column);
				return {
					text: cell?.getChars() || " ",
					color: cell?.isFgPalette() ? cell.getFgColor() : -1,
					bold: cell?.isBold() !== 0,
					dim: cell?.isDim() !== 0,
					inverse: cell?.isInverse() !== 0,
				};
			}),
		);
	}

	/** Whether it is the second screen, the one without history. */
	get alternate(): boolean {
		return this.#screen.buffer.active.type === "alternate";
	}

	press(keys: string): void {
		this.#order({ write: keys });
	}

	resize(columns: number, rows: number): void {
		this.#screen.resize(columns, rows);
		this.#order({ resize: [columns, rows] });
	}

	/** To the command itself. */
	signal(number: number): void {
		this.#order({ signal: number });
	}

	/** The terminal goes away, as when its window is closed. */
	hangUp(): void {
		this.#order({ hangup: true });
	}

	/** Polls until the screen shows it; fails with what it shows. */
	async shows(expected: string | RegExp): Promise<string> {
		const isThere = (): boolean =>
			typeof expected === "string" ? this.text.includes(expected) : expected.test(this.text);
		await this.until(isThere, String(expected));
		return this.text;
	}

	/** Polls until something is so; fails with what the screen shows. */
	async until(condition: () => boolean, what: string): Promise<void> {
		const end = performance.now() + PATIENCE_MS;
		while (!condition()) {
			if (performance.now() > end || this.#stderr !== "") {
				throw new Error(`the terminal does not show ${what}; ${this.#stderr}\n${this.text}`);
			}
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
	}

	/** Waits for the command's end. */
	async end(): Promise<TerminalEnd> {
		await this.#closed;
		// The emulator takes what it was sent a moment later.
		await new Promise<void>((resolve) => this.#screen.write("", resolve));
		return JSON.parse(this.#stderr) as TerminalEnd;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		// The driver ends the command when nobody tells it anything any more.
		this.#child.stdin?.end();
		await this.#closed;
		this.#screen.dispose();
	}

	#order(order: object): void {
		this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
	}
}
