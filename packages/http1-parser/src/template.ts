import { isBlank, latin1 } from "./bytes.ts";
import { Change } from "./change.ts";
import { noteContentLength, noteHost, valueStart } from "./fields.ts";
import type { HttpMessage } from "./http-message.ts";
import { below, CONTROL, copyIn, hold, INCOMPLETE, memory, placeOf, words } from "./scan.ts";
import * as FIELD from "./signals.ts";
import { scanStartLine } from "./start-line.ts";
import { TemplateText } from "./template-text.ts";

/** The head is not like the template. */
export const MISS = -3;

/** So much longer than its template a head may be. */
const ROOM = 256;
/** So much is copied at once of heads that follow each other. */
const SEVERAL = 4096;
/** With more lines that differ a head is as quickly scanned. */
const MOST_CHANGES = 8;
/** The start line. */
const START = -1;

/** What another value of a line means: nothing, or that it has to be read; of a fixed line it is a miss. */
const FREE = 0;
const LENGTH = 1;
const HOST = 2;
const FIXED = 3;
const KINDS: Readonly<Record<string, number>> = {
	host: HOST,
	"content-length": LENGTH,
	"transfer-encoding": FIXED,
	"user-agent": FIXED,
	"accept-encoding": FIXED,
	"accept-language": FIXED,
};

/**
 * A head that was read, to be compared with the next ones: what is the same in them need not be scanned, nor made into
 * strings again. It is never changed.
 *
 * ```
 *   template   GET /a HTTP/1.1  Host: h  Date: 10:20:31  Accept: x  (blank)
 *   head       GET /a HTTP/1.1  Host: h  Date: 10:20:32  Accept: x  (blank)
 *              ======= compared ======== -- scanned ---- == compared ======
 * ```
 *
 * Only plain heads become one: lines that end in CRLF, no leniency, nothing but ASCII without controls. So eight bytes may be compared
 * as one number: none of the template's is a zero, of which there are two, or not a number, which is like none.
 */
export class Template {
	/** Stands for the names and what the client is. */
	readonly shape: number;
	readonly response: boolean;
	readonly headerCount: number;
	readonly length: number;
	readonly text: TemplateText;
	readonly #head: HttpMessage;
	readonly #bytes: Uint8Array;
	/** The bytes as numbers, beginning with 0 to 7 others: memory has the head at any place. Made when they are needed. */
	readonly #numbers: (Float64Array | undefined)[] = Array.from({ length: 8 }, () => undefined);
	/** Where lines begin, the blank one too; their colons; and what their values are for. */
	readonly #starts: number[] = [];
	readonly #colons: number[] = [];
	readonly #kinds: number[] = [];

	/** `head` was scanned from these bytes, and is only for this. */
	constructor(head: HttpMessage, bytes: Uint8Array, from: number, to: number, shape: number) {
		this.#bytes = bytes.slice(from, to);
		this.shape = shape;
		this.length = to - from;
		this.response = head.response;
		this.headerCount = head.headerCount;
		this.#head = head;
		this.text = this.#readLines();
	}

	#readLines(): TemplateText {
		const b = this.#bytes;
		const head = this.#head;
		const flat: string[] = [];
		let at = head.headersStart;
		for (let k = 0; k < this.headerCount; k++) {
			const colon = b.indexOf(58, at);
			// Made of the bytes one by one: parts of a text would keep all of it.
			const name = latin1(b, at, colon);
			this.#starts.push(at);
			this.#colons.push(colon);
			at = b.indexOf(10, colon) + 1;
			let end = at - 2;
			while (isBlank(b[end - 1])) end--;
			flat.push(name, latin1(b, valueStart(b, colon, end), end));
			const kind = KINDS[name.toLowerCase()] ?? FREE;
			// Of hosts the first one counts.
			this.#kinds.push(kind === HOST && this.#kinds.includes(HOST) ? FIXED : kind);
		}
		this.#starts.push(at);
		const host = (head.fields & FIELD.host) === 0 ? "" : latin1(b, head.hostStart, head.hostEnd).trim();
		return new TemplateText(latin1(b, head.partStart, head.partEnd), host, this.#kinds.indexOf(HOST), flat);
	}

	/** Begins as this one does, as far as one look can tell: the same method, or the same status. */
	mayBe(bytes: Uint8Array, from: number): boolean {
		const b = this.#bytes;
		const at = this.response ? 9 : 0;
		return bytes[from + at] === b[at] && bytes[from + at + 1] === b[at + 1] && bytes[from + at + 2] === b[at + 2];
	}

	/** The bytes as numbers, so many others before them. */
	#numbersBehind(before: number): Float64Array {
		const end = before + this.length;
		// What is behind is like nothing and ends the comparison.
		const numbers = new Float64Array((end >> 3) + 3).fill(Number.NaN, (end + 7) >> 3);
		new Uint8Array(numbers.buffer).set(this.#bytes, before);
		this.#numbers[before] = numbers;
		return numbers;
	}

	/**
	 * Reads the head at bytes[from..to) when it is like this one. Returns the index behind it, `INCOMPLETE`, or `MISS`: then
	 * it has to be scanned.
	 */
	read(head: HttpMessage, bytes: Uint8Array, from: number, to: number): number {
		const { length, headerCount } = this;
		const t = this.#bytes;
		const starts = this.#starts;
		let changes: Change | undefined;
		let at = 0;
		let k = START;
		/** How much further on than in the template the rest of the head is. */
		let shift = 0;
		if (head.template === this.text) {
			changes = head.changes;
			at = head.textStart;
			if (changes !== undefined) {
				k = changes.line + 1;
				shift = changes.end - starts[k]!;
			}
		}
		const most = from + length + ROOM;
		const enough = to < most ? to : most;
		if (from + at + shift > to) return MISS;
		/** Where memory has the template's first byte, or would have it; and where it ends. */
		let place = at === 0 ? placeOf(bytes, from, enough) : -1;
		let count = place + enough - from;
		if (place < 0) {
			place = 0;
			const several = from > 0 && at === 0 && to > enough;
			const until = several ? Math.max(enough, Math.min(to, from + SEVERAL)) : enough;
			count = copyIn(bytes, from + at + shift, until, at);
			if (several) hold(bytes, from, until);
		}
		const b = memory;
		let left = MOST_CHANGES;
		for (;;) {
			const theirs = this.#numbers[place & 7] ?? this.#numbersBehind(place & 7);
			at = firstOther(t, theirs, at, place);
			if (at >= length) break;
			// What ends the bytes that were copied, ends all there are; or the head has grown too long.
			if (at + place >= count) return to > most ? MISS : this.#pause(head, changes, at);
			if (--left === 0) return MISS;
			let end: number;
			if (at < starts[0]!) {
				// It is scanned where memory begins.
				if (place > 0) count = copyIn(bytes, from, enough);
				end = this.#readStart(head, count);
				if (end === INCOMPLETE && to <= most) return this.#pause(head, undefined, 0);
				if (end < 0) return MISS;
				changes = new Change(START, 0, end, undefined);
				place = 0;
				k = 0;
			} else {
				if (k < 0) k = 0;
				while (k < headerCount && at >= starts[k + 1]!) k++;
				if (k === headerCount || at <= this.#colons[k]! || this.#kinds[k] === FIXED) return MISS;
				// What differs behind a CR may make that one a part of the value.
				end = below(words, Math.min(at, starts[k + 1]! - 2) + place, CONTROL);
				while (b[end] === 9) end = below(words, end + 1, CONTROL);
				if (b[end] !== 13 || b[end + 1] !== 10) {
					const open = end >= count || (b[end] === 13 && end + 1 === count);
					return open && to <= most ? this.#pause(head, changes, at) : MISS;
				}
				end += 2;
				changes = new Change(k, starts[k]! + shift, end - place + shift, changes);
				k++;
			}
			// The rest is compared where it is.
			at = starts[k]!;
			shift += end - place - at;
			place = end - at;
		}
		this.#fill(head, bytes, from, changes);
		return from + length + shift;
	}

	/** More bytes are needed: from the last one that was the same on they are compared then. Or everything is scanned. */
	#pause(head: HttpMessage, changes: Change | undefined, at: number): number {
		// A start line is scanned as a whole.
		const again = at <= this.#starts[0]!;
		head.resume = 0;
		head.template = this.text;
		head.changes = again ? undefined : changes;
		head.textStart = again ? 0 : at - 1;
		return INCOMPLETE;
	}

	/** Another start line of the same kind. */
	#readStart(head: HttpMessage, count: number): number {
		head.startScan();
		const end = scanStartLine(head, count);
		if (end < 0) return end;
		const same = head.response ? this.response : !this.response && head.knownMethod !== "";
		return same && head.lenient === 0 ? end : MISS;
	}

	/** Everything that a scan notes. */
	#fill(head: HttpMessage, bytes: Uint8Array, from: number, changes: Change | undefined): void {
		const mine = this.#head;
		let first = changes;
		while (first?.before !== undefined) first = first.before;
		if (first?.line === START) head.headersStart = first.end;
		else {
			head.lenient = head.fields = 0;
			head.lengthConflict = head.mayLackBody = false;
			head.response = mine.response;
			head.knownMethod = mine.knownMethod;
			head.methodEnd = mine.methodEnd;
			head.partStart = mine.partStart;
			head.partEnd = mine.partEnd;
			head.minor = mine.minor;
			head.status = mine.status;
			head.headersStart = mine.headersStart;
		}
		head.headerCount = mine.headerCount;
		head.hostStart = mine.hostStart;
		head.hostEnd = mine.hostEnd;
		head.hostSignature = mine.hostSignature;
		head.constantSignature = mine.constantSignature;
		head.constantBytes = mine.constantBytes;
		head.contentLength = mine.contentLength;
		head.transferEncoding = mine.transferEncoding;
		for (let change = changes; change !== undefined; change = change.before) {
			const kind = change.line < 0 ? FREE : this.#kinds[change.line]!;
			if (kind !== FREE) this.#note(head, bytes, from, change, kind);
		}
		head.fields = mine.fields;
		head.thorough = true;
		head.template = this.text;
		head.changes = changes;
		head.textStart = first === undefined ? this.length : first.start;
	}

	#note(head: HttpMessage, bytes: Uint8Array, from: number, { line, start, end }: Change, kind: number): void {
		const to = from + end - 2;
		const value = valueStart(bytes, from + start + this.#colons[line]! - this.#starts[line]!, to);
		if (kind === HOST) noteHost(head, bytes, value, to, -from);
		else {
			head.contentLength = -1;
			noteContentLength(head, bytes, value, to);
		}
	}
}

/** Memory once more: what is only compared goes by eight bytes at once. */
let numbers: Float64Array = new Float64Array(0);

/** The first byte from `at` on that is another one in memory. */
function firstOther(t: Uint8Array, theirs: Float64Array, at: number, place: number): number {
	const b = memory;
	if (numbers.length * 8 !== b.length) numbers = new Float64Array(b.buffer);
	const ours = numbers;
	const { length } = t;
	let i = at;
	while (((i + place) & 7) !== 0 && b[i + place] === t[i]) i++;
	if (((i + place) & 7) !== 0) return i;
	let k = (i + place) >> 3;
	let m = (i + (place & 7)) >> 3;
	while (ours[k] === theirs[m] && ours[k + 1] === theirs[m + 1]) {
		k += 2;
		m += 2;
	}
	if (ours[k] === theirs[m]) k++;
	i = (k << 3) - place;
	while (i < length && b[i + place] === t[i]) i++;
	return i;
}
