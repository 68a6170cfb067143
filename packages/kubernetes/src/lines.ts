/** Cuts a stream of bytes into lines, wherever its pieces end: also within a character. */
export class Lines {
	readonly #decoder = new TextDecoder();
	readonly #maxChars: number;
	#rest = "";

	/** A line longer than `maxChars` is an error of who sends it. */
	constructor(maxChars: number = 16 << 20) {
		this.#maxChars = maxChars;
	}

	/** The lines that end in this piece, without their ends and without empty ones. */
	*push(bytes: Uint8Array): Generator<string, void, undefined> {
		const parts = this.#decoder.decode(bytes, { stream: true }).split("\n");
		const last = parts.pop() ?? "";
		for (const part of parts) {
			const line = this.#rest + part;
			this.#rest = "";
			if (line.trim() !== "") yield line;
		}
		this.#rest += last;
		if (this.#rest.length > this.#maxChars) {
			throw new RangeError(`a line has more than ${this.#maxChars} characters`);
		}
	}
}
