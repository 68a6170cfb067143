import type { FrameLine } from "./frame.ts";
import { line, span } from "./lines.ts";

const KEYS: readonly (readonly [keys: string, what: string])[] = [
	["q  Ctrl-C", "quit"],
	["p  Space", "pause, go on; a recording: stop, play"],
	["g  1 2 3", "group by endpoint, process, peer"],
	["s  S", "sort by the next, the previous column"],
	["r", "the other way round"],
	["/", "filter; an empty one shows everything"],
	["Tab", "between groups and requests"],
	["Up Down PgUp PgDn Home End", "move"],
	["Enter", "a group's requests; all of one request"],
	["Esc", "back"],
	["b", "what was seen from both ends counts once, or twice"],
];
const RECORDING_KEYS: readonly (readonly [keys: string, what: string])[] = [
	["Left Right", "move the slider by 2 %; with Shift by 20 %"],
	["+  -", "faster, slower"],
];
const NOTES: readonly string[] = [
	"Figures are of the last minute; those with /s are of the last five seconds.",
	"IN and OUT: what requests and responses took on the wire, heads and bodies.",
	"ERR%: requests with a 5xx or without a response. Percentiles: within 3 %.",
	"(others): what came when there were 300 groups already.",
];

/** What the keys do, and what the figures are. */
export function helpLines(width: number, recording: boolean): FrameLine[] {
	const keys = [...KEYS, ...(recording ? RECORDING_KEYS : [])];
	return [
		...keys.map(([key, what]) => line(width, [span(` ${key.padEnd(29)}`, "accent"), span(what)])),
		line(width, []),
		...NOTES.map((note) => line(width, [span(` ${note}`, "dim")])),
	];
}
