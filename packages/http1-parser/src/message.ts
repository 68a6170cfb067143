import type { Piece } from "@wirescribe/buffer";
import { latin1 } from "./bytes.ts";
import { collectedBody } from "./collected.ts";
import { findHeader, type HeaderIndex, headerValue, indexHeaders } from "./headers.ts";
import { LENIENCY_NAMES, LENIENT, type Leniency, type PartialReason, type UnpairedReason } from "./reasons.ts";
import { dropScan, FIELD, type HeadScan, keepScan, scan } from "./scan.ts";
import { authorityEnd, authorityStart, formOf, type TargetForm } from "./target.ts";
import { readTrace, type Trace } from "./trace.ts";

/** One request or one response, as it crossed the socket. */
export interface Message {
	/** Which of the two it is. */
	readonly kind: "request" | "response";
	/** Request method; "" on a response. */
	readonly method: string;
	/** Request target as sent: `/path?query`, `http://host/path`, `host:port` or `*`; "" on a response. */
	readonly target: string;
	/** Which form of RFC 9112, section 3.2, the target has; undefined on a response, and where it has none of them. */
	readonly targetForm: TargetForm | undefined;
	/** Path and query of the target, also of an absolute one. */
	readonly path: string;
	/** The authority of an absolute target, else the Host field, else "". */
	readonly host: string;
	/** Response status; 0 on a request. */
	readonly status: number;
	/** Reason phrase; "" on a request. */
	readonly reason: string;
	/** "1.0" or "1.1". */
	readonly version: string;
	/** Bytes of start line, fields and blank line. */
	readonly headerBytes: number;
	/** Bytes of the body on the wire, chunk lines and trailers included. */
	readonly bodyBytes: number;
	/** Bytes of the body without chunk lines and trailers. */
	readonly decodedBodyBytes: number;
	/**
	 * The body without chunk lines, up to the first byte that is missing, when its reader was asked to collect bodies; whole
	 * if as long as `decodedBodyBytes`. Undefined: not asked for, or empty.
	 */
	readonly body: Uint8Array | undefined;
	/** The operation of the first byte. */
	readonly firstDataId: number;
	/** The operation handed in before that one; 0: none. */
	readonly prevDataId: number;
	/** The operation of the last byte. */
	readonly lastDataId: number;
	/** The last operation moved bytes of the next message, too. */
	readonly lastShared: boolean;
	/** Start of the first operation (its end, when the start is not known), nanoseconds. */
	readonly startNs: number;
	/** End of the last operation, nanoseconds. */
	readonly endNs: number;
	/** Why not everything about it is known; empty when it is. */
	readonly partial: readonly PartialReason[];
	/** Where it leaves the letter of RFC 9112. */
	readonly leniencies: readonly Leniency[];
	/** The trace context of its headers. */
	readonly trace: Trace | undefined;
	/** The first value of this name (any case). */
	get(name: string): string | undefined;
	/** All values of this name, in order. */
	getAll(name: string): string[];
	/** True when there is a field of this name. */
	has(name: string): boolean;
	/** All fields, order, case and repeats kept. */
	headers(): [name: string, value: string][];
	/** As a `Headers` object, which joins, lower-cases, and leaves out what it does not allow. */
	toHeaders(): Headers;
	/** Copies what is still in the caller's memory, so that the message may be kept. Returns itself. */
	detach(): Message;
}

const NO_REASONS: readonly never[] = [];
const TRACES = FIELD.traceparent | FIELD.b3 | FIELD.xb3 | FIELD.sw8;

/** How many requests may be missing at one place. */
export interface MissingRequests {
	readonly min: number;
	readonly max: number;
}

/** The message while it is read: offsets into its head, strings made when asked for. */
export class HttpMessage implements Message {
	readonly kind: "request" | "response";
	readonly status: number;
	readonly headerBytes: number;
	bodyBytes = 0;
	decodedBodyBytes = 0;
	readonly firstDataId: number;
	readonly prevDataId: number;
	lastDataId: number;
	lastShared = false;
	readonly startNs: number;
	endNs: number;
	partial: readonly PartialReason[] = NO_REASONS;
	/** Bits of `LENIENT`. */
	lenient: number;
	/** 0 or 1 of HTTP/1.x. */
	readonly minor: number;
	/** Bits of `FIELD`. */
	readonly fields: number;
	/** Its last byte was read. */
	complete = false;

	/** The value of Content-Length that frames the body; -1: none. */
	readonly contentLength: number;
	/** As in the scan: 0 none, 1 ends in chunked, 2 does not. */
	readonly transferEncoding: number;
	readonly lengthConflict: boolean;
	/** Request: methods that change the framing of the response. */
	get isHead(): boolean {
		return this.#method === "HEAD";
	}
	get isConnect(): boolean {
		return this.#method === "CONNECT";
	}
	/** Request: it asked for a 100. */
	get expectsContinue(): boolean {
		return (this.fields & FIELD.expect) !== 0;
	}
	/** Request: the response found, or not to be waited for. */
	settled = false;
	/** Its first operation moved other bytes before it. */
	midOperation = false;
	/** Request: bytes are missing between the one before and this one, and so many requests; undefined: none. */
	missing: MissingRequests | undefined = undefined;
	/** Request: 1xx responses so far. */
	informational = 0;
	/** Response: it may answer any request, also one that says there is no body. */
	anyRequest = false;
	/** Response: its request. */
	request: HttpMessage | undefined = undefined;
	/** Why it stands alone; undefined: it does not, or is not decided. */
	alone: UnpairedReason | undefined = undefined;

	#bytes: Uint8Array | undefined;
	#from: number;
	readonly #textBytes: number;
	#text: string | undefined = undefined;
	#index: number[] | undefined = undefined;
	/** The scan itself, when it was taken away for this message. */
	#scan: HeadScan | undefined = undefined;
	/** While the scan has this number, it has this head's fields. */
	readonly #serial: number;
	/** When it is a common one. */
	readonly #method: string;
	readonly #a: number;
	#b: number;
	#c: number;
	readonly #headersStart: number;
	readonly #hostStart: number;
	readonly #hostEnd: number;

	/** From `scan`, for bytes[from..from + headerBytes), which begin in `piece`. Of a cut head, only whole lines are text. */
	constructor(bytes: Uint8Array, from: number, headerBytes: number, piece: Piece, textBytes: number = headerBytes) {
		this.#bytes = bytes;
		this.#textBytes = textBytes;
		this.#from = from;
		this.headerBytes = headerBytes;
		this.minor = scan.minor;
		this.fields = scan.fields;
		this.lenient = scan.lenient;
		this.#headersStart = scan.headersStart;
		this.contentLength = scan.contentLength;
		this.transferEncoding = scan.transferEncoding;
		this.lengthConflict = scan.lengthConflict;
		this.#serial = scan.serial;
		if (scan.response) {
			this.kind = "response";
			this.#method = "";
			this.status = scan.status;
			this.#a = scan.reasonStart;
			this.#b = scan.reasonEnd;
			this.#c = 0;
		} else {
			this.kind = "request";
			this.#method = scan.method;
			this.status = 0;
			this.#a = scan.methodEnd;
			this.#b = scan.targetStart;
			this.#c = scan.targetEnd;
		}
		this.#hostStart = scan.hostStart;
		this.#hostEnd = scan.hostEnd;
		this.firstDataId = this.lastDataId = piece.dataId;
		this.prevDataId = piece.prevDataId;
		this.startNs = piece.startNs === 0 ? piece.endNs : piece.startNs;
		this.endNs = piece.endNs;
	}

	get method(): string {
		if (this.kind === "response") return "";
		return this.#method === "" ? this.#slice(0, this.#a) : this.#method;
	}

	get target(): string {
		return this.kind === "request" ? this.#slice(this.#b, this.#c) : "";
	}

	get targetForm(): TargetForm | undefined {
		return this.kind === "request" ? formOf(this.target, this.isConnect) : undefined;
	}

	get path(): string {
		const target = this.target;
		if (target.charCodeAt(0) === 47) return target;
		const authority = authorityStart(target);
		if (authority === 0) return target;
		const end = authorityEnd(target, authority);
		const path = target.slice(end);
		return path.charCodeAt(0) === 47 ? path : `/${path}`;
	}

	get host(): string {
		if (this.kind === "request") {
			const target = this.target;
			const authority = target.charCodeAt(0) === 47 ? 0 : authorityStart(target);
			if (authority > 0) return target.slice(authority, authorityEnd(target, authority));
		}
		return (this.fields & FIELD.host) === 0 ? "" : this.#slice(this.#hostStart, this.#hostEnd).trim();
	}

	get reason(): string {
		return this.kind === "response" ? this.#slice(this.#a, this.#b) : "";
	}

	get version(): string {
		return this.minor === 1 ? "1.1" : `1.${this.minor}`;
	}

	get leniencies(): readonly Leniency[] {
		return this.lenient === 0 ? NO_REASONS : LENIENCY_NAMES.filter((_, bit) => this.lenient & (1 << bit));
	}

	get body(): Uint8Array | undefined {
		return collectedBody(this);
	}

	get trace(): Trace | undefined {
		return (this.fields & TRACES) === 0 ? undefined : readTrace((name) => this.get(name));
	}

	get(name: string): string | undefined {
		const text = this.#head();
		const index = this.#headers();
		const at = findHeader(text, index, this.#indexed(), name, 0);
		return at < 0 ? undefined : headerValue(text, index, at, this.#folded);
	}

	getAll(name: string): string[] {
		const text = this.#head();
		const index = this.#headers();
		const length = this.#indexed();
		const values: string[] = [];
		for (
			let at = findHeader(text, index, length, name, 0);
			at >= 0;
			at = findHeader(text, index, length, name, at + 4)
		) {
			values.push(headerValue(text, index, at, this.#folded));
		}
		return values;
	}

	has(name: string): boolean {
		return findHeader(this.#head(), this.#headers(), this.#indexed(), name, 0) >= 0;
	}

	headers(): [name: string, value: string][] {
		const text = this.#head();
		const index = this.#headers();
		const length = this.#indexed();
		const folded = this.#folded;
		const all: [string, string][] = [];
		for (let at = 0; at < length; at += 4) {
			all.push([text.substring(index[at]!, index[at + 1]!), headerValue(text, index, at, folded)]);
		}
		return all;
	}

	toHeaders(): Headers {
		const headers = new Headers();
		for (const [name, value] of this.headers()) {
			try {
				headers.append(name, value);
			} catch {
				// Not allowed there; `headers()` has it.
			}
		}
		return headers;
	}

	detach(): this {
		this.#head();
		return this;
	}

	/** Keeps where its fields are, while other heads are scanned; `dropIndex` gives that memory back. */
	keepIndex(): void {
		if (this.#serial === scan.serial && this.#index === undefined) this.#scan = keepScan();
	}

	dropIndex(): void {
		if (this.#scan !== undefined) dropScan(this.#scan);
		this.#scan = undefined;
	}

	/** Cuts what is longer than the limits, and says so. */
	limit(maxHeaders: number, maxStartLine: number): void {
		if (this.#headersStart > maxStartLine) {
			if (this.kind === "request") this.#c = Math.min(this.#c, this.#b + maxStartLine);
			else this.#b = Math.min(this.#b, this.#a + maxStartLine);
			this.addPartial("start-line-too-long");
		}
		if (scan.headerCount <= maxHeaders) return;
		this.#index = indexHeaders(this.#head(), this.#headersStart).slice(0, maxHeaders * 4);
		this.addPartial("too-many-headers");
	}

	/** Notes a reason once. */
	addPartial(reason: PartialReason): void {
		if (!this.partial.includes(reason)) this.partial = [...this.partial, reason];
	}

	#slice(from: number, to: number): string {
		if (this.#text !== undefined) return this.#text.substring(from, to);
		return latin1(this.#bytes!, this.#from + from, this.#from + to);
	}

	get #folded(): boolean {
		return (this.lenient & LENIENT.obsFold) !== 0;
	}

	#headers(): HeaderIndex {
		if (this.#index !== undefined) return this.#index;
		if (this.#scan !== undefined) return this.#scan.index;
		if (this.#serial === scan.serial) return scan.index;
		this.#index = indexHeaders(this.#head(), this.#headersStart);
		return this.#index;
	}

	/** How many numbers of the index are of this head; after `#headers`. */
	#indexed(): number {
		return this.#index === undefined ? (this.#scan ?? scan).indexed : this.#index.length;
	}

	/** The head as text; the bytes are let go, because the caller's memory is used again. */
	#head(): string {
		if (this.#text === undefined) {
			this.#text = latin1(this.#bytes!, this.#from, this.#from + this.#textBytes);
			this.#bytes = undefined;
		}
		return this.#text;
	}
}
