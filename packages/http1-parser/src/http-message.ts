import type { Piece } from "@wirescribe/buffer";
import { ascii, latin1 } from "./bytes.ts";
import type { Change } from "./change.ts";
import { collectedBody } from "./collected.ts";
import { scanHead } from "./head.ts";
import { fieldsOf, findLine, isName, linesOf, nameEnd, valueAt } from "./headers.ts";
import * as LENIENT from "./lenient.ts";
import type { Message } from "./message.ts";
import { type Leniency, leniencyNames, type PartialReason, type UnpairedReason } from "./reasons.ts";
import * as FIELD from "./signals.ts";
import { authorityEnd, authorityStart, formOf, type TargetForm, withoutLogin } from "./target.ts";
import type { TemplateText } from "./template-text.ts";
import { readTrace, type Trace } from "./trace.ts";

const NO_REASONS: readonly never[] = [];
const TRACES = FIELD.traceparent | FIELD.b3 | FIELD.xb3 | FIELD.sw8;

let serial = 0;

/** How many requests may be missing at one place. */
export interface MissingRequests {
	readonly min: number;
	readonly max: number;
	/** They began in no operation before this one. */
	readonly from: number;
	/** Else only a client that sends several requests at once has others there. */
	certain: boolean;
}

/**
 * A message from the first byte of its head that is looked at. The scan notes offsets into the head here; when the head is
 * whole, `begin` says where it lies. Strings are made when asked for.
 */
export class HttpMessage implements Message {
	/** Another number for every head. */
	serial = 0;
	/** Lines that are no fields make the head invalid: for places where a head is only guessed. */
	guess = false;
	/** Every name is judged during the scan. */
	thorough = false;
	response = false;
	/** A request's method when it is one of the registry, else "". */
	knownMethod = "";
	methodEnd = 0;
	/** A request's target, a response's reason. */
	partStart = 0;
	partEnd = 0;
	/** 0 or 1 of HTTP/1.x. */
	minor = 0;
	status = 0;
	/** It is invalid because of a CR without LF. */
	lfExpected = false;
	/** Request: its method was cut, and may be one whose response has no body. */
	mayLackBody = false;
	/** 0: the start line is not whole. */
	headersStart = 0;
	/** Field lines, folds not counted. */
	headerCount = 0;
	/** Of an incomplete head: where the first line begins that is not whole. */
	resume = 0;
	hostStart = 0;
	hostEnd = 0;
	/** Stand for the value of Host, and of other fields that a client sends the same each time; and the bytes of those lines. */
	hostSignature = 0;
	constantSignature = 0;
	constantBytes = 0;
	/** Bits of `FIELD`. */
	fields = 0;
	/** Bits of `LENIENT`. */
	lenient = 0;
	/** The value of Content-Length that frames the body; -1: none. */
	contentLength = -1;
	lengthConflict = false;
	/** 0: no Transfer-Encoding, 1: ends in chunked, 2: does not. */
	transferEncoding = 0;
	/** The head is like this one, but for these lines, the last one first. */
	template: TemplateText | undefined = undefined;
	changes: Change | undefined = undefined;
	/** What is before is the template's and no text of its own. */
	textStart = 0;

	headerBytes = 0;
	bodyBytes = 0;
	decodedBodyBytes = 0;
	firstDataId = 0;
	prevDataId = 0;
	lastDataId = 0;
	lastShared = false;
	startNs = 0;
	endNs = 0;
	partial: readonly PartialReason[] = NO_REASONS;
	/** Its last byte was read. */
	complete = false;
	/** Request: the response found, or not to be waited for. */
	settled = false;
	/** Its first operation moved other bytes before it. */
	midOperation = false;
	/** Request: bytes are missing between the one before and this one, and so many requests; undefined: none. */
	missing: MissingRequests | undefined = undefined;
	/** Request: the one behind it that waits for its response, too. */
	next: HttpMessage | undefined = undefined;
	/** Request: 1xx responses so far. */
	informational = 0;
	/** Response: it may answer any request, also one that says there is no body. */
	anyRequest = false;
	/** Response: its request. */
	request: HttpMessage | undefined = undefined;
	/** The lines of a chunked body's trailers. */
	trailerText = "";
	/** Why it stands alone; undefined: it does not, or is not decided. */
	alone: UnpairedReason | undefined = undefined;
	/** Where the head is, or what is its own of it, while that is no text; and its beginning there. */
	bytes: Uint8Array | undefined = undefined;
	from = 0;
	#textBytes = 0;
	#text = "";

	/** A head is scanned from its first byte. */
	startScan(): void {
		serial = (serial + 1) & 0x3fffffff;
		this.serial = serial;
		this.headersStart = this.headerCount = this.resume = this.fields = this.lenient = this.transferEncoding = 0;
		this.status = this.hostSignature = this.constantSignature = this.constantBytes = 0;
		this.contentLength = -1;
		this.lengthConflict = this.mayLackBody = this.lfExpected = false;
		this.template = this.changes = undefined;
		this.textStart = 0;
	}

	/** The head is bytes[from..from + headerBytes), and begins in `piece`. Of a cut one, only whole lines are text. */
	begin(bytes: Uint8Array, from: number, headerBytes: number, piece: Piece, textBytes: number): void {
		const { changes, textStart } = this;
		if (this.template === undefined || changes !== undefined) {
			this.bytes = bytes;
			this.from = from + textStart;
			this.#textBytes = (changes?.end ?? textBytes) - textStart;
		}
		this.headerBytes = headerBytes;
		this.firstDataId = this.lastDataId = piece.dataId;
		this.prevDataId = piece.prevDataId;
		this.startNs = piece.startNs === 0 ? piece.endNs : piece.startNs;
		this.endNs = piece.endNs;
	}

	get kind(): "request" | "response" {
		return this.response ? "response" : "request";
	}

	/** Request: methods that change the framing of the response. */
	get isHead(): boolean {
		return this.knownMethod === "HEAD" && !this.response;
	}
	get isConnect(): boolean {
		return this.knownMethod === "CONNECT" && !this.response;
	}
	/** Request: it asked for a 100. */
	get expectsContinue(): boolean {
		return (this.fields & FIELD.expect) !== 0;
	}

	get method(): string {
		if (this.response) return "";
		return this.knownMethod === "" ? this.text().substring(0, this.methodEnd) : this.knownMethod;
	}

	get target(): string {
		return this.response ? "" : this.#part;
	}

	get targetForm(): TargetForm | undefined {
		return this.response ? undefined : formOf(this.target, this.isConnect);
	}

	get path(): string {
		const target = this.target;
		if (target.charCodeAt(0) === 47) return target;
		const authority = authorityStart(target);
		if (authority === 0) return target;
		const path = target.slice(authorityEnd(target, authority));
		return path.charCodeAt(0) === 47 ? path : `/${path}`;
	}

	get host(): string {
		const target = this.target;
		const authority = target.charCodeAt(0) === 47 ? 0 : authorityStart(target);
		if (authority > 0) return withoutLogin(target.slice(authority, authorityEnd(target, authority)));
		if ((this.fields & FIELD.host) === 0) return "";
		return this.template?.hostOf(this) ?? this.text().substring(this.hostStart, this.hostEnd).trim();
	}

	get reason(): string {
		return this.response ? this.#part : "";
	}

	get version(): string {
		return this.minor === 1 ? "1.1" : `1.${this.minor}`;
	}

	get leniencies(): readonly Leniency[] {
		if (!this.thorough) {
			const judged = new HttpMessage();
			judged.thorough = this.thorough = true;
			const head = ascii(this.text());
			scanHead(judged, head, 0, head.length);
			this.lenient |= judged.lenient;
		}
		return this.lenient === 0 ? NO_REASONS : leniencyNames(this.lenient);
	}

	get body(): Uint8Array | undefined {
		return collectedBody(this);
	}

	get trace(): Trace | undefined {
		return (this.fields & TRACES) === 0 ? undefined : readTrace((name) => this.get(name));
	}

	get(name: string): string | undefined {
		if (this.template !== undefined) return this.template.get(this, name);
		const text = this.text();
		const starts = linesOf(this, text);
		const k = findLine(text, starts, this.headerCount, name, 0);
		return k < 0 ? undefined : valueAt(text, starts[k]! + name.length, starts[k + 1]!, this.#folded);
	}

	getAll(name: string): string[] {
		return this.headers().flatMap(([own, value]) =>
			own.length === name.length && isName(own, 0, name) ? [value] : [],
		);
	}

	has(name: string): boolean {
		return this.get(name) !== undefined;
	}

	rawHeaders(): string[] {
		if (this.template !== undefined) return this.template.rawHeaders(this);
		const text = this.text();
		const starts = linesOf(this, text);
		const folded = this.#folded;
		const all: string[] = [];
		for (let k = 0; k < this.headerCount; k++) {
			const start = starts[k]!;
			const next = starts[k + 1]!;
			const end = nameEnd(text, start, next);
			if (end > 0) all.push(text.substring(start, end), valueAt(text, end, next, folded));
		}
		return all;
	}

	headers(): [name: string, value: string][] {
		const flat = this.rawHeaders();
		const all: [string, string][] = [];
		for (let i = 0; i < flat.length; i += 2) all.push([flat[i]!, flat[i + 1]!]);
		return all;
	}

	trailers(): [name: string, value: string][] {
		return fieldsOf(this.trailerText);
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
		this.template?.detach(this);
		this.text();
		return this;
	}

	/** Cuts what is longer than the limits, and says so. */
	limit(maxHeaders: number, maxStartLine: number): void {
		if (this.headersStart > maxStartLine) {
			this.partEnd = Math.min(this.partEnd, this.partStart + maxStartLine);
			this.addPartial("start-line-too-long");
		}
		if (this.headerCount <= maxHeaders) return;
		this.headerCount = maxHeaders;
		this.addPartial("too-many-headers");
	}

	/** Notes a reason once. */
	addPartial(reason: PartialReason): void {
		if (!this.partial.includes(reason)) this.partial = [...this.partial, reason];
	}

	get #folded(): boolean {
		return (this.lenient & LENIENT.obsFold) !== 0;
	}

	get #part(): string {
		if (this.textStart > 0) return this.template!.part;
		return this.text().substring(this.partStart, this.partEnd);
	}

	/** The head, or what is its own of it, as text; the bytes are let go, because the caller's memory is used again. */
	text(): string {
		if (this.bytes !== undefined) {
			this.#text = latin1(this.bytes, this.from, this.from + this.#textBytes);
			this.bytes = undefined;
		}
		return this.#text;
	}
}
