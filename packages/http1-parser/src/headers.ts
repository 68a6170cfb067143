import { isBlank, LOWER } from "./bytes.ts";
import type { HttpMessage } from "./http-message.ts";

/** Where the field lines of one head begin, and, behind the last one, where they end. A fold belongs to the line before. */
export class FieldLines {
	starts: Int32Array = new Int32Array(128);
	/** The head's number. */
	serial: number = 0;
}

/** Of the latest request and the latest response: a message is mostly asked right after it was read. */
const LATEST: readonly [FieldLines, FieldLines] = [new FieldLines(), new FieldLines()];

/** For the scan of a head. `resumed`: its first lines were noted before, if nobody else's have been since. */
export function linesFor(head: HttpMessage, resumed: boolean): FieldLines {
	const lines = LATEST[head.response ? 1 : 0];
	if (lines.serial !== head.serial) lines.serial = resumed ? -1 : head.serial;
	return lines;
}

/** As the scan of a head has left them; undefined: others have been read in between. */
export function linesNoted(head: HttpMessage): Int32Array | undefined {
	const lines = LATEST[head.response ? 1 : 0];
	return lines.serial === head.serial && head.headerCount < lines.starts.length ? lines.starts : undefined;
}

/** Of a message that is asked; found again in its text when others have been read since. */
export function linesOf(message: HttpMessage, text: string): Int32Array {
	const lines = LATEST[message.response ? 1 : 0];
	const count = message.headerCount;
	if (lines.serial === message.serial && count < lines.starts.length) return lines.starts;
	lines.serial = message.serial;
	if (count >= lines.starts.length) lines.starts = new Int32Array(count * 2);
	const { starts } = lines;
	for (let at = message.headersStart, n = 0; ; at = text.indexOf("\n", at) + 1) {
		const c = text.charCodeAt(at);
		if (n > 0 && (c === 32 || c === 9)) continue;
		starts[n] = at;
		if (n++ === count) return starts;
	}
}

/** The next line of a name in any case, from line `from` on; -1: none. */
export function findLine(text: string, starts: Int32Array, count: number, name: string, from: number): number {
	const { length } = name;
	for (let k = from; k < count; k++) {
		const start = starts[k]!;
		const c = text.charCodeAt(start + length);
		// Where the name would end, nearly every other name goes on.
		if (c !== 58 && !isBlank(c)) continue;
		if (isName(text, start, name) && (c === 58 || nameEnd(text, start, starts[k + 1]!) === start + length)) return k;
	}
	return -1;
}

/** From behind: names of one length more often differ at their ends. */
export function isName(text: string, start: number, name: string): boolean {
	let i = name.length;
	do {
		const a = text.charCodeAt(start + --i);
		const b = name.charCodeAt(i);
		if (a !== b && LOWER[a] !== LOWER[b]) return false;
	} while (i > 0);
	return true;
}

/** Where the name of a line ends; -1: it has none. Spaces before the colon are not part of it. */
export function nameEnd(text: string, start: number, next: number): number {
	let end = text.indexOf(":", start);
	if (end <= start || end >= next) return -1;
	while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
	return end;
}

/** The value of a line whose name ends at `at`; a fold becomes one space. */
export function valueAt(text: string, at: number, next: number, folded: boolean): string {
	let start = at;
	while (text.charCodeAt(start) !== 58) start++;
	let end = next;
	while (isBlank(text.charCodeAt(end - 1)) || isLineEnd(text.charCodeAt(end - 1))) end--;
	do start++;
	while (start < end && isBlank(text.charCodeAt(start)));
	const value = text.substring(start, end);
	return folded && value.includes("\n") ? value.replace(/[ \t]*\r?\n[ \t]*/g, " ").trim() : value;
}

/** The fields of some lines, as names and values. */
export function fieldsOf(lines: string): [name: string, value: string][] {
	const all: [string, string][] = [];
	for (let start = 0; start < lines.length; ) {
		let next = lines.indexOf("\n", start) + 1 || lines.length;
		while (isBlank(lines.charCodeAt(next))) next = lines.indexOf("\n", next) + 1 || lines.length;
		const end = nameEnd(lines, start, next);
		if (end > 0) all.push([lines.substring(start, end), valueAt(lines, end, next, true)]);
		start = next;
	}
	return all;
}

function isLineEnd(code: number): boolean {
	return code === 10 || code === 13;
}
