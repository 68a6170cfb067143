/**
 * The module specifiers of a TypeScript file: static and dynamic imports, re-exports, `import.meta.resolve`.
 * Comments do not count (documentation shows imports as examples), and neither do strings that hold code.
 */
export function importsOf(source: string): readonly string[] {
	const code = withoutComments(source);
	const found = new Set<string>();
	for (const pattern of PATTERNS) for (const match of code.matchAll(pattern)) found.add(match[1] as string);
	return [...found].sort();
}

const PATTERNS: readonly RegExp[] = [
	/^\s*(?:import|export)\b[^"'`;]*?\bfrom\s*["']([^"']+)["']/gm,
	/^\s*import\s*["']([^"']+)["']/gm,
	/\bimport\s*\(\s*["']([^"']+)["']/g,
	/\bimport\.meta\.resolve\(\s*["']([^"']+)["']/g,
];

/** Takes each comment out and each string whole: whichever begins first decides what the other's signs mean. */
function withoutComments(source: string): string {
	const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g;
	return source.replaceAll(token, (text) => {
		if (text.startsWith("/")) return " ";
		return text.startsWith("`") ? "``" : text;
	});
}
