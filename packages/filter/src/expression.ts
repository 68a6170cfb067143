/** What a field is compared with. `class`: the hundreds of a status, 5 for `5xx`. */
export type Value =
	| { readonly kind: "text"; readonly text: string }
	| { readonly kind: "number"; readonly number: number }
	| { readonly kind: "class"; readonly hundreds: number }
	| { readonly kind: "boolean"; readonly boolean: boolean };

/** `~` is a glob, `=~` a regular expression. */
export type Operator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "=~";

/** A filter as it was read. Numbers are in the field's own unit. */
export type Expression =
	| { readonly kind: "and" | "or"; readonly parts: readonly Expression[] }
	| { readonly kind: "not"; readonly part: Expression }
	| { readonly kind: "has"; readonly field: string }
	| { readonly kind: "compare"; readonly field: string; readonly operator: Operator; readonly value: Value }
	| { readonly kind: "in"; readonly field: string; readonly values: readonly Value[] };

/** The filter as text again: `parseFilter(printFilter(e))` is `e`. */
export function printFilter(expression: Expression): string {
	switch (expression.kind) {
		case "or":
			return expression.parts.map((part) => (part.kind === "or" ? grouped(part) : printFilter(part))).join(" or ");
		case "and":
			return expression.parts.map(tight).join(" and ");
		case "not":
			return `not ${tight(expression.part)}`;
		case "has":
			return `has ${expression.field}`;
		case "compare":
			return `${expression.field} ${expression.operator} ${printValue(expression.value)}`;
		case "in":
			return `${expression.field} in [${expression.values.map(printValue).join(", ")}]`;
	}
}

function tight(part: Expression): string {
	return part.kind === "or" || part.kind === "and" ? grouped(part) : printFilter(part);
}

function grouped(part: Expression): string {
	return `(${printFilter(part)})`;
}

function printValue(value: Value): string {
	switch (value.kind) {
		case "text":
			return `"${value.text.replaceAll(/[\\"]/g, "\\$&")}"`;
		case "number":
			return String(value.number);
		case "class":
			return `${value.hundreds}xx`;
		case "boolean":
			return String(value.boolean);
	}
}
