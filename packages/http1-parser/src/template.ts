import { latin1 } from "./bytes.ts";
import { Change } from "./change.ts";
import { noteContentLength, noteHost } from "./fields.ts";
import { isName } from "./headers.ts";
import type { HttpMessage } from "./http-message.ts";
import { below, CONTROL, copyIn, doubles, INCOMPLETE, memory, words } from "./scan.ts";
import { shortText } from "./short-text.ts";
import * as FIELD from "./signals.ts";
import { scanStartLine } from "./start-line.ts";

/** The head is not like the template. */
export const MISS = -3;

/** So much longer than its template a head may be. */
const ROOM = 256;
/** With more lines that differ a head is as quickly scanned. */
const MOST_CHANGES = 8;
/** Names whose lines are remembered. */
const MOST_ASKED = 8;
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
	/** Target or reason; and the host. */
	readonly part: string;
	readonly host: string;
	readonly length: number;
	readonly #head: HttpMessage;
	readonly #bytes: Uint8Array;
	readonly #doubles: Float64Array;
	/** Where lines begin, the blank one too; and what their values are for. */
	readonly #starts: number[] = [];
	readonly #kinds: number[] = [];
	/** Names and values in turn. */
	readonly #flat: string[] = [];
	/** The first names that were asked for, as they were written, and their lines; -1: none. */
	readonly #asked: string[] = [];
	readonly #answers: number[] = [];

	/** `head` was scanned from these bytes, and is only for this. */
	constructor(head: HttpMessage, bytes: Uint8Array, from: number, to: number, shape: number) {
		const length = to - from;
		// What is behind is like nothing and ends the comparison.
		this.#doubles = new Float64Array((length >> 3) + 3).fill(Number.NaN, (length + 7) >> 3);
		this.#bytes = new Uint8Array(this.#doubles.buffer, 0, length);
		this.#bytes.set(bytes.subarray(from, to));
		this.shape = shape;
		this.length = length;
		this.response = head.response;
		this.headerCount = head.headerCount;
		this.#head = head;
		this.part = latin1(bytes, from + head.partStart, from + head.partEnd);
		this.host =
			(head.fields & FIELD.host) === 0 ? "" : latin1(bytes, from + head.hostStart, from + head.hostEnd).trim();
		this.#readLines();
	}

	#readLines(): void {
		const b = this.#bytes;
		let at = this.#head.headersStart;
		for (let k = 0; k < this.headerCount; k++) {
			this.#starts.push(at);
			const colon = b.indexOf(58, at);
			at = b.indexOf(10, colon) + 1;
			// Made of the bytes one by one: parts of a text would keep all of it.
			const name = latin1(b, this.#starts[k]!, colon);
			let end = at - 2;
			while (b[end - 1] === 32 || b[end - 1] === 9) end--;
			this.#flat.push(name, latin1(b, valueStart(b, colon + 1, end), end));
			const kind = KINDS[name.toLowerCase()] ?? FREE;
			// Of hosts the first one counts.
			this.#kinds.push(kind === HOST && this.#kinds.includes(HOST) ? FIXED : kind);
		}
		this.#starts.push(at);
	}

	/** Where the colon of a line is. */
	#colon(k: number): number {
		return this.#starts[k]! + this.#flat[2 * k]!.length;
	}

	/** Begins as this one does, as far as one look can tell: the same method, or the same status. */
	mayBe(bytes: Uint8Array, from: number): boolean {
		const b = this.#bytes;
		const at = this.response ? 9 : 0;
		return bytes[from + at] === b[at] && bytes[from + at + 1] === b[at + 1] && bytes[from + at + 2] === b[at + 2];
	}

	/**
	 * Reads the head at bytes[from..to) when it is like this one. Returns the index behind it, `INCOMPLETE`, or `MISS`: then
	 * it has to be scanned.
	 */
	read(head: HttpMessage, bytes: Uint8Array, from: number, to: number): number {
		const { length, headerCount } = this;
		const theirs = this.#doubles;
		const t = this.#bytes;
		const starts = this.#starts;
		let changes: Change | undefined;
		let at = 0;
		let k = START;
		let shift = 0;
		if (head.template === this) {
			changes = head.changes;
			at = head.textStart;
			if (changes !== undefined) {
				k = changes.line + 1;
				shift = changes.end - starts[k]!;
			}
		}
		const most = from + length + ROOM;
		if (from + at + shift > to) return MISS;
		let count = copyIn(bytes, from + at + shift, to < most ? to : most, at);
		const ours = doubles;
		const b = memory;
		let left = MOST_CHANGES;
		for (;;) {
			while ((at & 7) !== 0 && b[at] === t[at]) at++;
			if ((at & 7) === 0) {
				let i = at >> 3;
				while (ours[i] === theirs[i] && ours[i + 1] === theirs[i + 1]) i += 2;
				if (ours[i] === theirs[i]) i++;
				at = i << 3;
				while (at < length && b[at] === t[at]) at++;
			}
			if (at >= length) break;
			// What ends the bytes that were copied, ends all there are; or the head has grown too long.
			if (at >= count) return to > most ? MISS : this.#pause(head, changes, at);
			if (--left === 0) return MISS;
			let end: number;
			if (at < starts[0]!) {
				end = this.#readStart(head, count);
				if (end === INCOMPLETE && to <= most) return this.#pause(head, undefined, 0);
				if (end < 0) return MISS;
				changes = new Change(START, 0, end, 0, 0, undefined);
				at = starts[0]!;
				k = 0;
			} else {
				if (k < 0) k = 0;
				while (k < headerCount && at >= starts[k + 1]!) k++;
				if (k === headerCount || at <= this.#colon(k) || this.#kinds[k] === FIXED) return MISS;
				// What differs behind a CR may make that one a part of the value.
				end = below(words, Math.min(at, starts[k + 1]! - 2), CONTROL);
				while (b[end] === 9) end = below(words, end + 1, CONTROL);
				if (b[end] !== 13 || b[end + 1] !== 10) {
					const open = end >= count || (b[end] === 13 && end + 1 === count);
					return open && to <= most ? this.#pause(head, changes, at) : MISS;
				}
				changes = this.#changed(k, bytes, from, shift, end, changes);
				end += 2;
				at = starts[++k]!;
			}
			if (end === at) continue;
			// The rest to where the template has it.
			b.copyWithin(at, end, count + 1);
			shift += end - at;
			count += at - end;
		}
		this.#fill(head, bytes, from, changes);
		return from + length + shift;
	}

	/** Line `k`, whose CR is at `end` of memory, is another one. The line's beginning need not be in memory. */
	#changed(
		k: number,
		bytes: Uint8Array,
		from: number,
		shift: number,
		end: number,
		before: Change | undefined,
	): Change {
		const base = from + shift;
		let start = this.#colon(k) + 1;
		let to = end;
		while (bytes[base + start] === 32 || bytes[base + start] === 9) start++;
		while (to > start && (bytes[base + to - 1] === 32 || bytes[base + to - 1] === 9)) to--;
		return new Change(k, this.#starts[k]! + shift, end + 2 + shift, start + shift, to + shift, before);
	}

	/** More bytes are needed: from the last one that was the same on they are compared then. Or everything is scanned. */
	#pause(head: HttpMessage, changes: Change | undefined, at: number): number {
		// A start line is scanned as a whole.
		const again = at <= this.#starts[0]!;
		head.resume = 0;
		head.template = this;
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
			head.startScan();
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
		head.template = this;
		head.changes = changes;
		head.textStart = first === undefined ? this.length : first.start;
	}

	#note(head: HttpMessage, bytes: Uint8Array, from: number, change: Change, kind: number): void {
		const value = from + change.valueStart;
		if (kind === HOST) noteHost(head, bytes, value, from + change.end - 2, -from);
		else {
			head.contentLength = -1;
			noteContentLength(head, bytes, value, from + change.valueEnd);
		}
	}

	/** The message's bytes are going to be let go: where one value is all there is of its own, no more than that becomes text. */
	detach(message: HttpMessage): void {
		const { changes } = message;
		if (changes === undefined || changes.line < 0 || changes.before !== undefined) return;
		this.#valueOf(message, changes);
		message.bytes = undefined;
	}

	/** The value of Host of a message like this one. */
	hostOf(message: HttpMessage): string {
		for (let change = message.changes; change !== undefined; change = change.before) {
			if (change.line >= 0 && this.#kinds[change.line] === HOST) return this.#valueOf(message, change).trim();
		}
		return this.host;
	}

	get(message: HttpMessage, name: string): string | undefined {
		const asked = this.#asked;
		let i = 0;
		while (i < asked.length && asked[i] !== name) i++;
		const k = i < asked.length ? this.#answers[i]! : this.#find(name);
		return k < 0 ? undefined : this.#value(message, k);
	}

	rawHeaders(message: HttpMessage): string[] {
		const all = this.#flat.slice();
		if (message.changes?.before !== undefined) message.text();
		for (let change = message.changes; change !== undefined; change = change.before) {
			if (change.line >= 0) all[2 * change.line + 1] = this.#valueOf(message, change);
		}
		return all;
	}

	#find(name: string): number {
		const flat = this.#flat;
		for (let k = 0; k < this.headerCount; k++) {
			const mine = flat[2 * k]!;
			if (mine.length === name.length && isName(mine, 0, name)) return this.#learn(name, k);
		}
		return this.#learn(name, -1);
	}

	#learn(name: string, k: number): number {
		if (this.#asked.push(name) > MOST_ASKED) this.#asked.pop();
		else this.#answers.push(k);
		return k;
	}

	#value(message: HttpMessage, k: number): string {
		for (let change = message.changes; change !== undefined; change = change.before) {
			if (change.line === k) return this.#valueOf(message, change);
		}
		return this.#flat[2 * k + 1]!;
	}

	#valueOf(message: HttpMessage, change: Change): string {
		if (change.value === undefined) {
			const { bytes, from, textStart } = message;
			const start = change.valueStart - textStart;
			const end = change.valueEnd - textStart;
			change.value =
				bytes === undefined ? message.text().substring(start, end) : shortText(bytes, from + start, from + end);
		}
		return change.value;
	}
}

function valueStart(bytes: Uint8Array, from: number, end: number): number {
	let i = from;
	while (i < end && (bytes[i] === 32 || bytes[i] === 9)) i++;
	return i;
}
