/** Whether `path` is what `pattern` describes: `*` and `?` within a part of the path, `**` across parts. */
export function matchesGlob(path: string, pattern: string): boolean {
	return compiled(pattern).test(path);
}

const patterns: Map<string, RegExp> = new Map();
const MAX_PATTERNS = 1000;

function compiled(pattern: string): RegExp {
	let regexp = patterns.get(pattern);
	if (!regexp) {
		const source = pattern.replace(/\*\*|[*?]|[^*?]+/g, (part) => {
			if (part === "**") return ".*";
			if (part === "*") return "[^/]*";
			return part === "?" ? "[^/]" : part.replace(/[\\^$.|+()[\]{}]/g, "\\$&");
		});
		regexp = new RegExp(`^${source}$`, "s");
		if (patterns.size >= MAX_PATTERNS) patterns.clear();
		patterns.set(pattern, regexp);
	}
	return regexp;
}
