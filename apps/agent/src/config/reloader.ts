import { CliError, errorLines } from "../cli/errors.ts";
import type { WatchOptions } from "../cli/watch-options.ts";
import { changeLine, changesBetween, liveConfig } from "./changes.ts";
import type { Config } from "./config.ts";
import { problemLine, UnreadableError } from "./problem.ts";

export interface ReloaderOptions {
	/** The file's text as it is now; throws a `CliError` when it cannot be read. */
	readonly read: () => string;
	/** What a text makes; throws a `CliError` when it is not valid. */
	readonly make: (text: string) => Config;
	/** Goes on with other options; throws, and changes nothing, when it cannot. */
	readonly apply: (options: WatchOptions) => Promise<void>;
	/** Takes a line for the operator. */
	readonly tell: (line: string) => void;
}

/** What has become of reloads so far. */
export interface ReloadCounts {
	readonly applied: number;
	/** Nothing was different, or nothing of it can be applied while the agent runs. */
	readonly unchanged: number;
	readonly refused: number;
	/** The last one was refused: what holds is not what was last asked for. */
	readonly stale: boolean;
}

/** `always`: also when the file is as it was. */
interface Request {
	readonly why: string;
	readonly always: boolean;
}

/**
 * Reloads a configuration: read and validated first, shown as what changes, then applied as far as that can be done while the agent
 * runs. One that is not valid changes nothing. Reloads that are asked for during one are done as one after it.
 */
export class Reloader {
	readonly #options: ReloaderOptions;
	#config: Config;
	#running: Promise<void> | undefined;
	/** What was looked at last, valid or not. */
	#text: string;
	#next: Request | undefined;
	#ended = false;
	#counts: ReloadCounts = { applied: 0, unchanged: 0, refused: 0, stale: false };

	constructor(config: Config, options: ReloaderOptions) {
		this.#config = config;
		this.#text = config.text;
		this.#options = options;
	}

	/** What holds now. */
	get config(): Config {
		return this.#config;
	}

	get counts(): ReloadCounts {
		return this.#counts;
	}

	/** `why`: who asks for it. Settles when it, and what was asked for meanwhile, is done; never rejects. */
	reload(why: string): Promise<void> {
		return this.#ask({ why, always: true });
	}

	/** The same, if the file holds something else than when it was looked at last. */
	reloadIfChanged(why: string): Promise<void> {
		return this.#ask({ why, always: this.#next?.always ?? false });
	}

	async #ask(request: Request): Promise<void> {
		this.#next = request;
		this.#running ??= this.#run().finally(() => {
			this.#running = undefined;
		});
		await this.#running;
	}

	/** Nothing is reloaded any more; settles when nothing is. */
	async end(): Promise<void> {
		this.#ended = true;
		await this.#running;
	}

	async #run(): Promise<void> {
		for (let next = this.#next; next && !this.#ended; next = this.#next) {
			this.#next = undefined;
			await this.#reload(next);
		}
	}

	async #reload({ why, always }: Request): Promise<void> {
		const { read, make, apply, tell } = this.#options;
		try {
			const text = read();
			if (!always && text === this.#text) return;
			this.#text = text;
			const now = make(text);
			const changes = changesBetween(this.#config, now);
			for (const warning of now.warnings) tell(problemLine(warning));
			if (changes.length === 0) {
				tell(`reload (${why}): nothing has changed`);
				this.#count("unchanged");
				return;
			}
			const config = liveConfig(this.#config, now);
			const live = changes.some((change) => change.live);
			if (live) await apply(config.options);
			this.#config = config;
			this.#count(live ? "applied" : "unchanged");
			tell(live ? `reloaded (${why}):` : `reload (${why}): nothing that can be applied while the agent runs:`);
			for (const change of changes) tell(`  ${changeLine(change)}`);
		} catch (error) {
			// One that is not there just now may be about to be replaced.
			if (!always && error instanceof UnreadableError) return;
			this.#count("refused");
			tell(`reload (${why}) refused, the old configuration goes on:`);
			const excerpt = error instanceof CliError ? (error.excerpt?.split("\n") ?? []) : [];
			for (const line of [...errorLines(error), ...excerpt]) tell(`  ${line}`);
		}
	}

	#count(result: "applied" | "unchanged" | "refused"): void {
		this.#counts = { ...this.#counts, [result]: this.#counts[result] + 1, stale: result === "refused" };
	}
}
