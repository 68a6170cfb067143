import { ascii, latin1, TOKEN, VALUE } from "./bytes.ts";
import { noteField } from "./fields.ts";
import { LENIENT } from "./reasons.ts";
import { FIELD, scan } from "./scan.ts";

/** More bytes are needed. */
export const INCOMPLETE = -1;
/** These bytes begin no message. */
export const INVALID = -2;

/**
 * Reads one head from bytes[from..to) into `scan`. Returns the index behind its blank line, `INCOMPLETE` or `INVALID`.
 * One pass, no strings, no allocation.
 */
export function scanHead(bytes: Uint8Array, from: number, to: number): number {
	scan.startLine = false;
	scan.lenient = 0;
	viewOf(bytes);
	const at = isVersionStart(bytes, from, to) ? scanStatusLine(bytes, from, to) : scanRequestLine(bytes, from, to);
	if (at < 0) return at;
	scan.startLine = true;
	scan.headersStart = at - from;
	scan.headerCount = 0;
	scan.fields = 0;
	scan.contentLength = -1;
	scan.lengthConflict = false;
	scan.transferEncoding = 0;
	return scanFields(bytes, from, at, to);
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
function isPrefixOfVersion(b: Uint8Array, i: number, to: number): boolean {
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

function scanFields(b: Uint8Array, from: number, at: number, to: number): number {
	let i = at;
	for (;;) {
		if (i >= to) return INCOMPLETE;
		const first = b[i]!;
		if (first === 13 || first === 10) {
			return lineEnd(b, i, to);
		}
		const nameStart = i;
		while (i < to && TOKEN[b[i]!] === 1) i++;
		if (i === to) return INCOMPLETE;
		const nameEnd = i;
		if (b[i] !== 58 || nameEnd === nameStart) {
			i = oddLine(b, nameStart, nameEnd, to);
			if (i < 0) return i;
			if (b[i] !== 58) continue;
		}
		i++;
		while (i < to && (b[i] === 32 || b[i] === 9)) i++;
		const valueStart = i;
		i = valueEndFrom(b, i, to);
		if (i + 1 >= to && (i === to || b[i] === 13)) return INCOMPLETE;
		let valueEnd = i;
		if (b[i] === 13 && b[i + 1] === 10) i += 2;
		else {
			i = oddValueEnd(b, i, to);
			if (i < 0) return INCOMPLETE;
			valueEnd = i - 1;
		}
		scan.headerCount++;
		noteField(b, nameStart, nameEnd - nameStart, valueStart, valueEnd, from);
	}
}

/** Behind the bytes of a value: four at a time, because most of a head is values. */
function valueEndFrom(b: Uint8Array, from: number, to: number): number {
	let i = from;
	for (;;) {
		for (let word = 0; i + 4 <= to; i += 4) {
			word = view.getInt32(base + i, true);
			// One of the four bytes is below 32.
			if (((word - 0x20202020) & ~word & 0x80808080) !== 0) break;
		}
		while (i < to && b[i]! > 31) i++;
		// A tab may be within a value; a DEL is let through.
		if (i === to || b[i] !== 9) return i;
		i++;
	}
}

/**
 * The bytes as 32-bit words: 4 to 5 times the speed of a loop over bytes. One view is kept for the buffer read last,
 * because captured chunks lie in one batch and a new view costs more than a short scan.
 */
let view: DataView = new DataView(new ArrayBuffer(0));
let base = 0;

function viewOf(bytes: Uint8Array): void {
	base = bytes.byteOffset;
	if (view.buffer !== bytes.buffer) view = new DataView(bytes.buffer);
}

/** A line that is no "name:": a fold, a space before the colon, or rubbish. Returns the colon or the next line's start. */
function oddLine(b: Uint8Array, nameStart: number, nameEnd: number, to: number): number {
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
	return end < 0 || end >= to ? INCOMPLETE : end + 1;
}

/** Behind a value that ended in something else than CRLF: a bare LF, or bytes that do not belong there. */
function oddValueEnd(b: Uint8Array, at: number, to: number): number {
	const end = b.indexOf(10, at);
	if (end < 0 || end >= to) return INCOMPLETE;
	scan.lenient |= end === at ? LENIENT.bareLf : LENIENT.badHeaderValue;
	return end + 1;
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
