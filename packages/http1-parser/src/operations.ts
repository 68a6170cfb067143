/** Operations that have not come: ids from..to; `named`: one of them was handed in before another one, so it is lost. */
interface Missing {
	from: number;
	to: number;
	named: number;
}

/** Ranges that are remembered; with more, everything up to the oldest counts as missing. */
const MAX_RANGES = 1024;

/**
 * Which operations of a connection have come, in both directions, so that what lies between two of them is known.
 *
 * ```
 *   1 2 3 . . 6 7      missing 4..5; 6 came with previous id 5: 5 was handed in, and lost
 * ```
 *
 * Ids may have gaps, because a call that moved nothing has spent its id: a missing id that nobody names may be no loss.
 */
export class Operations {
	#highest = 0;
	readonly #missing: Missing[] = [];
	/** Nothing is known of the operations up to here. */
	#unknown = 0;

	/** An operation has come. */
	note(id: number, prev: number): void {
		const next = this.#highest + 1;
		if (id === next) {
			this.#highest = id;
			return;
		}
		if (id > next) {
			// Numbers begin anywhere: nothing is missing before an operation that says so.
			if (this.#highest > 0 || prev > 0) this.#skip(next, id - 1, prev);
			this.#highest = id;
		} else if (id < next - 1 && this.#missing.length > 0) this.#fill(id, prev);
	}

	/** Every operation between these two has come. */
	isComplete(after: number, before: number): boolean {
		if (before - after < 2) return true;
		if (after < this.#unknown) return false;
		for (let i = this.#missing.length - 1; i >= 0; i--) {
			const { from, to } = this.#missing[i]!;
			if (to <= after) return true;
			if (from < before) return false;
		}
		return true;
	}

	/** One between these two was handed in for certain, and has not come. */
	isLost(after: number, before: number): boolean {
		return this.#missing.some(({ named }) => named > after && named < before);
	}

	#skip(from: number, to: number, prev: number): void {
		this.#missing.push({ from, to, named: prev >= from && prev <= to ? prev : 0 });
		if (this.#missing.length > MAX_RANGES) this.#unknown = this.#missing.shift()!.to;
	}

	/** A late one: its range shrinks, or falls into two. */
	#fill(id: number, prev: number): void {
		const at = this.#missing.findIndex(({ from, to }) => from <= id && id <= to);
		if (at < 0) return;
		const { from, to, named } = this.#missing[at]!;
		const parts: Missing[] = [];
		if (from < id) parts.push({ from, to: id - 1, named: prev >= from && prev < id ? prev : named < id ? named : 0 });
		if (id < to) parts.push({ from: id + 1, to, named: named > id ? named : 0 });
		this.#missing.splice(at, 1, ...parts);
	}
}
