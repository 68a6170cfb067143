import { writeSync } from "node:fs";
import process from "node:process";
import { emitKeypressEvents, type Key } from "node:readline";
import type { Frame } from "@wirescribe/live-view";
import { ansiLine } from "./ansi.ts";
import { keyName } from "./keys.ts";

/** The other screen, which has no history, without a cursor and without wrapping. */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J";
const LEAVE = "\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l";
/** Terminals that know it show what is between as one (synchronized output). */
const BEGIN = "\u001b[?2026h";
const END = "\u001b[?2026l";

const RESUME_MS = 100;
/** Of what is held, the end. */
const MAX_HELD = 65_536;

/**
 * The terminal while a view has it: its second screen, keys one by one, and only lines that have changed are written.
 *
 * It is given back on every way out: `close`, an exit of the process, an exception that nobody caught. What is written to stderr in
 * between would be a stain on the screen: it is held, and written when the screen is left.
 */
export class Terminal implements Disposable {
	/** A key was pressed, by the view's names. */
	onKey: (key: string) => void = () => {};
	/** Its size has changed, or it has come back: draw again. */
	onRedraw: () => void = () => {};
	/** A line was written to stderr. */
	onMessage: (line: string) => void = () => {};
	/** Settles when there is no terminal any more: hung up, or the pipe to it broke. */
	readonly gone: Promise<void>;
	readonly #color: boolean;
	/** What each line of the screen shows. */
	#shown: string[] = [];
	#up = false;
	#closed = false;
	#held = "";
	readonly #writeStderr = process.stderr.write;
	readonly #leave = (): void => this.#down();
	readonly #fail = (error: unknown): void => {
		this.#down();
		process.stderr.write(`wirescribe: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
		process.exit(1);
	};

	constructor() {
		this.#color = !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";
		this.gone = new Promise((resolve) => {
			process.stdin.on("end", resolve).on("close", resolve).on("error", resolve);
			process.stdout.on("error", () => resolve());
			process.on("SIGHUP", () => resolve()).on("SIGQUIT", () => resolve());
		});
		emitKeypressEvents(process.stdin);
		process.stdin.on("keypress", (typed: string | undefined, key: Key) => this.#key(typed, key));
		process.stdout.on("resize", this.#redraw);
		process.on("SIGCONT", this.#continue);
		process.on("exit", this.#leave);
		process.on("uncaughtException", this.#fail);
		process.on("unhandledRejection", this.#fail);
		this.#raise();
	}

	get width(): number {
		return process.stdout.columns || 80;
	}

	get height(): number {
		return process.stdout.rows || 24;
	}

	/** Shows a frame: what has changed of it. While the terminal still has to take the last one, nothing. */
	draw(frame: Frame): void {
		if (!this.#up || process.stdout.writableLength > 0) return;
		let output = "";
		for (const [at, line] of frame.entries()) {
			const text = ansiLine(line, this.#color);
			if (this.#shown[at] === text) continue;
			this.#shown[at] = text;
			output += `\u001b[${at + 1};1H${text}\u001b[K`;
		}
		if (output !== "") process.stdout.write(`${BEGIN}${output}${END}`);
	}

	/** Gives the terminal back; a second time does nothing. */
	close(): void {
		this.#closed = true;
		this.#down();
		process.stdout.off("resize", this.#redraw);
		process.off("SIGCONT", this.#continue);
		process.off("exit", this.#leave);
		process.off("uncaughtException", this.#fail);
		process.off("unhandledRejection", this.#fail);
		process.stdin.removeAllListeners("keypress").pause();
	}

	[Symbol.dispose](): void {
		this.close();
	}

	readonly #redraw = (): void => {
		this.#shown = [];
		this.onRedraw();
	};

	readonly #continue = (): void => {
		if (this.#closed) return;
		if (!this.#up) this.#raise();
		this.#redraw();
	};

	#key(typed: string | undefined, key: Key): void {
		const name = keyName(typed, key);
		if (name === "ctrl-z") this.#suspend();
		else if (name !== undefined) this.onKey(name);
	}

	/** As a shell's job: the terminal is the shell's until it continues us. */
	#suspend(): void {
		this.#down();
		process.kill(process.pid, "SIGTSTP");
		// Where nobody would continue us, the kernel does not stop us.
		setTimeout(this.#continue, RESUME_MS);
	}

	#raise(): void {
		this.#up = true;
		this.#shown = [];
		process.stderr.write = (chunk: string | Uint8Array): boolean => {
			const text = typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk);
			this.#held = (this.#held + text).slice(-MAX_HELD);
			this.onMessage(text.trimEnd());
			return true;
		};
		process.stdin.setRawMode(true);
		process.stdin.resume();
		process.stdout.write(ENTER);
	}

	#down(): void {
		if (!this.#up) return;
		this.#up = false;
		process.stderr.write = this.#writeStderr;
		// At once, whatever happens next; that the terminal has gone is no trouble here.
		try {
			writeSync(1, LEAVE);
		} catch {}
		try {
			process.stdin.setRawMode(false);
		} catch {}
		if (this.#held !== "") process.stderr.write(this.#held);
		this.#held = "";
	}
}
