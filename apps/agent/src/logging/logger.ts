/** From the gravest to the most talkative. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = "text" | "json";

/** How a line is counted, and what a program reads of it. */
export interface LogDetail {
	/** Lines of one key are the same line; default: the message, whatever numbers are in it. */
	readonly key?: string;
	/** At most one line of a key in this time, default 5000; 0: every one. */
	readonly pauseMs?: number;
	/** Members of the JSON line. In text the message says it all. */
	readonly fields?: Readonly<Record<string, unknown>>;
}

export interface LoggerOptions {
	readonly format: LogFormat;
	/** What is graver or as grave is written. */
	readonly level: LogLevel;
	readonly write: (line: string) => void;
	/** Milliseconds that only grow. */
	readonly nowMs?: () => number;
	readonly date?: () => Date;
}

/** Lines written, by level, and lines that were counted only. */
export interface LogCounts {
	readonly written: Readonly<Record<LogLevel, number>>;
	readonly repeated: number;
}

/** A line that was written, and those like it since. */
interface Window {
	readonly level: LogLevel;
	readonly pauseMs: number;
	sinceMs: number;
	repeated: number;
	message: string;
	fields: LogDetail["fields"];
	timer?: ReturnType<typeof setTimeout>;
}

const DEFAULT_PAUSE_MS = 5_000;
const MAX_WINDOWS = 256;

/**
 * The agent's own log: one line for each thing that happened, and one line for all that were like it within a pause. An outage that
 * fails a thousand times a second costs two lines a pause.
 *
 *     first ──► written, a window opens ── the same again ──► counted ── the window ends ──► "… (999 more in 5 s)", a window opens
 */
export class Logger {
	readonly #windows = new Map<string, Window>();
	readonly #written: Record<LogLevel, number> = { error: 0, warn: 0, info: 0, debug: 0 };
	#options: Required<LoggerOptions>;
	#repeated = 0;

	constructor(options: LoggerOptions) {
		this.#options = { nowMs: () => performance.now(), date: () => new Date(), ...options };
	}

	get format(): LogFormat {
		return this.#options.format;
	}

	/** Changes how lines look, and which are written; what was counted stays counted. */
	configure(changes: Pick<LoggerOptions, "format" | "level">): void {
		this.#options = { ...this.#options, ...changes };
	}

	error(message: string, detail?: LogDetail): void {
		this.#log("error", message, detail);
	}

	warn(message: string, detail?: LogDetail): void {
		this.#log("warn", message, detail);
	}

	info(message: string, detail?: LogDetail): void {
		this.#log("info", message, detail);
	}

	debug(message: string, detail?: LogDetail): void {
		this.#log("debug", message, detail);
	}

	counts(): LogCounts {
		return { written: { ...this.#written }, repeated: this.#repeated };
	}

	/** Writes what was only counted so far. For the end. */
	flush(): void {
		for (const window of this.#windows.values()) this.#end(window);
		this.#windows.clear();
	}

	#log(level: LogLevel, message: string, detail: LogDetail = {}): void {
		const { fields, pauseMs = DEFAULT_PAUSE_MS } = detail;
		if (LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(this.#options.level)) return;
		if (pauseMs === 0) {
			this.#write(level, message, fields);
			return;
		}
		const key = `${level} ${detail.key ?? message.replaceAll(/\d+/g, "#")}`;
		const nowMs = this.#options.nowMs();
		const window = this.#windows.get(key);
		if (window && nowMs - window.sinceMs < window.pauseMs) {
			this.#count(window, nowMs, message, fields);
			return;
		}
		if (window) this.#end(window);
		this.#open(key, { level, pauseMs, sinceMs: nowMs, repeated: 0, message, fields });
		this.#write(level, message, fields);
	}

	#count(window: Window, nowMs: number, message: string, fields: LogDetail["fields"]): void {
		this.#repeated++;
		window.repeated++;
		window.message = message;
		window.fields = fields;
		window.timer ??= setTimeout(() => this.#end(window), window.pauseMs - (nowMs - window.sinceMs));
		window.timer.unref?.();
	}

	/** Says how often the line would have been written, if it would. */
	#end(window: Window): void {
		clearTimeout(window.timer);
		delete window.timer;
		if (window.repeated === 0) return;
		const { level, message, fields, repeated, pauseMs } = window;
		window.repeated = 0;
		window.sinceMs = this.#options.nowMs();
		this.#write(level, `${message} (${repeated} more in ${pauseMs / 1000} s)`, { ...fields, repeated });
	}

	/** The oldest makes room: too many different lines must not fill the memory. */
	#open(key: string, window: Window): void {
		this.#windows.delete(key);
		this.#windows.set(key, window);
		if (this.#windows.size <= MAX_WINDOWS) return;
		const [oldest, first] = this.#windows.entries().next().value as [string, Window];
		this.#windows.delete(oldest);
		this.#end(first);
	}

	#write(level: LogLevel, message: string, fields: LogDetail["fields"]): void {
		const { format, date, write } = this.#options;
		this.#written[level]++;
		const line = message.replaceAll(/\s*\n\s*/g, " · ");
		write(
			format === "text"
				? `wirescribe: ${line}\n`
				: `${JSON.stringify({ time: date().toISOString(), level, message: line, ...fields })}\n`,
		);
	}
}
