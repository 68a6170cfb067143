/** A priority queue: the item that is before all others is `top`. Adding and taking cost O(log n), in whatever order. */
export class Heap<Item> {
	readonly #items: Item[] = [];
	readonly #before: (a: Item, b: Item) => boolean;

	constructor(before: (a: Item, b: Item) => boolean) {
		this.#before = before;
	}

	/** The first item, not taken. */
	get top(): Item | undefined {
		return this.#items[0];
	}

	/** Adds an item. */
	push(item: Item): void {
		const items = this.#items;
		let at = items.length;
		items.push(item);
		while (at > 0) {
			const parent = (at - 1) >> 1;
			if (!this.#before(item, items[parent]!)) break;
			items[at] = items[parent]!;
			at = parent;
		}
		items[at] = item;
	}

	/** Takes the first item. */
	pop(): Item | undefined {
		const items = this.#items;
		const top = items[0];
		const item = items.pop();
		if (item === undefined || items.length === 0) return top;
		let at = 0;
		for (let child = 1; child < items.length; child = at * 2 + 1) {
			if (child + 1 < items.length && this.#before(items[child + 1]!, items[child]!)) child++;
			if (!this.#before(items[child]!, item)) break;
			items[at] = items[child]!;
			at = child;
		}
		items[at] = item;
		return top;
	}
}
