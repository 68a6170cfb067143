/**
 * What an outside answer says about a connection: it is there; there is no entry; the entry is another connection's; or it
 * could not be asked, which says nothing.
 */
export type Presence = "present" | "missing" | "replaced" | "error";

export interface ExistenceCheckOptions {
	/** How long a connection must be idle, and at least between two questions about it. 30 s if not told. */
	readonly intervalNs?: number;
	/** Connections in one question. 256 if not told. */
	readonly batch?: number;
}

/**
 * Finds connections that ended unseen: those idle are asked about, in batches, each at most every 30 s. An answer that is an
 * error keeps the connection; only a missing or a replaced one is gone.
 */
export class ExistenceCheck {
	readonly #intervalNs: number;
	readonly #batch: number;
	#asked: Map<number, number> = new Map();
	#errors = 0;

	constructor(options: ExistenceCheckOptions = {}) {
		this.#intervalNs = options.intervalNs ?? 30e9;
		this.#batch = options.batch ?? 256;
		if (!Number.isInteger(this.#batch) || this.#batch < 1) {
			throw new RangeError(
				`Cannot create an existence check: 'batch' must be a positive integer: received ${this.#batch}`,
			);
		}
	}

	/** How many answers were errors. */
	get errors(): number {
		return this.#errors;
	}

	/** `open`: id and time of the last event of every open connection. Returns the ids of those that are gone. */
	run(
		nowNs: number,
		open: Iterable<readonly [id: number, lastNs: number]>,
		ask: (ids: readonly number[]) => readonly Presence[],
	): number[] {
		const due: number[] = [];
		// Made anew: what is no longer open is forgotten.
		const asked = new Map<number, number>();
		for (const [id, lastNs] of open) {
			const before = this.#asked.get(id);
			if (before !== undefined) asked.set(id, before);
			if (nowNs - Math.max(lastNs, before ?? 0) >= this.#intervalNs) due.push(id);
		}
		this.#asked = asked;
		const gone: number[] = [];
		for (let from = 0; from < due.length; from += this.#batch) {
			const ids = due.slice(from, from + this.#batch);
			const answers = ask(ids);
			ids.forEach((id, i) => {
				asked.set(id, nowNs);
				const answer = answers[i] ?? "error";
				if (answer === "error") this.#errors++;
				else if (answer !== "present") gone.push(id);
			});
		}
		for (const id of gone) asked.delete(id);
		return gone;
	}
}
