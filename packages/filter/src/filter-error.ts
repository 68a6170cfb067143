/** What is wrong with a filter: its shape, a field that does not exist, a value that does not fit its field, or its size. */
export type FilterErrorCode = "ERR_FILTER_SYNTAX" | "ERR_FILTER_FIELD" | "ERR_FILTER_VALUE" | "ERR_FILTER_LIMIT";

/** How much of a long line is shown around the place. */
const SHOWN = 100;

/**
 * A filter that cannot be used. The message's first line says where and why; below it stand the line of the filter and a mark
 * under the place.
 *
 * ```text
 * cannot use the filter, column 1: there is no field 'statsu', did you mean 'status'?
 *   statsu >= 500
 *   ^^^^^^
 * ```
 */
export class FilterError extends Error {
	override readonly name: "FilterError" = "FilterError";
	readonly code: FilterErrorCode;
	/** The first line of the message, for where one line is all there is. */
	readonly summary: string;
	/** Where in the text: UTF-16 units from 0, and how many of them are meant. */
	readonly position: number;
	readonly length: number;

	constructor(code: FilterErrorCode, why: string, text: string, position: number, length: number = 1) {
		const lineStart = text.slice(0, position).lastIndexOf("\n") + 1;
		const summary = `cannot use the filter, ${place(text, position, lineStart)}: ${why}`;
		super(`${summary}\n${marked(text, position, length, lineStart)}`);
		this.code = code;
		this.summary = summary;
		this.position = position;
		this.length = length;
	}
}

function place(text: string, position: number, lineStart: number): string {
	const column = `column ${position - lineStart + 1}`;
	return text.includes("\n") ? `line ${text.slice(0, lineStart).split("\n").length}, ${column}` : column;
}

function marked(text: string, position: number, length: number, lineStart: number): string {
	const lineEnd = text.indexOf("\n", position);
	const line = text.slice(lineStart, lineEnd === -1 ? text.length : lineEnd);
	const at = position - lineStart;
	const from = Math.max(0, Math.min(at - SHOWN / 2, line.length - SHOWN));
	const shown = line.slice(from, from + SHOWN).replaceAll(/\p{Cc}/gu, " ");
	const left = from > 0 ? "…" : "";
	const right = from + SHOWN < line.length ? "…" : "";
	const mark = "^".repeat(Math.max(1, Math.min(length, shown.length - (at - from))));
	return `  ${left}${shown}${right}\n  ${" ".repeat(left.length + at - from)}${mark}`;
}
