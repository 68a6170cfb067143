/** What a POSIX shell takes as it is. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/**
 * A text as one word of a POSIX shell: within single quotes nothing means anything, not even a newline; a quote itself stands
 * outside of them. NUL, which no argument can hold, is left out.
 */
export function shellQuote(text: string): string {
	const word = text.replaceAll("\0", "");
	return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A text as a comment: one line, whatever is in it. */
export function shellComment(text: string): string {
	return `# ${text.replaceAll(/\p{Cc}+/gu, " ")}`;
}
