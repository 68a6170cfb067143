/** The newest `capacity` things that were added, in a ring: adding costs the same however many came before. */
export class Recent<T> {
	readonly #capacity: number;
	readonly #ring: T[] = [];
	/** Where the oldest one is once the ring is full. */
	#at = 0;

	constructor(capacity: number) {
		this.#capacity = capacity;
	}

	add(item: T): void {
		if (this.#ring.length < this.#capacity) {
			this.#ring.push(item);
			return;
		}
		this.#ring[this.#at] = item;
		this.#at = (this.#at + 1) % this.#capacity;
	}

	clear(): void {
		this.#ring.length = 0;
		this.#at = 0;
	}

	/** Oldest first. */
	items(): readonly T[] {
		return [...this.#ring.slice(this.#at), ...this.#ring.slice(0, this.#at)];
	}
}
