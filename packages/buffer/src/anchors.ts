/**
 * Which operations are known to follow each other without a gap from the first one on, by their previous ids.
 *
 * ```
 *   0 <- 1 <- 2 <- 3        5 <- 6
 *   anchored               waits for 4
 * ```
 *
 * Ids grow along the chain, so its last one says it all.
 */
export class Anchors {
	#last = 0;
	/** By the id they wait for. */
	#orphans: Map<number, number[]> | undefined = undefined;
	#count = 0;
	readonly #limit: number;

	constructor(limit: number) {
		this.#limit = limit;
	}

	/** How many operations wait for the one before them. */
	get waiting(): number {
		return this.#count;
	}

	/** Notes an operation and the one before it. */
	note(id: number, prev: number): void {
		if (id <= this.#last) return;
		if (prev <= this.#last) {
			this.anchor(id);
			return;
		}
		// Beyond the limit orphans stay orphans: they are read when their time is over.
		if (this.#count >= this.#limit) return;
		this.#orphans ??= new Map();
		const followers = this.#orphans.get(prev);
		if (followers === undefined) this.#orphans.set(prev, [id]);
		else if (followers.includes(id)) return;
		else followers.push(id);
		this.#count++;
	}

	/** Says that nothing before this operation is waited for, and so for all that follow it. */
	anchor(first: number): void {
		if (first > this.#last) this.#last = first;
		const orphans = this.#orphans;
		if (orphans === undefined) return;
		const todo = [first];
		for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
			if (id > this.#last) this.#last = id;
			const followers = orphans.get(id);
			if (followers === undefined) continue;
			orphans.delete(id);
			this.#count -= followers.length;
			todo.push(...followers);
		}
		if (this.#count === 0) this.#orphans = undefined;
	}

	/** True when nothing is missing before this operation. */
	has(id: number): boolean {
		return id <= this.#last;
	}
}
