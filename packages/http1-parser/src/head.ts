import { TOKEN } from "./bytes.ts";
import { INTERESTING, noteField } from "./fields.ts";
import { type FieldLines, linesFor } from "./headers.ts";
import type { HttpMessage } from "./http-message.ts";
import * as LENIENT from "./lenient.ts";
import { below, CONTROL, copyIn, INCOMPLETE, INVALID, lineEnd, memory, words } from "./scan.ts";
import * as FIELD from "./signals.ts";
import { scanStartLine } from "./start-line.ts";

/** Most heads are shorter. */
const FIRST_COPY = 1024;

/**
 * Reads one head from bytes[from..to) into `head`. Returns the index behind its blank line, `INCOMPLETE` or `INVALID`.
 * No strings, no objects. `resume`: where the same head was incomplete before, `head.resume` as it was left then.
 *
 * Only what frames the body is looked at: where lines begin and end, and the few names that matter. Other names are
 * judged when somebody asks, or now with `head.thorough`; with `head.guess` a line that is none makes the head invalid.
 */
export function scanHead(head: HttpMessage, bytes: Uint8Array, from: number, to: number, resume: number = 0): number {
	const most = from + resume + FIRST_COPY;
	let end = scanPart(head, bytes, from, to < most ? to : most, resume);
	if (end === INCOMPLETE && to > most) end = scanPart(head, bytes, from, to, head.resume);
	return end < 0 ? end : from + end;
}

function scanPart(head: HttpMessage, bytes: Uint8Array, from: number, to: number, resume: number): number {
	const count = copyIn(bytes, from + resume, to);
	let at = 0;
	if (resume === 0) {
		head.startScan();
		at = scanStartLine(head, count);
		if (at < 0) return at;
		head.headersStart = at;
	}
	const end = scanFields(head, at, count, resume);
	return end < 0 ? end : end + resume;
}

/** Reads fields and the blank line, beginning in memory at `at`, which is `shift` bytes further on in the head. */
function scanFields(head: HttpMessage, at: number, count: number, shift: number): number {
	const b = memory;
	const w = words;
	const lines: FieldLines = linesFor(head, shift > 0);
	const { starts } = lines;
	const careful = head.thorough || head.guess;
	let n = head.headerCount;
	for (let i = at; ; ) {
		if (n < starts.length) starts[n] = i + shift;
		head.headerCount = n;
		head.resume = i + shift;
		const c = b[i]!;
		if (c === 13 || c === 10) return lineEnd(head, i, count);
		let end = below(w, i, CONTROL);
		while (b[end] === 9) end = below(w, end + 1, CONTROL);
		let next = end + 2;
		if (b[end] !== 13 || b[end + 1] !== 10 || c < 33 || careful) {
			next = judgeLine(head, i, end, count);
			if (next < 0) return next;
			if (c === 32 || c === 9) {
				i = next;
				continue;
			}
		}
		n++;
		if (INTERESTING[c] === 1) noteField(head, i, next, shift);
		i = next;
	}
}

/** A line that is not taken for granted. Returns where the next one begins; `end`: its first control character. */
function judgeLine(head: HttpMessage, start: number, end: number, count: number): number {
	const b = memory;
	let i = start;
	while (TOKEN[b[i]!] === 1) i++;
	const nameEnd = i;
	while (b[i] === 32 || b[i] === 9) i++;
	const fold = nameEnd === start && i > start;
	if (i === count && !fold) return INCOMPLETE;
	if (fold) {
		if (head.headerCount === 0) return INVALID;
		head.lenient |= LENIENT.obsFold;
	} else if (nameEnd === start || b[i] !== 58) return judgeOdd(head, end, count);
	else if (i > nameEnd) head.lenient |= LENIENT.spaceBeforeColon;
	if (b[end] === 13 && b[end + 1] === 10) return end + 2;
	if (end + 1 >= count && (end >= count || b[end] === 13)) return INCOMPLETE;
	const feed = lineFeed(end, count, true);
	if (feed < 0) return feed;
	if (!fold) head.lenient |= feed === end ? LENIENT.bareLf : LENIENT.badHeaderValue;
	return feed + 1;
}

/** A line without a name. */
function judgeOdd(head: HttpMessage, end: number, count: number): number {
	if (head.guess) return INVALID;
	head.lenient |= LENIENT.badHeaderLine;
	const feed = lineFeed(end, count, false);
	return feed < 0 ? feed : feed + 1;
}

/** The next LF. `controls` false: a control character is no header line of anybody, but binary data. */
function lineFeed(from: number, count: number, controls: boolean): number {
	const w = words;
	let i = from;
	for (; memory[i] !== 10; i = below(w, i + 1, CONTROL)) {
		if (i >= count) return INCOMPLETE;
		if (!controls && memory[i] !== 13 && memory[i] !== 9) return INVALID;
	}
	return i;
}

/**
 * True when a head that was scanned is one that no body shows by chance: it has fields; a request has a method of the
 * registry, so that the end of a body before it is not read as part of it, and its Host.
 */
export function isBelievable(head: HttpMessage): boolean {
	if (head.headerCount === 0) return false;
	if (head.response) return true;
	return head.knownMethod !== "" && (head.minor === 0 || (head.fields & FIELD.host) !== 0);
}
