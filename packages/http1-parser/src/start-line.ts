import { ascii, latin1, TOKEN, VALUE } from "./bytes.ts";
import type { HttpMessage } from "./http-message.ts";
import * as LENIENT from "./lenient.ts";
import { BLANK, below, INCOMPLETE, INVALID, lineEnd, memory, words } from "./scan.ts";

/** Reads the first line of the head that was copied in. Returns the index behind it, `INCOMPLETE` or `INVALID`. */
export function scanStartLine(head: HttpMessage, count: number): number {
	return isVersionStart(0, count) ? scanStatusLine(head, count) : scanRequestLine(head, count);
}

const HTTP: Uint8Array = ascii("http/");

/** "HTTP/" in any case. */
function isVersionStart(i: number, count: number): boolean {
	return memory[i + 4] === 0x2f && i + 5 <= count && isPrefixOf(memory, i, count);
}

/** True while b[i..to) is, or may still become, "HTTP/". */
export function isPrefixOf(b: Uint8Array, i: number, to: number): boolean {
	for (let k = 0; k < 5 && i + k < to; k++) if ((b[i + k]! | 32) !== HTTP[k]) return false;
	return true;
}

function scanRequestLine(head: HttpMessage, count: number): number {
	const b = memory;
	let i = 0;
	while (TOKEN[b[i]!] === 1) i++;
	if (i > 64) return INVALID;
	if (i === count) return INCOMPLETE;
	if (b[i] !== 32 || i === 0) return INVALID;
	head.methodEnd = i;
	head.knownMethod = methodOf(b, i);
	while (b[i] === 32) i++;
	const start = i;
	for (;;) {
		const end = below(words, i, BLANK);
		if (end === count) return INCOMPLETE;
		if (b[end] !== 32) return INVALID;
		i = end;
		while (b[i] === 32) i++;
		if (i + 8 >= count && isPrefixOf(b, i, count)) return INCOMPLETE;
		if (isVersionStart(i, count)) {
			head.response = false;
			head.partStart = start;
			head.partEnd = end;
			return end === start ? INVALID : scanVersionEnd(head, i, count);
		}
		if (head.guess) return INVALID;
		head.lenient |= LENIENT.spaceInTarget;
	}
}

/** "HTTP/1.x" and the end of its line. */
function scanVersionEnd(head: HttpMessage, at: number, count: number): number {
	if (!scanVersion(head, at)) return INVALID;
	let i = at + 8;
	while (memory[i] === 32) i++;
	return lineEnd(head, i, count);
}

function scanVersion(head: HttpMessage, at: number): boolean {
	const b = memory;
	if (b[at] !== 0x48) head.lenient |= LENIENT.lowercaseVersion;
	const minor = b[at + 7]! - 48;
	head.minor = minor;
	return b[at + 5] === 0x31 && b[at + 6] === 0x2e && minor >= 0 && minor <= 9;
}

/**
 * Takes what is there of a request line that does not end in b[from..to), and that `scanStartLine` found to be incomplete.
 * False: it begins a response, or so little is there that it may.
 */
export function takeCutRequestLine(head: HttpMessage, b: Uint8Array, from: number, to: number): boolean {
	let i = from;
	while (i < to && TOKEN[b[i]!] === 1) i++;
	const whole = i < to;
	if (whole && b[i] === 0x2f) return false;
	head.response = false;
	head.minor = 1;
	head.knownMethod = whole ? methodOf(b.subarray(from, i), i - from) : "";
	head.methodEnd = whole ? i - from : 0;
	// The beginning of a method that is cut tells which ones it cannot be.
	const method = latin1(b, from, i);
	head.mayLackBody = !whole && ("HEAD".startsWith(method) || "CONNECT".startsWith(method));
	while (i < to && b[i] === 32) i++;
	head.partStart = i - from;
	head.partEnd = targetEnd(b, i, to) - from;
	head.headersStart = to - from;
	return true;
}

/** Where a target that begins at `from` ends: before what may be the version's beginning. */
function targetEnd(b: Uint8Array, from: number, to: number): number {
	let space = to;
	while (space > from && b[space - 1] !== 32) space--;
	if (space === from || !isPrefixOf(b, space, to)) return to;
	while (space > from && b[space - 1] === 32) space--;
	return space;
}

function scanStatusLine(head: HttpMessage, count: number): number {
	const b = memory;
	if (count < 13) return INCOMPLETE;
	head.response = true;
	if (!scanVersion(head, 0) || b[8] !== 32) return INVALID;
	let i = 9;
	while (b[i] === 32) i++;
	if (i + 4 > count) return INCOMPLETE;
	const x = b[i]! - 48;
	const y = b[i + 1]! - 48;
	const z = b[i + 2]! - 48;
	if (x < 1 || x > 9 || y < 0 || y > 9 || z < 0 || z > 9) return INVALID;
	head.status = x * 100 + y * 10 + z;
	i += 3;
	if (b[i] === 32) i++;
	else head.lenient |= LENIENT.missingReason;
	head.partStart = i;
	while (VALUE[b[i]!] === 1) i++;
	head.partEnd = i;
	return lineEnd(head, i, count);
}

/** The methods of the registry, and some that are as common; the most common ones first. By their length. */
const METHODS: string[][] = Array.from({ length: 12 }, () => []);
for (const method of (
	"GET PUT POST HEAD PATCH DELETE OPTIONS CONNECT TRACE PROPFIND PROPPATCH MKCOL MKACTIVITY COPY MOVE LOCK UNLOCK REPORT SEARCH " +
	"PURGE CHECKOUT MERGE SUBSCRIBE UNSUBSCRIBE NOTIFY LINK UNLINK ACL BIND REBIND UNBIND QUERY"
).split(" ")) {
	METHODS[method.length]!.push(method);
}

/** The method at the beginning when it is a known one: no string is made for it. Methods are case-sensitive. */
function methodOf(b: Uint8Array, length: number): string {
	const methods = METHODS[length] ?? METHODS[0]!;
	for (let k = 0; k < methods.length; k++) {
		const method = methods[k]!;
		let i = 0;
		while (i < length && b[i] === method.charCodeAt(i)) i++;
		if (i === length) return method;
	}
	return "";
}
