/** A value as JavaScript source, in one line; what could end a script or a comment is escaped. */
export function sourceText(value: unknown): string {
	return JSON.stringify(value).replaceAll(/[\u2028\u2029]|<\/|\*\//g, (found) =>
		found.length === 1 ? `\\u${found.charCodeAt(0).toString(16)}` : `${found[0]}\\/`,
	);
}

/** A text as a comment of one line. */
export function sourceComment(text: string): string {
	return `// ${text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ")}`;
}
