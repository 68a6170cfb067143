import type { Case, Expected, Input } from "./cases.ts";

/** What is asked of a contender, from little to all. */
export type Level = "lazy" | "strings" | "kept" | "observed";
export const LEVELS: readonly Level[] = ["lazy", "strings", "kept", "observed"];

/**
 * Holds what a contender reads against what was sent. While time is taken, every message's start line, three values, body
 * size and (level "strings") the number and length of all header strings are compared; `thorough` compares each string.
 */
export class Checker {
	thorough = false;
	/** Messages seen in the present input. */
	seen = 0;
	companions = 0;
	#expected: readonly Expected[] = [];
	readonly names: Case["names"];
	readonly #who: string;

	constructor(of: Case, who: string) {
		this.names = of.names;
		this.#who = `${who}, case ${of.id}`;
	}

	begin(input: Input): void {
		this.#expected = input.expected;
		this.seen = this.companions = 0;
	}

	/** A message's head. */
	head(method: string, target: string, status: number, a: string, b: string, c: string): void {
		const expected = this.#next();
		if (method !== expected.method || target !== expected.target || status !== expected.status) {
			this.#fail(`start line ${method} ${target} ${status}`);
		}
		if (a !== expected.a || b !== expected.b || c !== expected.c) this.#fail(`values ${a} ${b} ${c}`);
	}

	/** All its headers, names and values in turn. */
	flat(headers: readonly string[]): void {
		const expected = this.#next();
		let chars = 0;
		for (let i = 0; i < headers.length; i++) chars += headers[i]!.length;
		if (headers.length !== expected.headers.length || chars !== expected.headerChars) this.#fail("headers");
		if (this.thorough && !headers.every((text, i) => text === expected.headers[i])) this.#fail("a header");
	}

	/** The same, as pairs. */
	pairs(headers: readonly (readonly [string, string])[]): void {
		const expected = this.#next();
		let chars = 0;
		for (let i = 0; i < headers.length; i++) chars += headers[i]![0].length + headers[i]![1].length;
		if (headers.length * 2 !== expected.headers.length || chars !== expected.headerChars) this.#fail("headers");
		if (this.thorough && !headers.flat().every((text, i) => text === expected.headers[i])) this.#fail("a header");
	}

	/** The message is over. */
	end(body: number): void {
		if (body !== this.#next().body) this.#fail(`body of ${body} bytes`);
		this.seen++;
	}

	/** All messages of the input must have been read. `pairs`: and all of the other direction. */
	done(pairs: boolean): void {
		const all = this.#expected.length;
		if (this.seen !== all) this.#fail(`${this.seen} of ${all} messages`);
		if (pairs && this.companions !== all) this.#fail(`${this.companions} of ${all} companions`);
	}

	#next(): Expected {
		return this.#expected[this.seen] ?? this.#fail("one message too many");
	}

	#fail(what: string): never {
		throw new Error(`${this.#who}: wrong ${what}`);
	}
}

/** Reads one input and hands everything to its checker. */
export interface Contender {
	readonly name: string;
	readonly checker: Checker;
	run(input: Input): void;
}

/** Finds a value in names and values in turn; `lower` is lower case. */
export function fieldOf(headers: readonly string[], lower: string): string {
	for (let i = 0; i < headers.length; i += 2) {
		const name = headers[i]!;
		if (name.length === lower.length && (name === lower || name.toLowerCase() === lower)) return headers[i + 1]!;
	}
	return "";
}
