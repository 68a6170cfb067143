import { RE2JS } from "re2js";

/** A pattern that takes time linear in the text, whatever the two are. */
export interface Pattern {
	/** A regular expression is found anywhere in the text, a glob matches all of it. */
	test(text: string): boolean;
}

/** A longer pattern is refused. */
export const MAX_PATTERN_LENGTH = 1024;

/**
 * A regular expression in RE2's syntax: no look-around and no back references, so it cannot blow up. Throws an `Error` whose
 * message says what is wrong with it.
 */
export function compileRegex(source: string): Pattern {
	const regex = compiled(source);
	return { test: (text) => regex.test(text) };
}

/** A glob: `*` any characters but `/`, `**` any characters, `?` one character but `/`, `\` before one that means itself. */
export function compileGlob(glob: string): Pattern {
	let regex = "";
	for (let at = 0; at < glob.length; at++) {
		const character = glob[at] as string;
		if (character === "*" && glob[at + 1] === "*") {
			regex += ".*";
			at++;
		} else if (character === "*") regex += "[^/]*";
		else if (character === "?") regex += "[^/]";
		else regex += RE2JS.quote(character === "\\" && at + 1 < glob.length ? (glob[++at] as string) : character);
	}
	// `.` is any character; twice as fast as fastening both ends in the expression.
	const whole = compiled(`(?s:${regex})`);
	return { test: (text) => whole.testExact(text) };
}

function compiled(source: string): RE2JS {
	try {
		return RE2JS.compile(source);
	} catch (error) {
		throw new Error((error as Error).message.replace(/^error parsing regexp: /, ""), { cause: error });
	}
}
