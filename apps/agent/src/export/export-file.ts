import { once } from "node:events";
import { createWriteStream } from "node:fs";
import process from "node:process";
import type { Writable } from "node:stream";
import type { JsonTransaction } from "@wirescribe/access-log";
import type { Exporter } from "@wirescribe/exchange-export";
import type { Predicate } from "@wirescribe/live-view";
import { CliError, EXIT } from "../cli/errors.ts";

/** Text that waits for a slow reader before live exchanges are left out. */
const MAX_WAITING = 64 << 20;

/** Which exchanges are written, and how many at most. */
export interface ExportLimits {
	readonly wanted: Predicate;
	readonly count: number;
}

/** An export on its way to a file or to stdout. */
export interface ExportTarget {
	/** Exchanges written. */
	readonly count: number;
	/** Of wanted ones: there was no room, since the reader is slow. */
	readonly dropped: number;
	/** Settles when there is no more to be written: enough, or nobody who reads. */
	readonly done: Promise<void>;
	begin(exporter: Exporter): void;
	exchange(tx: JsonTransaction): void;
	/** Waits until the reader has taken what was written. */
	flush(): Promise<void>;
	/** Writes the end, and waits until all is out. */
	end(): Promise<void>;
}

/** Opens the file (it may hold secrets: mode 0600), or stdout without one. */
export async function openExportFile(file: string | undefined, limits: ExportLimits): Promise<ExportTarget> {
	if (file === undefined) return new Target(process.stdout, limits);
	const stream = createWriteStream(file, { mode: 0o600 });
	try {
		await once(stream, "open");
	} catch (error) {
		throw new CliError(`cannot write '${file}': ${(error as Error).message}`, EXIT.usage, { cause: error });
	}
	return new Target(stream, limits);
}

class Target implements ExportTarget {
	readonly #stream: Writable;
	readonly #limits: ExportLimits;
	readonly done: Promise<void>;
	#enough: () => void = () => {};
	#exporter: Exporter | undefined;
	#error: Error | undefined;
	count = 0;
	dropped = 0;

	constructor(stream: Writable, limits: ExportLimits) {
		this.#stream = stream;
		this.#limits = limits;
		this.done = new Promise((resolve) => {
			this.#enough = resolve;
		});
		stream.on("error", (error) => {
			this.#error = error;
			this.#enough();
		});
	}

	begin(exporter: Exporter): void {
		this.#exporter = exporter;
		this.#stream.write(exporter.head());
	}

	exchange(tx: JsonTransaction): void {
		if (this.#error || this.count >= this.#limits.count || !this.#limits.wanted(tx)) return;
		const text = this.#exporter?.exchange(tx) ?? "";
		if (text === "") return;
		if (this.#stream.writableLength > MAX_WAITING) {
			this.dropped++;
			return;
		}
		this.#stream.write(text);
		this.count++;
		if (this.count >= this.#limits.count) this.#enough();
	}

	async flush(): Promise<void> {
		if (this.#stream.writableNeedDrain) await Promise.race([once(this.#stream, "drain").catch(() => {}), this.done]);
	}

	async end(): Promise<void> {
		if (!this.#error) {
			const text = this.#exporter?.tail() ?? "";
			const written = (done: () => void): unknown =>
				this.#stream === process.stdout ? this.#stream.write(text, done) : this.#stream.end(text, done);
			await new Promise<void>((resolve) => written(resolve));
		}
		// A reader that has gone had enough; anything else is a failure.
		const error = this.#error as NodeJS.ErrnoException | undefined;
		if (error && error.code !== "EPIPE") {
			throw new CliError(`cannot write the export: ${error.message}`, EXIT.runtime, { cause: error });
		}
	}
}
