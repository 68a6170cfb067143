/** What became of a text with placeholders. */
export interface Expansion {
	readonly text: string;
	/** The variables whose values stand in the text. */
	readonly from: readonly string[];
	/** What is wrong with a placeholder. */
	readonly problem?: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Replaces `${NAME:default}` by the value of the environment variable, or the default when there is none or it is empty;
 * `${NAME}` has the empty default. A default may hold placeholders and braces of its own, as long as they pair; quotes around a
 * whole default are taken off.
 */
export function expand(text: string, environment: Environment): Expansion {
	let out = "";
	const from: string[] = [];
	let at = 0;
	for (let open = text.indexOf("${"); open >= 0; open = text.indexOf("${", at)) {
		out += text.slice(at, open);
		const close = closingBrace(text, open + 2);
		if (close < 0) return { text, from, problem: `'${text.slice(open)}' has no closing brace` };
		const inner = text.slice(open + 2, close);
		const colon = inner.indexOf(":");
		const name = colon < 0 ? inner : inner.slice(0, colon);
		if (!NAME.test(name)) return { text, from, problem: `'\${${inner}}' names no environment variable` };
		const value = environment[name];
		if (value) {
			out += value;
			from.push(name);
		} else if (colon >= 0) {
			const nested = expand(unquoted(inner.slice(colon + 1)), environment);
			if (nested.problem) return nested;
			out += nested.text;
			from.push(...nested.from);
		}
		at = close + 1;
	}
	return { text: out + text.slice(at), from };
}

function closingBrace(text: string, start: number): number {
	let depth = 1;
	for (let at = start; at < text.length; at++) {
		if (text[at] === "{") depth++;
		else if (text[at] === "}" && --depth === 0) return at;
	}
	return -1;
}

function unquoted(text: string): string {
	return /^(["']).*\1$/.test(text) && text.length > 1 ? text.slice(1, -1) : text;
}
