import type { Operator, Value } from "./expression.ts";
import type { Field, FieldType } from "./fields.ts";
import { compileGlob, compileRegex, MAX_PATTERN_LENGTH } from "./pattern.ts";

const TEXT: readonly Operator[] = ["==", "!=", "~", "=~"];
const NUMBER: readonly Operator[] = ["==", "!=", "<", "<=", ">", ">="];

/** Which operators a field takes, beside `in` where there are any. */
export const OPERATORS: Readonly<Record<FieldType, readonly Operator[]>> = {
	text: TEXT,
	texts: TEXT,
	number: NUMBER,
	duration: NUMBER,
	size: NUMBER,
	status: NUMBER,
	boolean: ["==", "!="],
	presence: [],
};

const DURATIONS: Readonly<Record<string, number>> = { "": 1, ns: 1e-6, us: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 36e5 };
const SIZES: Readonly<Record<string, number>> = { "": 1, b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 };

/** The value that a field is compared with, or the sentence that says why this is none. */
export function readValue(field: Field, operator: Operator | "in", text: string): Value | string {
	switch (field.type) {
		case "text":
		case "texts":
			return textValue(operator, text);
		case "duration":
			return quantity(
				text,
				DURATIONS,
				`${field.name} takes a number with a unit (ns, us, ms, s, m, h), ms without one`,
			);
		case "size":
			return quantity(text, SIZES, `${field.name} takes a number of bytes, or one with a unit (KB, MB, GB)`);
		case "status":
			return statusValue(operator, text);
		case "boolean":
			if (text === "true" || text === "false") return { kind: "boolean", boolean: text === "true" };
			return `${field.name} is true or false, not '${text}'`;
		case "number":
			return quantity(text, { "": 1 }, `${field.name} takes a number without a unit`);
		case "presence":
			return `${field.name} has no value: ask 'has ${field.name}'`;
	}
}

function textValue(operator: Operator | "in", text: string): Value | string {
	if (operator !== "~" && operator !== "=~") return { kind: "text", text };
	const what = operator === "~" ? "glob" : "regular expression";
	if (text.length > MAX_PATTERN_LENGTH) {
		return `the ${what} has ${text.length} characters, ${MAX_PATTERN_LENGTH} are the most`;
	}
	try {
		if (operator === "~") compileGlob(text);
		else compileRegex(text);
	} catch (error) {
		return `the ${what} cannot be used: ${(error as Error).message}`;
	}
	return { kind: "text", text };
}

function statusValue(operator: Operator | "in", text: string): Value | string {
	const hundreds = /^([1-5])xx$/i.exec(text)?.[1];
	if (hundreds === undefined) {
		return quantity(text, { "": 1 }, "status takes a number such as 404, or a class such as 5xx");
	}
	if (operator !== "==" && operator !== "!=" && operator !== "in") {
		return `a class is compared with == or !=: write ${hundreds}00 instead of ${text}`;
	}
	return { kind: "class", hundreds: Number(hundreds) };
}

function quantity(text: string, units: Readonly<Record<string, number>>, takes: string): Value | string {
	const match = /^(\d+(?:\.\d+)?(?:e[+-]?\d+)?)([a-z]*)$/i.exec(text);
	const unit = (match?.[2] ?? "").toLowerCase();
	const number = Object.hasOwn(units, unit) ? Number(match?.[1]) * (units[unit] as number) : Number.NaN;
	return Number.isFinite(number) ? { kind: "number", number } : `${takes}, not '${text}'`;
}
