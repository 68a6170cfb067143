import { type JsonTransaction, printable } from "@wirescribe/access-log";
import { FIELDS, findField, readRecord } from "@wirescribe/filter";
import { nearest } from "@wirescribe/filter/nearest";
import { endpointOf, lineSpans, type Span, textWidth } from "@wirescribe/live-view";
import { usageError } from "../cli/options.ts";
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

type ReadField = (tx: JsonTransaction) => unknown;

/** Columns that a filter has not, or has otherwise: it leaves out a path's query. */
const OWN: Readonly<Record<string, { readonly about: string; readonly read: ReadField }>> = {
	time: { about: "when it began, UTC", read: ({ time }) => time },
	endpoint: { about: "method and path, ids collapsed", read: endpointOf },
	path: { about: "path and query", read: ({ path }) => path },
};

/** A column grows with what it shows, up to here. */
const MAX_COLUMN = 40;

/** Makes lines, without their end. */
export function watchLine({ output, fields, color, aligned }: WatchFormat): (tx: JsonTransaction) => string {
	if (output === "json") return fields ? chosen(fields) : (tx) => JSON.stringify(tx);
	if (!fields)
		return (tx) => (color ? ansiLine({ spans: lineSpans(tx), inverse: false }, true) : plainText(lineSpans(tx)));
	const widths = fields.map(({ length }) => length);
	const columns = fields.map(readerOf);
	return (tx) => {
		const cells = columns.map((read) => cellText(read(tx)));
		if (!aligned) return cells.join("\t");
		return cells
			.map((cell, at) => padded(cell, at, widths))
			.join("  ")
			.trimEnd();
	};
}

/** The names of columns: those that are not known are errors. */
export function checkFields(command: string, names: readonly string[]): readonly string[] {
	const known = fieldNames().map(([name]) => name);
	for (const name of names) {
		if (Object.hasOwn(OWN, name) || findField(name)) continue;
		const near = nearest(name, known);
		const hint = near ? `did you mean '${near}'?` : "'--fields help' lists them";
		throw usageError(command, `--fields does not know '${name}': ${hint}`);
	}
	return names;
}

/** Every column there is, and what it says. */
export function fieldNames(): readonly (readonly [name: string, about: string])[] {
	const own = Object.entries(OWN).map(([name, { about }]) => [name, about] as const);
	const others = [...FIELDS.values()].filter(({ name }) => !Object.hasOwn(OWN, name));
	return [...own, ...others.map(({ name, about }) => [name, about] as const)];
}

function readerOf(name: string): ReadField {
	return OWN[name]?.read ?? readRecord(findField(name)?.name ?? name);
}

function cellText(value: unknown): string {
	if (value === undefined || value === null || value === "") return "-";
	return printable(Array.isArray(value) ? value.join(",") || "-" : String(value));
}

function plainText(spans: readonly Span[]): string {
	return spans.map(({ text }) => text).join("");
}

function chosen(fields: readonly string[]): (tx: JsonTransaction) => string {
	const readers = fields.map((name) => [name, readerOf(name)] as const);
	return (tx) => JSON.stringify(Object.fromEntries(readers.map(([name, read]) => [name, read(tx) ?? null])));
}

function padded(cell: string, at: number, widths: number[]): string {
	const width = textWidth(cell);
	widths[at] = Math.max(widths[at] ?? 0, Math.min(width, MAX_COLUMN));
	return cell + " ".repeat(Math.max(0, (widths[at] as number) - width));
}
