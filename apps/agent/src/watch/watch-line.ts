import { type JsonTransaction, printable } from "@wirescribe/access-log";
import { FIELDS, lineSpans, type Span, textWidth } from "@wirescribe/live-view";
import { nearest, usageError } from "../cli/options.ts";
import { ansiLine } from "../top/ansi.ts";

/** What a line looks like. */
export interface WatchFormat {
	readonly output: "text" | "json";
	/** Undefined: the usual line, or all of the JSON. */
	readonly fields: readonly string[] | undefined;
	readonly color: boolean;
	/** Columns one below the other, for eyes; else tabs between them, for programs. */
	readonly aligned: boolean;
}

/** A column grows with what it shows, up to here. */
const MAX_COLUMN = 40;

/** Makes lines, without their end. */
export function watchLine({ output, fields, color, aligned }: WatchFormat): (tx: JsonTransaction) => string {
	if (output === "json") return (tx) => JSON.stringify(fields ? chosen(tx, fields) : tx);
	if (!fields)
		return (tx) => (color ? ansiLine({ spans: lineSpans(tx), inverse: false }, true) : plainText(lineSpans(tx)));
	const widths = fields.map(({ length }) => length);
	return (tx) => {
		const cells = fields.map((name) => printable(String(FIELDS[name]?.of(tx) ?? "-")));
		if (!aligned) return cells.join("\t");
		return cells
			.map((cell, at) => padded(cell, at, widths))
			.join("  ")
			.trimEnd();
	};
}

/** The names of columns: those that are not known are errors. */
export function checkFields(command: string, names: readonly string[]): readonly string[] {
	for (const name of names) {
		if (Object.hasOwn(FIELDS, name)) continue;
		const near = nearest(name, Object.keys(FIELDS));
		const hint = near ? `did you mean '${near}'?` : `it is one of ${Object.keys(FIELDS).join(", ")}`;
		throw usageError(command, `--fields does not know '${name}': ${hint}`);
	}
	return names;
}

function plainText(spans: readonly Span[]): string {
	return spans.map(({ text }) => text).join("");
}

function chosen(tx: JsonTransaction, fields: readonly string[]): object {
	return Object.fromEntries(fields.map((name) => [name, FIELDS[name]?.of(tx) ?? null]));
}

function padded(cell: string, at: number, widths: number[]): string {
	const width = textWidth(cell);
	widths[at] = Math.max(widths[at] ?? 0, Math.min(width, MAX_COLUMN));
	return cell + " ".repeat(Math.max(0, (widths[at] as number) - width));
}
