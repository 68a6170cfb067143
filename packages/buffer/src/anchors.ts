/**
 * Which operations are known to follow each other without a gap from the first one on, by their previous ids.
 *
 * ```
 *   0 <- 1 <- 2 <- 3        5 <- 6
 *   anchored               waits for 4
 * ```
 */
export class Anchors {
	readonly #anchored: Set<number> = new Set();
	readonly #orphans: Map<number, number[]> = new Map();
	#orphanCount = 0;
	readonly #limit: number;

	constructor(limit: number) {
		this.#limit = limit;
	}

	/** Notes an operation and the one before it. */
	note(id: number, prev: number): void {
		if (this.#anchored.has(id)) return;
		if (prev === 0 || this.#anchored.has(prev)) {
			this.anchor(id);
			return;
		}
		// Beyond the limit orphans stay orphans: they are read when their time is over.
		if (this.#orphanCount >= this.#limit) return;
		const followers = this.#orphans.get(prev);
		if (followers === undefined) this.#orphans.set(prev, [id]);
		else if (followers.includes(id)) return;
		else followers.push(id);
		this.#orphanCount++;
	}

	/** Says that nothing before this operation is waited for, and so for all that follow it. */
	anchor(first: number): void {
		const todo = [first];
		for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
			if (this.#anchored.has(id)) continue;
			this.#anchored.add(id);
			const followers = this.#orphans.get(id);
			if (followers === undefined) continue;
			this.#orphans.delete(id);
			this.#orphanCount -= followers.length;
			for (const follower of followers) todo.push(follower);
		}
		for (const id of this.#anchored) {
			if (this.#anchored.size <= this.#limit) break;
			this.#anchored.delete(id);
		}
	}

	/** True when nothing is missing before this operation. */
	has(id: number): boolean {
		return this.#anchored.has(id);
	}
}
