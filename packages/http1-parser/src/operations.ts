/**
 * Operations that have not come: ids from..to. `spent`: they were handed in by nobody before what came behind them;
 * otherwise some may be lost, and `named` is, because another one says that it was handed in.
 */
interface Missing {
	from: number;
	to: number;
	named: number;
	spent: boolean;
}

/** Shared, and never changed. */
const NOTHING: Missing[] = [];

/** Ranges that are remembered; with more, everything up to the oldest counts as missing. */
const MAX_RANGES = 1024;

/** With more, a connection does not rest: its numbers would take as much room as it does. */
const MAX_SAVED_RANGES = 8;

/**
 * Which operations of a connection have come, in both directions, so that what lies between two of them is known.
 *
 * ```
 *   1 2 3 . . . 7     7 came with previous id 5: 5 was handed in, and lost; 4 may be; 6 was handed in by nobody
 * ```
 *
 * Ids may have gaps, because a call that moved nothing has spent its id. Each operation names the one that was handed in
 * before it, so a gap behind that one is no loss. A call that was overtaken is handed in later: until then its id
 * looks spent, and whoever comes behind it names it.
 */
export class Operations {
	#highest = 0;
	/** The one that has come last. */
	#last = 0;
	#missing: Missing[] = NOTHING;
	/** Nothing is known of the operations up to here. */
	#unknown = 0;

	/** Little is missing: `save` tells all of it. */
	get idle(): boolean {
		return this.#missing.length <= MAX_SAVED_RANGES;
	}

	/** Puts it into numbers while it is idle. */
	save(into: number[]): void {
		for (const { from, to, named, spent } of this.#missing) into.push(from, to, named, spent ? 1 : 0);
		into.push(this.#missing.length, this.#highest, this.#last, this.#unknown);
	}

	/** Takes what `save` has put last. */
	load(from: number[]): void {
		this.#unknown = from.pop()!;
		this.#last = from.pop()!;
		this.#highest = from.pop()!;
		const missing: Missing[] = [];
		for (let left = from.pop()!; left > 0; left--) {
			const [range, to, named, spent] = from.splice(-4) as [number, number, number, number];
			missing.unshift({ from: range, to, named, spent: spent === 1 });
		}
		if (missing.length > 0) this.#missing = missing;
	}

	/** An operation has come. */
	note(id: number, prev: number): void {
		const next = this.#highest + 1;
		if (prev !== this.#last && this.#missing.length > 0) this.#name(prev);
		this.#last = id;
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
		for (let i = this.#upTo(before - 1); i >= 0; i--) {
			const { to, spent } = this.#missing[i]!;
			if (to <= after) return true;
			if (!spent) return false;
		}
		return true;
	}

	/** The last one before this one that has not come, whether anybody handed it in or not. */
	lastMissing(before: number): number {
		const at = this.#upTo(before - 1);
		return at < 0 ? this.#unknown : Math.min(this.#missing[at]!.to, before - 1);
	}

	/** One between these two was handed in for certain, and has not come. */
	isLost(after: number, before: number): boolean {
		for (let i = this.#upTo(before - 1); i >= 0; i--) {
			const { to, named } = this.#missing[i]!;
			if (to <= after) return false;
			if (named > after && named < before) return true;
		}
		return false;
	}

	/**
	 * Bytes of one direction are missing between these two. When one operation alone can have moved them, it is known what it
	 * was: from now on it is not missing.
	 */
	explain(after: number, before: number): void {
		let only = -1;
		for (let i = this.#upTo(before - 1); i >= 0; i--) {
			const { from, to, spent } = this.#missing[i]!;
			if (to <= after) break;
			if (spent) continue;
			if (only >= 0 || from !== to) return;
			only = i;
		}
		if (only < 0 || after < this.#unknown) return;
		const range = this.#missing[only]!;
		range.spent = true;
		range.named = 0;
	}

	/** The last range that begins at or before an id; -1: none does. They are in order, and may be a thousand. */
	#upTo(id: number): number {
		let low = 0;
		let high = this.#missing.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (this.#missing[middle]!.from <= id) low = middle + 1;
			else high = middle;
		}
		return low - 1;
	}

	#skip(from: number, to: number, prev: number): void {
		if (prev === 0) {
			// It does not know what came before it.
			this.#add({ from, to, named: 0, spent: false });
			return;
		}
		if (prev >= from) this.#add({ from, to: Math.min(prev, to), named: prev <= to ? prev : 0, spent: false });
		if (prev < to) this.#add({ from: Math.max(from, prev + 1), to, named: 0, spent: true });
	}

	#add(missing: Missing): void {
		// Most connections never have any.
		if (this.#missing === NOTHING) this.#missing = [];
		this.#missing.push(missing);
		if (this.#missing.length <= MAX_RANGES) return;
		const oldest = this.#missing.shift()!;
		if (!oldest.spent) this.#unknown = oldest.to;
	}

	/** What looked spent was handed in. */
	#name(id: number): void {
		const at = this.#upTo(id);
		if (at < 0) return;
		const { from, to, spent } = this.#missing[at]!;
		if (!spent || id > to) return;
		const parts: Missing[] = [{ from: id, to: id, named: id, spent: false }];
		if (from < id) parts.unshift({ from, to: id - 1, named: 0, spent: true });
		if (id < to) parts.push({ from: id + 1, to, named: 0, spent: true });
		this.#missing.splice(at, 1, ...parts);
	}

	/** A late one: its range shrinks, or falls into two. */
	#fill(id: number, prev: number): void {
		const at = this.#upTo(id);
		if (at < 0) return;
		const { from, to, named, spent } = this.#missing[at]!;
		if (id > to) return;
		const parts: Missing[] = [];
		if (from < id) this.#split(parts, from, id - 1, spent ? 0 : prev, spent, named < id ? named : 0);
		if (id < to) parts.push({ from: id + 1, to, named: named > id ? named : 0, spent });
		this.#missing.splice(at, 1, ...parts);
	}

	/** What is missing before a late one, which names another. */
	#split(parts: Missing[], from: number, to: number, prev: number, spent: boolean, named: number): void {
		if (spent || prev > to) {
			parts.push({ from, to, named, spent });
			return;
		}
		if (prev >= from) parts.push({ from, to: prev, named: prev, spent: false });
		const later = named > prev ? named : 0;
		if (prev < to) parts.push({ from: Math.max(from, prev + 1), to, named: later, spent: later === 0 });
	}
}
