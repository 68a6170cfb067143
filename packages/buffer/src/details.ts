/**
 * Records that belong to operations but are no bytes: kept in the order of their ids, found by id range.
 * In-order appends and takes from the front are the common case and cost O(1) each.
 */
export class Details<Value> {
	readonly #ids: number[] = [];
	readonly #values: Value[] = [];
	#first = 0;

	/** How many wait. */
	get size(): number {
		return this.#ids.length - this.#first;
	}

	/** The smallest id that waits. */
	get firstId(): number | undefined {
		return this.#ids[this.#first];
	}

	/** The value with the smallest id, not taken. */
	get firstValue(): Value | undefined {
		return this.#values[this.#first];
	}

	/** Keeps a value under an id. */
	append(id: number, value: Value): void {
		const ids = this.#ids;
		if (ids.length === this.#first || ids[ids.length - 1]! <= id) {
			ids.push(id);
			this.#values.push(value);
			return;
		}
		const at = this.#search(id + 1);
		ids.splice(at, 0, id);
		this.#values.splice(at, 0, value);
	}

	/** Takes the values of ids from..to out, in order. `keepLast`: those of `to` are given and stay as well. */
	take(from: number, to: number, keepLast: boolean): Value[] {
		const begin = this.#search(from);
		const end = this.#search(to + 1);
		const taken = this.#values.slice(begin, end);
		this.#remove(begin, keepLast ? this.#search(to) : end);
		return taken;
	}

	/** Takes the value with the smallest id. */
	shift(): Value | undefined {
		if (this.size === 0) return undefined;
		const value = this.#values[this.#first];
		this.#remove(this.#first, this.#first + 1);
		return value;
	}

	#remove(begin: number, end: number): void {
		if (end <= begin) return;
		if (begin > this.#first) {
			this.#ids.splice(begin, end - begin);
			this.#values.splice(begin, end - begin);
			return;
		}
		this.#first = end;
		if (end === this.#ids.length) {
			this.#ids.length = this.#values.length = this.#first = 0;
		} else if (end > 64 && end * 2 > this.#ids.length) {
			this.#ids.splice(0, end);
			this.#values.splice(0, end);
			this.#first = 0;
		}
	}

	/** The index of the first id that is at least `id`. */
	#search(id: number): number {
		let low = this.#first;
		let high = this.#ids.length;
		if (low < high && this.#ids[low]! >= id) return low;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (this.#ids[middle]! < id) low = middle + 1;
			else high = middle;
		}
		return low;
	}
}
