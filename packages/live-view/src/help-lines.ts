import type { FrameLine } from "./frame.ts";
import { line, span } from "./lines.ts";

const KEYS: readonly (readonly [keys: string, what: string])[] = [
	["q  Ctrl-C", "quit"],
	["p  Space", "pause, go on; a recording: stop, play"],
	["g", "group by endpoint, process, peer (1 2 3 go to one)"],
	["s  S", "sort by the next, the previous column"],
	["r", "the other way round"],
	["/", "filter; an empty one shows everything"],
	["Tab", "between groups and requests"],
	["Up Down PgUp PgDn Home End", "move"],
	["Enter", "a group's requests; all of one request"],
	["Esc", "back"],
	["b", "requests that were seen from both ends: once, twice"],
];
const RECORDING_KEYS: readonly (readonly [keys: string, what: string])[] = [
	["Left Right  Shift-Left -Right", "move the slider: 2 %, 20 %"],
	["+  -", "faster, slower"],
];
const NOTES: readonly string[] = [
	"All figures are of the last minute, REQ/s, IN/s and OUT/s of the last five seconds.",
	"IN is what requests, OUT what responses took on the wire. Percentiles are exact to 3 %.",
	"ERR% counts requests with a 5xx, or with no response. (others): more than 300 groups.",
];

/** What the keys do, and what the figures are. */
export function helpLines(width: number, recording: boolean): FrameLine[] {
	const keys = [...KEYS, ...(recording ? RECORDING_KEYS : [])];
	return [
		...keys.map(([key, what]) => line(width, [span(` ${key.padEnd(31)}`, "accent"), span(what)])),
		line(width, []),
		...NOTES.map((note) => line(width, [span(` ${note}`, "dim")])),
	];
}
