import type { JsonPath } from "./json-path.ts";
import type { Spans } from "./spans.ts";

/** Deeper ones are masked as a whole. */
const MAX_DEPTH = 64;
const SPACE = /\s*/y;
const STRING = /"(?:[^"\\]|\\[\s\S])*"/y;
const SCALAR = /(?:true|false|null|-?\d[\d.eE+-]*)(?![^\s,\]}])/y;
/** What is left of a literal at a cut. */
const CUT_SCALAR = /[-+.\w]*$/y;

/** Which values of a JSON text are meant. */
export interface JsonRules {
	readonly paths: readonly JsonPath[];
	/** Whether the value of such a key is a secret, wherever it stands. */
	isSecret(key: string): boolean;
}

/**
 * Masks values of a text that should be JSON. `cut`: it goes on behind its end; a value that is meant is then masked to the end. From
 * where it cannot be read on, all is masked. One pass.
 */
export function jsonSpans(text: string, cut: boolean, rules: JsonRules, spans: Spans): void {
	const scan = new JsonScan(text, cut, rules, spans);
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
	readonly #cut: boolean;
	readonly #rules: JsonRules;
	readonly #spans: Spans;

	constructor(text: string, cut: boolean, rules: JsonRules, spans: Spans) {
		this.#text = text;
		this.#cut = cut;
		this.#rules = rules;
		this.#paths = rules.paths;
		this.#spans = spans;
		this.start = rules.paths.map((path) => path.start);
		this.#space();
	}

	get atEnd(): boolean {
		return this.at >= this.#text.length;
	}

	/** Reads one value; false: the text ends in it, or it is none. */
	value(states: States, secret: boolean, depth: number): boolean {
		const meant = secret || states.some((state, index) => state !== 0 && (this.#paths[index] as JsonPath).isMet(state));
		const from = this.at;
		const first = this.#text[from];
		let whole: boolean;
		if (first === "{" || first === "[")
			whole = depth < MAX_DEPTH && this.#inside(first, meant ? [] : states, depth + 1);
		else whole = this.#take(first === '"' ? STRING : SCALAR);
		if (!whole && !meant && this.#cut) this.#passCut(first === '"');
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
			const inner = states.length === 0 ? states : this.#step(states, key.toLowerCase());
			// Inside of what is masked as a whole there is nothing to be found.
			const secret = states.length === this.#paths.length && open === "{" && this.#rules.isSecret(key);
			if (this.atEnd || !this.value(inner, secret, depth) || !this.#separated(close)) return false;
		}
		return false;
	}

	/** Behind a member stands a comma, or the end of what it is in. */
	#separated(close: string): boolean {
		if (this.#text[this.at] === ",") {
			this.at++;
			this.#space();
			return true;
		}
		return this.atEnd || this.#text[this.at] === close;
	}

	/** What does not end in the text that was seen ends behind the cut. */
	#passCut(quoted: boolean): void {
		if (quoted) this.at = this.#text.length;
		else this.#take(CUT_SCALAR);
	}

	#step(states: States, key: string): States {
		return states.map((state, path) => (state === 0 ? 0 : (this.#paths[path] as JsonPath).step(state, key)));
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

/** Undefined: its escapes are none, and what it is meant to say is anybody's guess. */
function unescaped(quoted: string): string | undefined {
	if (!quoted.includes("\\")) return quoted.slice(1, -1);
	try {
		return String(JSON.parse(quoted));
	} catch {
		return undefined;
	}
}
