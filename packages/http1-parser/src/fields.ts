import { ascii, equalsIgnoringCase, isBlank } from "./bytes.ts";
import type { HttpMessage } from "./http-message.ts";
import * as LENIENT from "./lenient.ts";
import { memory } from "./scan.ts";
import * as FIELD from "./signals.ts";

interface Field {
	/** Lower case. */
	readonly name: Uint8Array;
	readonly bit: number;
}

/** The names that matter, by the lowest five bits of their first letter. */
const FIELDS: readonly Field[][] = Array.from({ length: 32 }, () => []);
/** First letters of names that matter. */
export const INTERESTING: Uint8Array = new Uint8Array(256);
for (const [name, bit] of [
	["host", FIELD.host],
	["content-length", FIELD.contentLength],
	["transfer-encoding", FIELD.transferEncoding],
	["upgrade", FIELD.upgrade],
	["expect", FIELD.expect],
	["traceparent", FIELD.traceparent],
	["b3", FIELD.b3],
	["x-b3-traceid", FIELD.xb3],
	["sw8", FIELD.sw8],
	["user-agent", FIELD.constant],
	["accept-encoding", FIELD.constant],
	["accept-language", FIELD.constant],
] as const) {
	const letter = name.charCodeAt(0);
	FIELDS[letter & 31]!.push({ name: ascii(name), bit });
	INTERESTING[letter] = INTERESTING[letter - 32] = 1;
}

/** Notes a line of memory when its name matters. `next`: where the line behind it begins; `shift`: what is before memory. */
export function noteField(head: HttpMessage, start: number, next: number, shift: number): void {
	const b = memory;
	const fields = FIELDS[b[start]! & 31]!;
	for (let k = 0; k < fields.length; k++) {
		const { name, bit } = fields[k]!;
		let i = start + name.length;
		// Where the name would end, nearly every other name goes on.
		if (b[i] !== 58) {
			if (b[i] !== 32 && b[i] !== 9) continue;
			while (b[i] === 32 || b[i] === 9) i++;
			if (b[i] !== 58) continue;
		}
		if (!equalsIgnoringCase(b, start, name)) continue;
		let end = next - 1;
		if (b[end - 1] === 13 && end - 1 > i) end--;
		do i++;
		while (i < end && (b[i] === 32 || b[i] === 9));
		if (bit === FIELD.host) noteHost(head, b, i, end, shift);
		else if (bit === FIELD.contentLength) noteContentLength(head, b, i, end);
		else if (bit === FIELD.transferEncoding) noteTransferEncoding(head, b, i, end);
		else if (bit === FIELD.constant) {
			head.constantSignature ^= signatureOf(b, i, end);
			head.constantBytes += name.length + 4 + end - i;
		}
		head.fields |= bit;
		return;
	}
}

/** The first one counts. */
export function noteHost(head: HttpMessage, b: Uint8Array, value: number, end: number, shift: number): void {
	if ((head.fields & FIELD.host) !== 0) return;
	head.hostStart = value + shift;
	head.hostEnd = end + shift;
	head.hostSignature = signatureOf(b, value, end);
}

/** Of a value's length and eight of its bytes: enough to tell two clients apart. */
function signatureOf(b: Uint8Array, value: number, end: number): number {
	const step = ((end - value) >> 3) + 1;
	let signature = end - value + 1;
	for (let i = value; i < end; i += step) signature = Math.imul(signature ^ b[i]!, 0x01000193);
	return signature;
}

/** Digits; a list of equal numbers counts as repeated fields do. */
export function noteContentLength(head: HttpMessage, b: Uint8Array, value: number, end: number): void {
	let i = value;
	for (;;) {
		let length = 0;
		let digits = 0;
		while (i < end && b[i]! >= 48 && b[i]! <= 57) {
			length = length * 10 + b[i++]! - 48;
			digits++;
		}
		while (i < end && (b[i] === 32 || b[i] === 9 || b[i] === 13)) i++;
		if (digits === 0 || (i < end && b[i] !== 44) || length > Number.MAX_SAFE_INTEGER) {
			head.lenient |= LENIENT.badContentLength;
			head.lengthConflict = true;
			return;
		}
		if (head.contentLength < 0) head.contentLength = length;
		else if (head.contentLength === length) head.lenient |= LENIENT.duplicateContentLength;
		else {
			head.lenient |= LENIENT.contentLengthConflict;
			head.lengthConflict = true;
		}
		if (i >= end) return;
		i++;
		while (i < end && (b[i] === 32 || b[i] === 9)) i++;
	}
}

const CHUNKED = ascii("chunked");

/** Only the last coding decides; parameters of others do not matter. */
function noteTransferEncoding(head: HttpMessage, b: Uint8Array, value: number, end: number): void {
	let last = end;
	while (last > value && (b[last - 1] === 32 || b[last - 1] === 9 || b[last - 1] === 13 || b[last - 1] === 44)) last--;
	const at = last - 7;
	const separated = at === value || (at > value && (b[at - 1] === 44 || b[at - 1] === 32 || b[at - 1] === 9));
	head.transferEncoding = separated && equalsIgnoringCase(b, at, CHUNKED) ? 1 : 2;
	if (head.transferEncoding === 2) head.lenient |= LENIENT.teNotFinalChunked;
}

/** Where the value of a line begins, before its end. */
export function valueStart(bytes: Uint8Array, colon: number, end: number): number {
	let i = colon + 1;
	while (i < end && isBlank(bytes[i])) i++;
	return i;
}
