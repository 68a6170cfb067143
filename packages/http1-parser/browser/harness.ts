/** Stands for vitest in a page: collects tests, and compares values as its matchers do. Only what the tests here use. */

interface Case {
	readonly name: string;
	readonly body: Body;
}
const cases: Case[] = [];
const groups: string[] = [];

/** What ran in the page. */
export interface Ran {
	readonly name: string;
	readonly error: string | undefined;
}

type Body = () => unknown;
type Test = {
	(name: string, body: Body, timeoutMs?: number): void;
	(name: string, options: object, body: Body): void;
	each(rows: readonly unknown[]): (name: string, body: (...row: never[]) => unknown) => void;
};

/** There are no time limits here: the browser has one for the whole page. */
function add(name: string, first: Body | object, second?: Body | number): void {
	const body = typeof first === "function" ? (first as Body) : (second as Body);
	cases.push({ name: [...groups, name].join(" > "), body });
}

/** Collects a test. */
export const test: Test = Object.assign(add, {
	each: (rows: readonly unknown[]) => (name: string, body: (...row: never[]) => unknown) => {
		for (const row of rows) {
			const args = (Array.isArray(row) ? row : [row]) as never[];
			add(`${name} ${JSON.stringify(args)}`, () => body(...args));
		}
	},
});
export const it: Test = test;

/** Collects a group. */
export function describe(name: string, body: () => void): void {
	groups.push(name);
	body();
	groups.pop();
}

/** Runs everything that was collected, one after another. */
export async function runAll(): Promise<Ran[]> {
	const ran: Ran[] = [];
	for (const { name, body } of cases) {
		let error: string | undefined;
		try {
			await body();
		} catch (thrown) {
			error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
		}
		ran.push({ name, error });
		// The page must stay alive for the browser.
		await new Promise((resolve) => setTimeout(resolve, 0));
	}
	return ran;
}

type Keyed = Record<string, unknown>;

/** Equal in value; `subset`: the second may leave fields of objects out. Undefined fields count as left out. */
function equal(actual: unknown, expected: unknown, subset: boolean): boolean {
	if (Object.is(actual, expected)) return true;
	if (expected instanceof Pattern) return expected.fits(actual);
	if (typeof actual !== "object" || typeof expected !== "object" || actual === null || expected === null) return false;
	if (Array.isArray(actual) !== Array.isArray(expected)) return false;
	if (Object.prototype.toString.call(actual) !== Object.prototype.toString.call(expected)) return false;
	if (actual instanceof Map || actual instanceof Set) {
		return equal([...actual], [...(expected as Iterable<unknown>)], subset);
	}
	if (Array.isArray(actual) && actual.length !== (expected as unknown[]).length) return false;
	if (ArrayBuffer.isView(actual) && actual.byteLength !== (expected as Uint8Array).byteLength) return false;
	const [a, b] = [actual as Keyed, expected as Keyed];
	const names = new Set([...Object.keys(b), ...(subset ? [] : Object.keys(a))]);
	return [...names].every((name) => equal(a[name], b[name], subset));
}

/** The matchers of one value. */
export interface Matchers {
	readonly not: Matchers;
	toBe(expected: unknown): void;
	toEqual(expected: unknown): void;
	toStrictEqual(expected: unknown): void;
	toMatchObject(expected: unknown): void;
	toBeUndefined(): void;
	toBeDefined(): void;
	toBeGreaterThan(expected: number): void;
	toBeGreaterThanOrEqual(expected: number): void;
	toBeLessThan(expected: number): void;
	toBeLessThanOrEqual(expected: number): void;
	toHaveLength(expected: number): void;
	toContain(expected: unknown): void;
	toMatch(expected: RegExp | string): void;
	toThrow(expected?: RegExp | string): void;
}

/** Stands in an expected value for every text that fits. */
class Pattern {
	readonly pattern: RegExp | string;
	constructor(pattern: RegExp | string) {
		this.pattern = pattern;
	}
	fits(actual: unknown): boolean {
		if (typeof actual !== "string") return false;
		return typeof this.pattern === "string" ? actual.includes(this.pattern) : this.pattern.test(actual);
	}
}

interface Expect {
	(actual: unknown, message?: string): Matchers;
	stringMatching(pattern: RegExp): Pattern;
	stringContaining(part: string): Pattern;
}

/** Compares a value. */
export const expect: Expect = Object.assign(
	(actual: unknown, message: string = ""): Matchers => matchers(actual, message, false),
	{
		stringMatching: (pattern: RegExp): Pattern => new Pattern(pattern),
		stringContaining: (part: string): Pattern => new Pattern(part),
	},
);

function matchers(actual: unknown, message: string, negated: boolean): Matchers {
	const check = (ok: boolean, what: string, expected?: unknown): void => {
		if (ok !== negated) return;
		const not = negated ? "not " : "";
		throw new Error(`${message} expected ${text(actual)} ${not}${what} ${text(expected)}`.trim());
	};
	const number = actual as number;
	return {
		get not() {
			return matchers(actual, message, !negated);
		},
		toBe: (expected) => check(Object.is(actual, expected), "to be", expected),
		toEqual: (expected) => check(equal(actual, expected, false), "to equal", expected),
		toStrictEqual: (expected) => check(equal(actual, expected, false), "to equal", expected),
		toMatchObject: (expected) => check(equal(actual, expected, true), "to match", expected),
		toBeUndefined: () => check(actual === undefined, "to be undefined"),
		toBeDefined: () => check(actual !== undefined, "to be defined"),
		toBeGreaterThan: (expected) => check(number > expected, "to be greater than", expected),
		toBeGreaterThanOrEqual: (expected) => check(number >= expected, "to be at least", expected),
		toBeLessThan: (expected) => check(number < expected, "to be less than", expected),
		toBeLessThanOrEqual: (expected) => check(number <= expected, "to be at most", expected),
		toHaveLength: (expected) => check((actual as ArrayLike<unknown>).length === expected, "to have length", expected),
		toContain: (expected) => check((actual as readonly unknown[]).includes(expected), "to contain", expected),
		toMatch(expected) {
			const string = String(actual);
			check(typeof expected === "string" ? string.includes(expected) : expected.test(string), "to match", expected);
		},
		toThrow(expected) {
			const thrown = thrownBy(actual as () => unknown);
			const fits = typeof expected === "string" ? thrown?.includes(expected) : expected?.test(thrown ?? "");
			check(thrown !== undefined && fits !== false, "to throw", expected);
		},
	};
}

function thrownBy(body: () => unknown): string | undefined {
	try {
		body();
		return undefined;
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}

function text(value: unknown): string {
	return value instanceof RegExp ? String(value) : (JSON.stringify(value) ?? String(value)).slice(0, 2000);
}
