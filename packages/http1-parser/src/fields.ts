import { ascii, equalsIgnoringCase } from "./bytes.ts";
import { LENIENT } from "./reasons.ts";
import { FIELD, type HeadScan } from "./scan.ts";

const CONTENT_LENGTH = ascii("content-length");
const TRANSFER_ENCODING = ascii("transfer-encoding");
const TRACEPARENT = ascii("traceparent");
const X_B3 = ascii("x-b3-");
const UPGRADE = ascii("upgrade");
const EXPECT = ascii("expect");
const HOST = ascii("host");
const SW8 = ascii("sw8");

/** How the names that matter begin, by their length; those that begin with an "x" beside. */
export const FIRST: Uint8Array = new Uint8Array(256);
for (const name of [CONTENT_LENGTH, TRANSFER_ENCODING, TRACEPARENT, UPGRADE, EXPECT, HOST, SW8, ascii("b3")]) {
	FIRST[name.length] = name[0]!;
}

/** Notes the fields that matter; their lengths tell most others apart before a byte is compared. */
export function noteField(
	scan: HeadScan,
	b: Uint8Array,
	name: number,
	length: number,
	value: number,
	end: number,
	from: number,
): void {
	switch (length) {
		case 2:
			if ((b[name]! | 32) === 0x62 && b[name + 1] === 0x33) scan.fields |= FIELD.b3;
			return;
		case 3:
			if (equalsIgnoringCase(b, name, SW8)) scan.fields |= FIELD.sw8;
			return;
		case 4:
			if ((scan.fields & FIELD.host) === 0 && equalsIgnoringCase(b, name, HOST)) {
				scan.fields |= FIELD.host;
				scan.hostStart = value - from;
				scan.hostEnd = end - from;
			}
			return;
		case 6:
			if (equalsIgnoringCase(b, name, EXPECT)) scan.fields |= FIELD.expect;
			return;
		case 7:
			if (equalsIgnoringCase(b, name, UPGRADE)) scan.fields |= FIELD.upgrade;
			return;
		case 11:
			if (equalsIgnoringCase(b, name, TRACEPARENT)) scan.fields |= FIELD.traceparent;
			else if (equalsIgnoringCase(b, name, X_B3)) scan.fields |= FIELD.xb3;
			return;
		case 12:
			if (equalsIgnoringCase(b, name, X_B3)) scan.fields |= FIELD.xb3;
			return;
		case 14:
			if (equalsIgnoringCase(b, name, CONTENT_LENGTH)) noteContentLength(scan, b, value, end);
			return;
		case 17:
			if (equalsIgnoringCase(b, name, TRANSFER_ENCODING)) noteTransferEncoding(scan, b, value, end);
	}
}

/** Digits; a list of equal numbers counts as repeated fields do. */
function noteContentLength(scan: HeadScan, b: Uint8Array, value: number, end: number): void {
	scan.fields |= FIELD.contentLength;
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
			scan.lenient |= LENIENT.badContentLength;
			scan.lengthConflict = true;
			return;
		}
		if (scan.contentLength < 0) scan.contentLength = length;
		else if (scan.contentLength === length) scan.lenient |= LENIENT.duplicateContentLength;
		else {
			scan.lenient |= LENIENT.contentLengthConflict;
			scan.lengthConflict = true;
		}
		if (i >= end) return;
		i++;
		while (i < end && (b[i] === 32 || b[i] === 9)) i++;
	}
}

const CHUNKED = ascii("chunked");

/** Only the last coding decides; parameters of others do not matter. */
function noteTransferEncoding(scan: HeadScan, b: Uint8Array, value: number, end: number): void {
	scan.fields |= FIELD.transferEncoding;
	let last = end;
	while (last > value && (b[last - 1] === 32 || b[last - 1] === 9 || b[last - 1] === 13 || b[last - 1] === 44)) last--;
	const at = last - 7;
	const separated = at === value || (at > value && (b[at - 1] === 44 || b[at - 1] === 32 || b[at - 1] === 9));
	scan.transferEncoding = separated && equalsIgnoringCase(b, at, CHUNKED) ? 1 : 2;
	if (scan.transferEncoding === 2) scan.lenient |= LENIENT.teNotFinalChunked;
}
