/** Which places of a file hold the version of what it is about: in JSON the first one. */
const PLACES: Readonly<Record<"json" | "chart", RegExp>> = {
	json: /^(\s*"version": ")[^"]*(")/m,
	chart: /^((?:appV|v)ersion: )\S+()$/gm,
};

/** The text of a deno.json or a Chart.yaml with another version, and everything else as it was. Throws when it has none. */
export function withVersion(text: string, kind: "json" | "chart", version: string): string {
	if (text.match(PLACES[kind]) === null) throw new Error(`Cannot set version ${version}: the ${kind} file has none`);
	return text.replace(PLACES[kind], (_, before: string, after: string) => before + version + after);
}
