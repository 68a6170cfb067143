/** The newest `capacity` things that were added; adding costs the same however many came before. */
export class Recent<T> {
	readonly #capacity: number;
	#items: T[] = [];

	constructor(capacity: number) {
		this.#capacity = capacity;
	}

	add(item: T): void {
		this.#items.push(item);
		if (this.#items.length >= 2 * this.#capacity) this.#items = this.#items.slice(-this.#capacity);
	}

	clear(): void {
		this.#items = [];
	}

	/** Oldest first. */
	items(): readonly T[] {
		return this.#items.length > this.#capacity ? this.#items.slice(-this.#capacity) : this.#items;
	}
}
