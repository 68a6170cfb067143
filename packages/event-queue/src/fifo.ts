/**
 * First in, first out, in one ring of a power of two slots: it doubles when full and halves when three quarters are empty.
 *
 *     slots   . . c d e f . .        shift() takes c, push() goes behind f
 *                 ^head
 */
export class Fifo<T> {
	#slots: (T | undefined)[] = new Array<T | undefined>(MIN_SLOTS).fill(undefined);
	#head = 0;
	#size = 0;

	get size(): number {
		return this.#size;
	}

	push(item: T): void {
		if (this.#size === this.#slots.length) this.#resize(this.#size * 2);
		this.#slots[(this.#head + this.#size++) & (this.#slots.length - 1)] = item;
	}

	/** The oldest item; ask `size` first, undefined may be an item. */
	shift(): T | undefined {
		if (this.#size === 0) return undefined;
		const item = this.#slots[this.#head];
		this.#slots[this.#head] = undefined;
		this.#head = (this.#head + 1) & (this.#slots.length - 1);
		this.#size--;
		if (this.#slots.length > MIN_SLOTS && this.#size < this.#slots.length / 4) this.#resize(this.#slots.length / 2);
		return item;
	}

	/** The oldest `max`, or all that there are. */
	take(max: number): T[] {
		const items = new Array<T>(Math.min(max, this.#size));
		for (let i = 0; i < items.length; i++) items[i] = this.shift() as T;
		return items;
	}

	#resize(length: number): void {
		const slots = new Array<T | undefined>(length).fill(undefined);
		for (let i = 0; i < this.#size; i++) slots[i] = this.#slots[(this.#head + i) & (this.#slots.length - 1)];
		this.#slots = slots;
		this.#head = 0;
	}
}

const MIN_SLOTS = 16;
