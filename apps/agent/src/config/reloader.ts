import { CliError } from "../cli/errors.ts";
import type { WatchOptions } from "../cli/watch-options.ts";
import { changeLine, changesBetween, liveConfig } from "./changes.ts";
import type { Config } from "./config.ts";
import { problemLine } from "./problem.ts";

export interface ReloaderOptions {
	/** Reads the configuration anew; throws a `CliError` when it is not valid. */
	readonly load: () => Config;
	/** Goes on with other options; throws, and changes nothing, when it cannot. */
	readonly apply: (options: WatchOptions) => Promise<void>;
	/** Takes a line for the operator. */
	readonly tell: (line: string) => void;
}

/**
 * Reloads a configuration: read and validated first, shown as what changes, then applied as far as that can be done while the agent
 * runs. One that is not valid changes nothing. Reloads that are asked for during one are done as one after it.
 */
export class Reloader {
	readonly #options: ReloaderOptions;
	#config: Config;
	#running: Promise<void> | undefined;
	#again: string | undefined;
	#ended = false;

	constructor(config: Config, options: ReloaderOptions) {
		this.#config = config;
		this.#options = options;
	}

	/** What holds now. */
	get config(): Config {
		return this.#config;
	}

	/** `why`: who asks for it. Settles when it, and what was asked for meanwhile, is done; never rejects. */
	reload(why: string): Promise<void> {
		if (this.#ended) return Promise.resolve();
		if (this.#running) this.#again = why;
		else {
			this.#running = this.#run(why).finally(() => {
				this.#running = undefined;
			});
		}
		return this.#running as Promise<void>;
	}

	/** Nothing is reloaded any more; settles when nothing is. */
	async end(): Promise<void> {
		this.#ended = true;
		await this.#running;
	}

	async #run(why: string): Promise<void> {
		for (let next: string | undefined = why; next !== undefined && !this.#ended; next = this.#again) {
			this.#again = undefined;
			await this.#reload(next);
		}
	}

	async #reload(why: string): Promise<void> {
		const { load, apply, tell } = this.#options;
		try {
			const now = load();
			const changes = changesBetween(this.#config, now);
			for (const warning of now.warnings) tell(problemLine(warning));
			if (changes.length === 0) {
				tell(`reload (${why}): nothing has changed`);
				return;
			}
			const config = liveConfig(this.#config, now);
			const live = changes.some((change) => change.live);
			if (live) await apply(config.options);
			this.#config = config;
			tell(live ? `reloaded (${why}):` : `reload (${why}): nothing that can be applied while the agent runs:`);
			for (const change of changes) tell(`  ${changeLine(change)}`);
		} catch (error) {
			tell(`reload (${why}) refused, the old configuration goes on:`);
			const lines = error instanceof CliError ? error.lines : [String((error as Error).message ?? error)];
			for (const line of lines) tell(`  ${line}`);
		}
	}
}
