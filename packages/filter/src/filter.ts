import type { Expression, Operator, Value } from "./expression.ts";
import type { FieldValue } from "./fields.ts";
import { parseFilter } from "./parse.ts";
import { compileGlob, compileRegex } from "./pattern.ts";
import { type FieldReader, readRecord } from "./record.ts";

/** A compiled filter. */
export interface Filter<R> {
	readonly text: string;
	readonly expression: Expression;
	/** The fields that it reads. */
	readonly fields: ReadonlySet<string>;
	/** Whether the record is one of those meant. Never throws, takes time linear in what it reads of the record. */
	matches(record: R): boolean;
}

type Predicate<R> = (record: R) => boolean;
type Test = (value: FieldValue) => boolean;

/**
 * Compiles a filter for records of the JSON line's shape, or, with a reader, for records of any other. Throws a `FilterError`
 * that shows the place.
 */
export function compileFilter(text: string): Filter<unknown>;
export function compileFilter<R>(text: string, reader: FieldReader<R>): Filter<R>;
export function compileFilter(text: string, reader: FieldReader<unknown> = readRecord): Filter<unknown> {
	const expression = parseFilter(text);
	const fields = new Set<string>();
	const field = (name: string): ((record: unknown) => FieldValue) => {
		fields.add(name);
		return reader(name);
	};
	return { text, expression, fields, matches: predicate(expression, field) };
}

function predicate<R>(expression: Expression, reader: FieldReader<R>): Predicate<R> {
	switch (expression.kind) {
		case "and": {
			const parts = expression.parts.map((part) => predicate(part, reader));
			return (record) => parts.every((part) => part(record));
		}
		case "or": {
			const parts = expression.parts.map((part) => predicate(part, reader));
			return (record) => parts.some((part) => part(record));
		}
		case "not": {
			const part = predicate(expression.part, reader);
			return (record) => !part(record);
		}
		case "has":
			return reading(reader(expression.field), isThere);
		case "compare":
			return reading(reader(expression.field), compareTest(expression.operator, expression.value));
		case "in":
			return reading(reader(expression.field), inTest(expression.values));
	}
}

function reading<R>(read: (record: R) => FieldValue, test: Test): Predicate<R> {
	return (record) => test(read(record));
}

function isThere(value: FieldValue): boolean {
	if (value === null || value === undefined || value === "") return false;
	return typeof value !== "object" || value.length > 0;
}

function compareTest(operator: Operator, value: Value): Test {
	switch (operator) {
		case "==":
			return inTest([value]);
		case "!=": {
			const same = inTest([value]);
			return (read) => !same(read);
		}
		case "~":
			return textTest(compileGlob(textOf(value)).test);
		case "=~":
			return textTest(compileRegex(textOf(value)).test);
		default:
			return orderTest(operator, value.kind === "number" ? value.number : Number.NaN);
	}
}

function orderTest(operator: "<" | "<=" | ">" | ">=", bound: number): Test {
	switch (operator) {
		case "<":
			return (value) => typeof value === "number" && value < bound;
		case "<=":
			return (value) => typeof value === "number" && value <= bound;
		case ">":
			return (value) => typeof value === "number" && value > bound;
		case ">=":
			return (value) => typeof value === "number" && value >= bound;
	}
}

function inTest(values: readonly Value[]): Test {
	const exact = new Set<FieldValue>();
	const hundreds = new Set<number>();
	for (const value of values) {
		if (value.kind === "class") hundreds.add(value.hundreds);
		else exact.add(value.kind === "text" ? value.text : value.kind === "number" ? value.number : value.boolean);
	}
	return (value) => {
		if (typeof value === "object" && value !== null) return value.some((one) => exact.has(one));
		return exact.has(value) || (typeof value === "number" && hundreds.has(Math.floor(value / 100)));
	};
}

/** Of several texts one is enough. */
function textTest(test: (text: string) => boolean): Test {
	return (value) => {
		if (typeof value === "string") return test(value);
		return typeof value === "object" && value !== null && value.some(test);
	};
}

function textOf(value: Value): string {
	return value.kind === "text" ? value.text : "";
}
