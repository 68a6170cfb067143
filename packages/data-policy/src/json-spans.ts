import type { JsonPath } from "./json-path.ts";
import type { Spans } from "./spans.ts";

/** Deeper ones are masked as a whole. */
const MAX_DEPTH = 64;
const SPACE = /[\s,]*/y;
const STRING = /"(?:[^"\\]|\\[\s\S])*"/y;
const SCALAR = /[-+.\w]+/y;

/**
 * Masks values of a JSON text that may be cut, or none at all: by path, and by what `isSecret` says of their keys. From where it
 * cannot be read on, all is masked; what is cut within a value that is meant is masked to its end. One pass.
 */
export function jsonSpans(
	text: string,
	paths: readonly JsonPath[],
	isSecret: (key: string) => boolean,
	spans: Spans,
): void {
	const scan = new JsonScan(text, paths, isSecret, spans);
	while (!scan.atEnd) {
		if (!scan.value(scan.start, false, 0)) {
			spans.add(scan.at, text.length);
			return;
		}
	}
}

type States = readonly number[];

class JsonScan {
	at = 0;
	readonly start: States;
	readonly #text: string;
	readonly #paths: readonly JsonPath[];
	readonly #isSecret: (key: string) => boolean;
	readonly #spans: Spans;

	constructor(text: string, paths: readonly JsonPath[], isSecret: (key: string) => boolean, spans: Spans) {
		this.#text = text;
		this.#paths = paths;
		this.#isSecret = isSecret;
		this.#spans = spans;
		this.start = paths.map((path) => path.start);
		this.#space();
	}

	get atEnd(): boolean {
		return this.at >= this.#text.length;
	}

	/** Reads one value; false: the text ends in it, or it is none. */
	value(states: States, secret: boolean, depth: number): boolean {
		const meant = secret || states.some((state, index) => (this.#paths[index] as JsonPath).isMet(state));
		const from = this.at;
		const first = this.#text[from];
		let whole: boolean;
		if (first === "{" || first === "[")
			whole = depth < MAX_DEPTH && this.#inside(first, meant ? [] : states, depth + 1);
		else whole = this.#take(first === '"' ? STRING : SCALAR);
		if (meant) this.#mask(from, whole, first === '"');
		this.#space();
		return whole;
	}

	/** The members of an object or an array. */
	#inside(open: "{" | "[", states: States, depth: number): boolean {
		const close = open === "{" ? "}" : "]";
		this.at++;
		this.#space();
		for (let index = 0; !this.atEnd; index++) {
			if (this.#text[this.at] === close) {
				this.at++;
				return true;
			}
			const key = open === "{" ? this.#key() : String(index);
			if (key === undefined) return false;
			const inner = states.map((state, path) => (this.#paths[path] as JsonPath).step(state, key.toLowerCase()));
			// Inside of what is masked as a whole there is nothing to be found.
			const secret = states.length === this.#paths.length && open === "{" && this.#isSecret(key);
			if (this.atEnd || !this.value(inner, secret, depth)) return false;
		}
		return false;
	}

	/** A key and its colon. */
	#key(): string | undefined {
		const from = this.at;
		if (!this.#take(STRING)) return undefined;
		const quoted = this.#text.slice(from, this.at);
		this.#space();
		if (this.#text[this.at] !== ":") return undefined;
		this.at++;
		this.#space();
		return unescaped(quoted);
	}

	/** A text keeps its quotes; anything else becomes one. What is not whole goes on to the end. */
	#mask(from: number, whole: boolean, quoted: boolean): void {
		if (!whole) this.at = this.#text.length;
		if (quoted) this.#spans.add(from + 1, whole ? this.at - 1 : this.at);
		else this.#spans.add(from, this.at, '"x"');
	}

	#take(pattern: RegExp): boolean {
		pattern.lastIndex = this.at;
		const match = pattern.exec(this.#text);
		if (!match) return false;
		this.at += match[0].length;
		return true;
	}

	#space(): void {
		SPACE.lastIndex = this.at;
		this.at += SPACE.exec(this.#text)?.[0].length ?? 0;
	}
}

function unescaped(quoted: string): string {
	if (!quoted.includes("\\")) return quoted.slice(1, -1);
	try {
		return String(JSON.parse(quoted));
	} catch {
		return quoted.slice(1, -1);
	}
}
