import type { Expression, Operator, Value } from "./expression.ts";
import { FIELDS, type Field, findField } from "./fields.ts";
import { nearest } from "./nearest.ts";
import { type Piece, Scanner } from "./scanner.ts";
import { OPERATORS, readValue } from "./value.ts";

/** A longer filter is refused. */
export const MAX_FILTER_LENGTH = 4096;
/** Parentheses and `not` inside each other. */
export const MAX_FILTER_DEPTH = 32;

/** What people write out of habit, and what it is called here. */
const HABITS: Readonly<Record<string, string>> = { "&&": "and", "||": "or", "!": "not", "&": "and", "|": "or" };

/**
 * Reads a filter. Throws a `FilterError` for what is none, and nothing else.
 *
 * ```text
 * or    = and ("or" and)*
 * and   = unary ("and" unary)*
 * unary = "not" unary | "(" or ")" | "has" FIELD | FIELD | FIELD OPERATOR VALUE | FIELD ["not"] "in" "[" VALUE ("," VALUE)* "]"
 * ```
 */
export function parseFilter(text: string): Expression {
	const scanner = new Scanner(text);
	if (text.length > MAX_FILTER_LENGTH) {
		const why = `it has ${text.length} characters, ${MAX_FILTER_LENGTH} are the most`;
		scanner.fail("ERR_FILTER_LIMIT", why, MAX_FILTER_LENGTH);
	}
	if (scanner.atEnd) scanner.fail("ERR_FILTER_SYNTAX", "it is empty", 0);
	const expression = parseOr(scanner, 0);
	if (!scanner.atEnd) unexpected(scanner, "'and', 'or' or the end");
	return expression;
}

function parseOr(scanner: Scanner, depth: number): Expression {
	const parts = [parseAnd(scanner, depth)];
	while (scanner.keyword("or")) parts.push(parseAnd(scanner, depth));
	return parts.length === 1 ? (parts[0] as Expression) : { kind: "or", parts };
}

function parseAnd(scanner: Scanner, depth: number): Expression {
	const parts = [parseUnary(scanner, depth)];
	while (scanner.keyword("and")) parts.push(parseUnary(scanner, depth));
	return parts.length === 1 ? (parts[0] as Expression) : { kind: "and", parts };
}

function parseUnary(scanner: Scanner, depth: number): Expression {
	if (depth > MAX_FILTER_DEPTH) {
		scanner.fail("ERR_FILTER_LIMIT", `more than ${MAX_FILTER_DEPTH} parentheses and 'not' inside each other`);
	}
	if (scanner.keyword("not")) return { kind: "not", part: parseUnary(scanner, depth + 1) };
	if (scanner.keyword("has")) return { kind: "has", field: parseField(scanner).name };
	if (!scanner.sign("(")) return parseComparison(scanner);
	const inner = parseOr(scanner, depth + 1);
	if (!scanner.sign(")")) unexpected(scanner, "')'");
	return inner;
}

function parseField(scanner: Scanner): Field {
	const word = scanner.word();
	if (!word) return unexpected(scanner, "a field");
	const field = findField(word.text);
	if (field) return field;
	const near = nearest(word.text, FIELDS.keys());
	const hint = near ? `, did you mean '${near}'?` : "; the fields are those of the JSON line, such as status or path";
	return scanner.fail("ERR_FILTER_FIELD", `there is no field '${word.text}'${hint}`, word.start, word.length);
}

function parseComparison(scanner: Scanner): Expression {
	const field = parseField(scanner);
	if (scanner.keyword("in")) return parseIn(scanner, field);
	if (scanner.keyword("not")) {
		if (!scanner.keyword("in")) unexpected(scanner, "'in'");
		return { kind: "not", part: parseIn(scanner, field) };
	}
	const operator = scanner.operator();
	if (!operator) {
		if (field.type === "boolean") return compare(field, "==", { kind: "boolean", boolean: true });
		return scanner.fail("ERR_FILTER_SYNTAX", `after '${field.name}' ${missing(scanner, field)}`);
	}
	if (!OPERATORS[field.type].includes(operator.text as Operator)) {
		const why = `'${operator.text}' does not go with ${field.name}: it takes ${operatorsOf(field)}`;
		scanner.fail("ERR_FILTER_VALUE", why, operator.start, operator.length);
	}
	return compare(field, operator.text as Operator, parseValue(scanner, field, operator.text as Operator));
}

function compare(field: Field, operator: Operator, value: Value): Expression {
	return { kind: "compare", field: field.name, operator, value };
}

function parseIn(scanner: Scanner, field: Field): Expression {
	if (!scanner.sign("[")) unexpected(scanner, "'[' and a list of values");
	const values = [parseValue(scanner, field, "in")];
	while (scanner.sign(",")) values.push(parseValue(scanner, field, "in"));
	if (!scanner.sign("]")) unexpected(scanner, "',' or ']'");
	return { kind: "in", field: field.name, values };
}

function parseValue(scanner: Scanner, field: Field, operator: Operator | "in"): Value {
	const piece: Piece | undefined = scanner.value();
	if (!piece) return unexpected(scanner, "a value");
	const value = readValue(field, operator, piece.text);
	return typeof value === "string" ? scanner.fail("ERR_FILTER_VALUE", value, piece.start, piece.length) : value;
}

function operatorsOf(field: Field): string {
	return field.type === "presence" ? `only 'has ${field.name}'` : `${OPERATORS[field.type].join(" ")} in`;
}

/** Why no comparison follows the field. */
function missing(scanner: Scanner, field: Field): string {
	if (scanner.found().startsWith("=")) return "stands '=': write '=='";
	return `a comparison is missing: it takes ${operatorsOf(field)}${field.type === "presence" ? "" : `, or 'has ${field.name}'`}`;
}

function unexpected(scanner: Scanner, expected: string): never {
	if (scanner.atEnd) return scanner.fail("ERR_FILTER_SYNTAX", `it ends where ${expected} was expected`);
	const found = scanner.found();
	const habit = HABITS[/^[&|!]+/.exec(found)?.[0] ?? ""];
	return scanner.fail(
		"ERR_FILTER_SYNTAX",
		`${expected} was expected, not '${found}'${habit ? `: write '${habit}'` : ""}`,
	);
}
