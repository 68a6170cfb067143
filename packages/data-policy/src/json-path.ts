import { PolicyError } from "./policy-error.ts";

/** Bits of one number stand for the parts of a path. */
const MAX_PARTS = 24;
const ANY = "*";
const DEEP = "**";

/**
 * A path in a JSON text: `$.user.password`, `$.items[*].card`, `$..token`. `*` is any key or index, `..` any depth; letters match in
 * either case. It is followed key by key: a state is the set of parts that have been met so far.
 */
export class JsonPath {
	readonly #parts: readonly string[];

	constructor(source: string) {
		const dotted = source
			.replace(/^\$/, "")
			.replaceAll(/\[(?:'([^']*)'|"([^"]*)"|(\*|\d+))\]/g, (_, a, b, c) => `.${a ?? b ?? c}`)
			.replaceAll("..", ".**.");
		const parts = dotted.split(".").filter((part, index) => part !== "" || index > 0);
		if (parts.length === 0 || parts.length > MAX_PARTS || parts.some((part) => part === "" || /[[\]]/.test(part))) {
			throw new PolicyError(
				`'${source}' is no JSON path of 1 to ${MAX_PARTS} parts: write it like $.user.password, $.items[*].card or $..token`,
			);
		}
		this.#parts = parts.map((part) => part.toLowerCase());
	}

	/** At the root. */
	get start(): number {
		return this.#closed(1);
	}

	/** Below a key. */
	step(state: number, key: string): number {
		let next = 0;
		for (let index = 0; state >> index !== 0; index++) {
			if ((state & (1 << index)) === 0) continue;
			const part = this.#parts[index];
			if (part === DEEP) next |= 1 << index;
			else if (part === ANY || part === key) next |= 1 << (index + 1);
		}
		return this.#closed(next);
	}

	/** All parts have been met: this value is meant. */
	isMet(state: number): boolean {
		return (state & (1 << this.#parts.length)) !== 0;
	}

	/** Any depth may be none. */
	#closed(state: number): number {
		let closed = state;
		for (let index = 0; closed >> index !== 0; index++) {
			if (this.#parts[index] === DEEP && (closed & (1 << index)) !== 0) closed |= 1 << (index + 1);
		}
		return closed;
	}
}
