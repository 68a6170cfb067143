/** Texts that many connections share are kept once: names of processes, addresses. */
export class Interned {
	readonly #texts: Map<string, string> = new Map();
	readonly #capacity: number;

	constructor(capacity = 4096) {
		this.#capacity = capacity;
	}

	/** The same text: the one that was kept first, and in one piece, however it was put together. */
	get(text: string): string {
		const known = this.#texts.get(text);
		if (known !== undefined) return known;
		if (this.#texts.size >= this.#capacity) this.#texts.clear();
		this.#texts.set(text, text);
		return text;
	}
}
