import { printable } from "@wirescribe/access-log";
import { COLUMNS, type Column } from "./columns.ts";
import type { FrameLine, Span } from "./frame.ts";
import type { GroupSummary } from "./group-table.ts";
import { line, span } from "./lines.ts";
import { padTo } from "./text-width.ts";

/** The columns that a frame of this width has, with the width of the first. */
function layout(width: number): { columns: readonly Column[]; nameWidth: number } {
	const columns = COLUMNS.filter(({ fromWidth }) => fromWidth <= width);
	const taken = columns.reduce((sum, column) => sum + (column.width === 0 ? 0 : column.width + 1), 0);
	return { columns, nameWidth: Math.max(8, width - taken - 1) };
}

/** The head of the table: the column that is sorted by is marked. */
export function groupHead(width: number, title: string, sort: Column, descending: boolean, focus: boolean): FrameLine {
	const { columns, nameWidth } = layout(width);
	const spans = columns.map((column): Span => {
		const first = column.width === 0;
		const mark = column === sort ? (descending ? "↓" : "↑") : "";
		const text = first
			? padTo(` ${title}${mark}`, nameWidth + 1)
			: ` ${padTo(mark + column.title, column.width, "right")}`;
		return span(text, column === sort ? "strong" : focus ? "accent" : "dim");
	});
	return line(width, spans);
}

/** One row of the table. */
export function groupLine(width: number, row: GroupSummary, selected: boolean): FrameLine {
	const { columns, nameWidth } = layout(width);
	const spans = columns.map((column): Span => {
		if (column.width === 0) return span(padTo(` ${printable(row.name)}`, nameWidth + 1));
		return span(` ${padTo(column.text(row), column.width, "right")}`, column.tone?.(row) ?? "plain");
	});
	return line(width, spans, selected);
}
