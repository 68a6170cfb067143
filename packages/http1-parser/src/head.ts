import { ascii, latin1, TOKEN, VALUE } from "./bytes.ts";
import { FIRST, noteField } from "./fields.ts";
import { LENIENT } from "./reasons.ts";
import { FIELD, type HeadScan, scan } from "./scan.ts";

/** More bytes are needed. */
export const INCOMPLETE = -1;
/** These bytes begin no message. */
export const INVALID = -2;

let serial = 0;

/**
 * Reads one head from bytes[from..to) into `scan`. Returns the index behind its blank line, `INCOMPLETE` or `INVALID`.
 * One pass, no strings, no allocation. `resume`: where the same head was incomplete before; `scan` is as it was then.
 */
export function scanHead(bytes: Uint8Array, from: number, to: number, resume: number = 0): number {
	base = bytes.byteOffset;
	if (view.buffer !== bytes.buffer) changeView(bytes.buffer);
	if (resume > 0) return scanFields(scan, bytes, from, from + resume, to);
	scan.serial = ++serial;
	scan.startLine = false;
	scan.lenient = scan.resume = scan.indexed = scan.headerCount = scan.fields = 0;
	const at = isVersionStart(bytes, from, to) ? scanStatusLine(bytes, from, to) : scanRequestLine(bytes, from, to);
	if (at < 0) return at;
	scan.startLine = true;
	scan.headersStart = at - from;
	scan.contentLength = -1;
	scan.lengthConflict = false;
	scan.transferEncoding = 0;
	return scanFields(scan, bytes, from, at, to);
}

/** "HTTP/" in any case. */
function isVersionStart(bytes: Uint8Array, from: number, to: number): boolean {
	return (
		from + 5 <= to &&
		bytes[from + 4] === 0x2f &&
		(bytes[from]! | 32) === 0x68 &&
		(bytes[from + 1]! | 32) === 0x74 &&
		(bytes[from + 2]! | 32) === 0x74 &&
		(bytes[from + 3]! | 32) === 0x70
	);
}

function scanRequestLine(b: Uint8Array, from: number, to: number): number {
	let i = from;
	while (i < to && TOKEN[b[i]!] === 1) i++;
	if (i - from > 64) return INVALID;
	if (i === to) return INCOMPLETE;
	if (b[i] !== 32 || i === from) return INVALID;
	scan.methodEnd = i - from;
	scan.method = methodAt(b, from, i - from);
	while (i < to && b[i] === 32) i++;
	scan.targetStart = i - from;
	for (;;) {
		for (let word = 0; i + 4 <= to; i += 4) {
			word = view.getInt32(base + i, true);
			// One of the four bytes is below 33.
			if (((word - 0x21212121) & ~word & 0x80808080) !== 0) break;
		}
		while (i < to && b[i]! > 32) i++;
		if (i === to) return INCOMPLETE;
		if (b[i] !== 32) return INVALID;
		const end = i;
		while (i < to && b[i] === 32) i++;
		if (i + 8 >= to && isPrefixOfVersion(b, i, to)) return INCOMPLETE;
		if (isVersionStart(b, i, to)) {
			scan.targetEnd = end - from;
			scan.response = false;
			return end === scan.targetStart + from ? INVALID : scanVersionEnd(b, i, to);
		}
		if (scan.strict) return INVALID;
		scan.lenient |= LENIENT.spaceInTarget;
	}
}

/** True while b[i..to) may still become "HTTP/1.1" and a line end. */
export function isPrefixOfVersion(b: Uint8Array, i: number, to: number): boolean {
	for (let k = 0; k < 5 && i + k < to; k++) if ((b[i + k]! | 32) !== HTTP[k]) return false;
	return true;
}
const HTTP: Uint8Array = ascii("http/");

/** "HTTP/1.x" and the end of its line. */
function scanVersionEnd(b: Uint8Array, at: number, to: number): number {
	if (!scanVersion(b, at)) return INVALID;
	let i = at + 8;
	while (i < to && b[i] === 32) i++;
	return lineEnd(b, i, to);
}

function scanVersion(b: Uint8Array, at: number): boolean {
	if (b[at] !== 0x48) scan.lenient |= LENIENT.lowercaseVersion;
	const minor = b[at + 7]! - 48;
	if (b[at + 5] !== 0x31 || b[at + 6] !== 0x2e || minor < 0 || minor > 9) return false;
	scan.minor = minor;
	return true;
}

/** Behind a line end that begins at i. */
function lineEnd(b: Uint8Array, i: number, to: number): number {
	if (i >= to) return INCOMPLETE;
	if (b[i] === 13) return i + 1 === to ? INCOMPLETE : b[i + 1] === 10 ? i + 2 : INVALID;
	if (b[i] !== 10) return INVALID;
	scan.lenient |= LENIENT.bareLf;
	return i + 1;
}

function scanStatusLine(b: Uint8Array, from: number, to: number): number {
	if (from + 13 > to) return INCOMPLETE;
	scan.response = true;
	if (!scanVersion(b, from) || b[from + 8] !== 32) return INVALID;
	let i = from + 9;
	while (i < to && b[i] === 32) i++;
	if (i + 4 > to) return INCOMPLETE;
	const x = b[i]! - 48;
	const y = b[i + 1]! - 48;
	const z = b[i + 2]! - 48;
	if (x < 1 || x > 9 || y < 0 || y > 9 || z < 0 || z > 9) return INVALID;
	scan.status = x * 100 + y * 10 + z;
	i += 3;
	if (b[i] === 32) i++;
	else scan.lenient |= LENIENT.missingReason;
	scan.reasonStart = i - from;
	while (i < to && VALUE[b[i]!] === 1) i++;
	scan.reasonEnd = i - from;
	return lineEnd(b, i, to);
}

/** Reads fields and the blank line. Most bytes of most traffic pass here: locals, and no call for a common line. */
function scanFields(scan: HeadScan, b: Uint8Array, from: number, at: number, to: number): number {
	const words = view;
	const shift = base;
	const lastWords = to - 8;
	let { headerCount, index, indexed } = scan;
	let i = at;
	for (;;) {
		const nameStart = i;
		scan.resume = nameStart - from;
		while (i < to && TOKEN[b[i]!] === 1) i++;
		if (i >= to) return INCOMPLETE;
		const nameEnd = i;
		if (b[i] !== 58 || nameEnd === nameStart) {
			if (i === nameStart && (b[i] === 13 || b[i] === 10)) return lineEnd(b, i, to);
			i = oddLine(b, from, nameStart, nameEnd, to);
			if (i < 0) return i;
			({ index, indexed } = scan);
			// A colon behind a line end is the next line's.
			if (b[i] !== 58 || b[i - 1] === 10) continue;
		}
		i++;
		while (i < to && (b[i] === 32 || b[i] === 9)) i++;
		const valueStart = i;
		for (;;) {
			for (; i <= lastWords; i += 8) {
				// The lowest byte that is below 32; those above it may be marked wrongly.
				const low = words.getInt32(shift + i, true);
				let marks = (low - 0x20202020) & ~low & 0x80808080;
				if (marks !== 0) {
					i += (31 - Math.clz32(marks & -marks)) >> 3;
					break;
				}
				const high = words.getInt32(shift + i + 4, true);
				marks = (high - 0x20202020) & ~high & 0x80808080;
				if (marks !== 0) {
					i += 4 + ((31 - Math.clz32(marks & -marks)) >> 3);
					break;
				}
			}
			while (i < to && b[i]! > 31) i++;
			// A tab may be within a value; a DEL is let through.
			if (i >= to || b[i] !== 9) break;
			i++;
		}
		if (i + 1 >= to && (i >= to || b[i] === 13)) return INCOMPLETE;
		let valueEnd = i;
		if (b[i] === 13 && b[i + 1] === 10) i += 2;
		else {
			i = oddValueEnd(b, i, to);
			if (i < 0) return INCOMPLETE;
			valueEnd = b[i - 2] === 13 && i - 2 >= valueStart ? i - 2 : i - 1;
		}
		if (indexed + 4 > index.length) index = scan.grow();
		index[indexed] = nameStart - from;
		index[indexed + 1] = nameEnd - from;
		index[indexed + 2] = valueStart - from;
		index[indexed + 3] = valueEnd - from;
		scan.indexed = indexed += 4;
		scan.headerCount = ++headerCount;
		const first = b[nameStart]! | 32;
		const length = nameEnd - nameStart;
		if (first === FIRST[length] || first === 0x78) noteField(scan, b, nameStart, length, valueStart, valueEnd, from);
	}
}

/**
 * The bytes as 32-bit words: 4 to 5 times the speed of a loop over bytes. One view is kept for the buffer read last,
 * because captured chunks lie in one batch and a new view costs more than a short scan.
 */
let view: DataView = new DataView(new ArrayBuffer(0));
let otherView: DataView = view;
let base = 0;

/** Heads that come in parts are read from the caller's memory and from the stream's own in turn. */
function changeView(buffer: ArrayBufferLike): void {
	const last = view;
	view = otherView.buffer === buffer ? otherView : new DataView(buffer);
	otherView = last;
}

/** A line that is no "name:": a fold, a space before the colon, or rubbish. Returns the colon or the next line's start. */
function oddLine(b: Uint8Array, from: number, nameStart: number, nameEnd: number, to: number): number {
	let i = nameEnd;
	if (i > nameStart && (b[i] === 32 || b[i] === 9)) {
		while (i < to && (b[i] === 32 || b[i] === 9)) i++;
		if (i === to) return INCOMPLETE;
		if (b[i] === 58) {
			scan.lenient |= LENIENT.spaceBeforeColon;
			return i;
		}
	}
	if (b[nameStart] === 32 || b[nameStart] === 9) {
		if (scan.headerCount === 0) return INVALID;
		scan.lenient |= LENIENT.obsFold;
	} else {
		if (scan.strict) return INVALID;
		// A control character is no header line of anybody: binary data, not a head.
		while (i < to && b[i] !== 10 && (VALUE[b[i]!] === 1 || b[i] === 13)) i++;
		if (i < to && b[i] !== 10) return INVALID;
		scan.lenient |= LENIENT.badHeaderLine;
	}
	const end = b.indexOf(10, i);
	if (end < 0 || end >= to) return INCOMPLETE;
	noteOddLine(b, from, nameStart, b[end - 1] === 13 ? end - 1 : end);
	return end + 1;
}

/** A fold belongs to the value before it; of other odd lines those with a colon are told as fields. */
function noteOddLine(b: Uint8Array, from: number, start: number, end: number): void {
	if (b[start] === 32 || b[start] === 9) {
		if (scan.indexed > 0) scan.index[scan.indexed - 1] = end - from;
		return;
	}
	const colon = b.indexOf(58, start);
	if (colon <= start || colon >= end) return;
	let nameEnd = colon;
	while (nameEnd > start && isSpace(b[nameEnd - 1]!)) nameEnd--;
	let value = colon + 1;
	while (value < end && isSpace(b[value]!)) value++;
	scan.note(start - from, nameEnd - from, value - from, end - from);
}

function isSpace(c: number): boolean {
	return c === 32 || c === 9;
}

/** Behind a value that ended in something else than CRLF: a bare LF, or bytes that do not belong there. */
function oddValueEnd(b: Uint8Array, at: number, to: number): number {
	const end = b.indexOf(10, at);
	if (end < 0 || end >= to) return INCOMPLETE;
	scan.lenient |= end === at ? LENIENT.bareLf : LENIENT.badHeaderValue;
	return end + 1;
}

/** By their length. */
const COMMON: readonly (readonly string[])[] = [
	...[[], [], []],
	...[["GET", "PUT"], ["POST", "HEAD"], ["PATCH"], ["DELETE"], ["OPTIONS", "CONNECT"]],
];

/** The method at bytes[at..at + length) when it is a common one: no string is made for it. Methods are case-sensitive. */
function methodAt(bytes: Uint8Array, at: number, length: number): string {
	const methods = length < COMMON.length ? COMMON[length]! : COMMON[0]!;
	for (let k = 0; k < methods.length; k++) {
		const method = methods[k]!;
		let i = 0;
		while (i < length && bytes[at + i] === method.charCodeAt(i)) i++;
		if (i === length) return method;
	}
	return "";
}

const METHODS: ReadonlySet<string> = new Set(
	(
		"GET HEAD POST PUT DELETE OPTIONS PATCH CONNECT TRACE PROPFIND PROPPATCH MKCOL MKACTIVITY COPY MOVE LOCK UNLOCK REPORT " +
		"SEARCH PURGE CHECKOUT MERGE SUBSCRIBE UNSUBSCRIBE NOTIFY LINK UNLINK ACL BIND REBIND UNBIND QUERY"
	).split(" "),
);

/**
 * True when the head that was scanned last, at bytes[from], is one that no body shows by chance: it has fields; a request
 * has a method of the registry, so that the end of a body before it is not read as part of it, and its Host.
 */
export function isBelievable(bytes: Uint8Array, from: number): boolean {
	if (scan.headerCount === 0) return false;
	if (scan.response) return true;
	if (scan.minor > 0 && (scan.fields & FIELD.host) === 0) return false;
	return METHODS.has(latin1(bytes, from, from + scan.methodEnd));
}
