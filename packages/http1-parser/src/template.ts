import { isBlank, latin1 } from "./bytes.ts";
import { Change } from "./change.ts";
import { controlAt, firstOther, viewOf } from "./compare.ts";
import { noteContentLength, noteHost, valueStart } from "./fields.ts";
import type { HttpMessage } from "./http-message.ts";
import { copyIn, INCOMPLETE } from "./scan.ts";
import * as FIELD from "./signals.ts";
import { scanStartLine } from "./start-line.ts";
import { TemplateText } from "./template-text.ts";

/** The head is not like the template. */
export const MISS = -3;

/** So much longer than its template a head may be. */
const ROOM = 256;
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
 * Only plain heads become one: lines that end in CRLF, no leniency, nothing but ASCII without controls.
 */
export class Template {
	/** Stands for the names and what the client is. */
	readonly shape: number;
	readonly response: boolean;
	readonly headerCount: number;
	readonly length: number;
	readonly text: TemplateText;
	readonly #head: HttpMessage;
	/** Its bytes. */
	readonly #view: DataView;
	/** Three bytes of the method, or the status. */
	readonly #mark: number;
	/** Where lines begin, the blank one too; their colons; and what their values are for. */
	readonly #starts: number[] = [];
	readonly #colons: number[] = [];
	readonly #kinds: number[] = [];
	/** Of each byte its line's number; -1: the start line. */
	readonly #lines: Int8Array;

	/** `head` was scanned from these bytes, and is only for this. */
	constructor(head: HttpMessage, bytes: Uint8Array, from: number, to: number, shape: number) {
		const own = bytes.slice(from, to);
		this.shape = shape;
		this.length = to - from;
		this.response = head.response;
		this.headerCount = head.headerCount;
		this.#head = head;
		this.text = this.#readLines(own);
		this.#view = new DataView(own.buffer);
		this.#mark = this.#view.getInt32(head.response ? 9 : 0, true) & 0xffffff;
		this.#lines = new Int8Array(this.length).fill(START);
		for (const [k, start] of this.#starts.entries()) this.#lines.fill(k, start);
	}

	#readLines(b: Uint8Array): TemplateText {
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
		const at = this.response ? from + 9 : from;
		return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)) === this.#mark;
	}

	/**
	 * Reads the head at bytes[from..to) when it is like this one. Returns the index behind it, `INCOMPLETE`, or `MISS`: then
	 * it has to be scanned.
	 */
	read(head: HttpMessage, bytes: Uint8Array, from: number, to: number): number {
		const { length } = this;
		const ours = this.#view;
		const starts = this.#starts;
		const view = viewOf(bytes);
		const base = bytes.byteOffset;
		let changes: Change | undefined;
		let at = 0;
		/** Where the template's first byte would be if the rest of the head were like its rest. */
		let place = from;
		if (head.template === this.text) {
			changes = head.changes;
			at = head.textStart;
			if (changes !== undefined) place += changes.end - starts[changes.line + 1]!;
			if (place + at > to) return MISS;
		}
		for (let left = MOST_CHANGES; ; ) {
			const have = to - place;
			at = firstOther(ours, at, view, place + base, have < length ? have : length);
			if (at === length) break;
			if (at === have) return this.#pause(head, changes, at);
			if (--left === 0) return MISS;
			let next: number;
			const k = this.#lines[at]! + 1;
			if (k === 0) {
				const most = from + starts[0]! + ROOM;
				const count = this.#readStart(head, copyIn(bytes, from, to < most ? to : most));
				if (count === INCOMPLETE && to <= most) return this.#pause(head, undefined, 0);
				if (count < 0) return MISS;
				next = from + count;
				changes = new Change(START, 0, count, undefined);
			} else {
				if (k > this.headerCount || at <= this.#colons[k - 1]! || this.#kinds[k - 1] === FIXED) return MISS;
				// What differs behind a CR may make that one a part of the value.
				const line = place + Math.min(at, starts[k]! - 2);
				const control = controlAt(view, line + base, to + base) - base;
				next = control + 2;
				if (next > to || bytes[control] !== 13 || bytes[control + 1] !== 10) {
					const open = control === to || (next > to && bytes[control] === 13);
					return open && to - from <= length + ROOM ? this.#pause(head, changes, at) : MISS;
				}
				changes = new Change(k - 1, starts[k - 1]! + place - from, next - from, changes);
			}
			// The rest is compared where it is.
			at = starts[k]!;
			place = next - at;
		}
		this.#fill(head, bytes, from, changes);
		return place + length;
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
