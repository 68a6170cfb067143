import { FilterError, type FilterErrorCode } from "./filter-error.ts";

/** A piece of the filter and where it stands. */
export interface Piece {
	readonly text: string;
	readonly start: number;
	readonly length: number;
	readonly quoted: boolean;
}

const SPACE = /\s*/y;
const WORD = /[A-Za-z_][A-Za-z0-9_.-]*/y;
const OPERATOR = /==|!=|<=|>=|=~|<|>|~/y;
/** A value without quotes ends at white space, a bracket, a comma or a quote. */
const BARE = /[^\s()[\],"']+/y;
const DOUBLE = /"((?:[^"\\]|\\[\s\S])*)"/y;
const SINGLE = /'([^']*)'/y;

/** Reads a filter piece by piece; what comes next decides how. Every piece is read once. */
export class Scanner {
	readonly text: string;
	#at = 0;

	constructor(text: string) {
		this.text = text;
		this.#space();
	}

	get position(): number {
		return this.#at;
	}

	get atEnd(): boolean {
		return this.#at >= this.text.length;
	}

	/** The next word if it is this one, in any case of letters. */
	keyword(name: string): boolean {
		const word = this.#match(WORD);
		if (word?.[0].toLowerCase() !== name) return false;
		this.#take(word[0].length);
		return true;
	}

	/** This character. */
	sign(character: string): boolean {
		if (this.text[this.#at] !== character) return false;
		this.#take(1);
		return true;
	}

	word(): Piece | undefined {
		return this.#piece(this.#match(WORD));
	}

	operator(): Piece | undefined {
		return this.#piece(this.#match(OPERATOR));
	}

	/** A value: in double quotes `\"` and `\\` stand for the characters, any other backslash for itself; in single ones nothing does. */
	value(): Piece | undefined {
		const quote = this.text[this.#at];
		if (quote !== '"' && quote !== "'") return this.#piece(this.#match(BARE));
		const match = this.#match(quote === '"' ? DOUBLE : SINGLE);
		if (!match) this.fail("ERR_FILTER_SYNTAX", "the quote does not end", this.#at, this.text.length - this.#at);
		const inner = match[1] as string;
		const text = quote === '"' ? inner.replaceAll(/\\(["\\])/g, "$1") : inner;
		return { ...(this.#piece(match) as Piece), text, quoted: true };
	}

	/** Up to the next white space: what stands where something else was expected. */
	found(): string {
		return /^\S{1,40}/.exec(this.text.slice(this.#at))?.[0] ?? "";
	}

	fail(code: FilterErrorCode, why: string, start: number = this.#at, length?: number): never {
		throw new FilterError(code, why, this.text, start, length ?? Math.max(1, this.found().length));
	}

	#match(pattern: RegExp): RegExpExecArray | null {
		pattern.lastIndex = this.#at;
		return pattern.exec(this.text);
	}

	#piece(match: RegExpExecArray | null): Piece | undefined {
		if (!match) return undefined;
		const piece = { text: match[0], start: this.#at, length: match[0].length, quoted: false };
		this.#take(piece.length);
		return piece;
	}

	#take(length: number): void {
		this.#at += length;
		this.#space();
	}

	#space(): void {
		this.#at += (this.#match(SPACE) as RegExpExecArray)[0].length;
	}
}
