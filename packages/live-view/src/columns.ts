import { formatBytes, formatDuration } from "@wirescribe/access-log";
import type { Tone } from "./frame.ts";
import type { GroupSummary } from "./group-table.ts";

/** A column of the table of groups. */
export interface Column {
	readonly id: string;
	readonly title: string;
	/** How wide; the names' column takes what is left. */
	readonly width: number;
	/** Narrower frames leave it out. */
	readonly fromWidth: number;
	/** What is sorted by. */
	value(row: GroupSummary): number | string;
	text(row: GroupSummary): string;
	tone?(row: GroupSummary): Tone;
}

/** `0.42`, `12.3`, `842`, `12.3k`. */
export function formatCount(value: number): string {
	if (value >= 1e6) return `${(value / 1e6).toFixed(1)}M`;
	if (value >= 1e4) return `${(value / 1e3).toFixed(1)}k`;
	if (value >= 100 || Number.isInteger(value)) return String(Math.round(value));
	return value.toFixed(value < 10 ? 2 : 1);
}

/** Percent of all, `0`, `0.4`, `12`. */
export function formatShare(part: number, all: number): string {
	if (part === 0 || all === 0) return "0";
	const percent = (part / all) * 100;
	return percent >= 10 ? String(Math.round(percent)) : percent.toFixed(percent < 0.1 ? 2 : 1);
}

function latency(id: "p50" | "p90" | "p99"): Column {
	return {
		...{ id, title: id.toUpperCase(), width: 6, fromWidth: 0 },
		value: (row) => row[id] ?? -1,
		text: (row) => formatLatency(row[id]),
	};
}

/** A quantile, or `-` where there is none. */
export function formatLatency(ns: number | undefined): string {
	return ns === undefined ? "-" : formatDuration(ns);
}

/** In their order; the first is the names' and takes the room that is left. */
export const COLUMNS: readonly Column[] = [
	{ id: "name", title: "", width: 0, fromWidth: 0, value: ({ name }) => name, text: ({ name }) => name },
	{
		...{ id: "rate", title: "REQ/s", width: 6, fromWidth: 0 },
		value: ({ rate }) => rate,
		text: ({ rate }) => formatCount(rate),
	},
	{
		...{ id: "count", title: "1 MIN", width: 6, fromWidth: 90 },
		value: ({ count }) => count,
		text: ({ count }) => formatCount(count),
	},
	{
		...{ id: "errors", title: "ERR%", width: 4, fromWidth: 0 },
		value: ({ failed, count }) => failed / count,
		text: ({ failed, count }) => formatShare(failed, count),
		tone: ({ failed }) => (failed > 0 ? "bad" : "plain"),
	},
	latency("p50"),
	latency("p90"),
	latency("p99"),
	{
		...{ id: "in", title: "IN/s", width: 6, fromWidth: 0 },
		value: ({ requestRate }) => requestRate,
		text: ({ requestRate }) => formatBytes(Math.round(requestRate)),
	},
	{
		...{ id: "out", title: "OUT/s", width: 6, fromWidth: 0 },
		value: ({ responseRate }) => responseRate,
		text: ({ responseRate }) => formatBytes(Math.round(responseRate)),
	},
];

/** Groups in the order of a column; names decide between equals, so that rows do not jump. */
export function sortGroups(rows: readonly GroupSummary[], column: Column, descending: boolean): GroupSummary[] {
	const sign = descending ? -1 : 1;
	return [...rows].sort((a, b) => {
		const [one, two] = [column.value(a), column.value(b)];
		if (one !== two) return one < two ? -sign : sign;
		return a.name < b.name ? -1 : 1;
	});
}
