import { BYTES, HOLE, NONE, type Span, type Stream } from "@wirescribe/buffer";
import type { BodyTap } from "./body-tap.ts";
import { ChunkedBody, endsChunked } from "./chunked.ts";
import type { HolePlace } from "./decisions.ts";
import { type ErrorCode, objection } from "./errors.ts";
import { bodyOf } from "./framing.ts";
import { INCOMPLETE, INVALID, isBelievable, scanHead } from "./head.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { hasBlankLine, isHttp2 } from "./lines.ts";
import { HttpMessage } from "./message.ts";
import type { ReaderHost, ReaderLimits } from "./reader-host.ts";
import { LENIENT, type PartialReason } from "./reasons.ts";
import { scan } from "./scan.ts";

export type { ReaderHost, ReaderLimits } from "./reader-host.ts";

const START = 0;
const LENGTH = 1;
const CHUNKED = 2;
const BLIND = 3;
const CLOSE = 4;
const OPAQUE = 5;

/**
 * Reads the messages of one direction.
 *
 * ```
 *            whole head        body of known length, chunked, until close
 *   START ---------------> LENGTH | CHUNKED | CLOSE ---> START
 *     ^  gap or rubbish        | chunk lines missing       OPAQUE (protocol switched)
 *     '--- not synced          '--> BLIND (until an end or a head is seen)
 * ```
 *
 * A head stays in the stream until it is whole; bodies are consumed as they come.
 */
export class Reader {
	kind: "request" | "response" | undefined = undefined;
	/** The message whose body is being read. */
	message: HttpMessage | undefined = undefined;
	/** Nothing more is read until this request's response is known: it may switch the protocol. */
	pausedFor: HttpMessage | undefined = undefined;
	/** A whole head was read from this direction. */
	everSynced = false;
	readonly stream: Stream;
	readonly #host: ReaderHost;
	readonly #limits: ReaderLimits;
	readonly #maxHeaders: number;
	readonly #maxStartLine: number;
	readonly #strict: boolean;
	readonly #tap: BodyTap | undefined;
	#state = START;
	/** Reading stands at a message's beginning for certain; else heads must be believable. */
	#synced = true;
	/** A head may begin at the read position though no operation begins there. */
	#candidate = false;
	/** Bytes of an unfinished head that were looked at. */
	#tried = 0;
	#scanned = 0;
	#crlf = false;
	#unsynced = 0;
	#left = 0;
	#hinted = false;
	#chunked: ChunkedBody | undefined = undefined;

	constructor(stream: Stream, host: ReaderHost, limits: ReaderLimits, tap?: BodyTap) {
		this.stream = stream;
		this.#host = host;
		this.#limits = limits;
		this.#strict = limits.strict === true;
		this.#maxHeaders = limits.maxHeaders ?? DEFAULT_LIMITS.maxHeaders;
		this.#maxStartLine = limits.maxStartLineBytes ?? DEFAULT_LIMITS.maxStartLineBytes;
		this.#tap = tap;
	}

	/** Between messages, and nothing of the next one has been seen. */
	get idle(): boolean {
		return this.#state === START && this.#tried === 0;
	}

	/** Reads until nothing more can be read now. */
	run(): void {
		for (;;) {
			if (this.pausedFor !== undefined) {
				if (!this.pausedFor.settled && this.stream.retained <= this.#limits.maxPausedBytes) return;
				this.pausedFor = undefined;
			}
			if (!this.#step()) return;
		}
	}

	#step(): boolean {
		switch (this.#state) {
			case START:
				return this.#start();
			case LENGTH:
				return this.#length();
			case CHUNKED:
				return this.#chunks();
			case BLIND:
				return this.#blind();
			default:
				return this.#untilClose();
		}
	}

	#start(): boolean {
		const stream = this.stream;
		const span = stream.span();
		if (span === NONE) return false;
		if (span !== BYTES) return this.#gap();
		const { bytes, from, to } = stream;
		if (this.#tried === 0 && (bytes[from] === 13 || bytes[from] === 10)) {
			let i = from + 1;
			while (i < to && (bytes[i] === 13 || bytes[i] === 10)) i++;
			this.#crlf = true;
			this.#candidate ||= stream.position === stream.front!.origin;
			stream.advance(i - from);
			return true;
		}
		if (!this.#synced && !this.#candidate && stream.position !== stream.front!.origin) return this.#search();
		scan.strict = !this.#synced;
		let end = this.#tried === 0 ? scanHead(bytes, from, to) : INCOMPLETE;
		let ends: Span = NONE;
		if (end === INCOMPLETE) {
			ends = stream.gather();
			end = this.#more(to - from, ends);
		}
		if (end === INCOMPLETE) {
			if (ends === NONE && this.#tried <= this.#limits.maxHeaderBytes) return false;
			return this.#cutHead(ends === NONE ? "head-too-long" : ends === HOLE ? "head-lost" : "head-not-captured");
		}
		if (end === INVALID || !this.#isBelievable(stream.bytes, stream.from) || !this.#host.learn(this, scan.response))
			return this.#invalid();
		if (scan.response && !this.#host.admit(stream.front!.dataId)) {
			this.#tried = 0;
			return false;
		}
		this.#head(stream.bytes, stream.from, end);
		return true;
	}

	/** Bodies may have start lines in them, or end right before one: where a head is only guessed it must be a good one. */
	#isBelievable(bytes: Uint8Array, from: number): boolean {
		if (this.#synced) return true;
		if (!isBelievable(bytes, from)) return false;
		const response = this.kind === "response";
		if (this.kind === undefined || scan.response === response) this.#host.resync?.(this);
		return true;
	}

	/** Looks at an unfinished head again when that can change something: linear in its bytes, however they come. */
	#more(alone: number, ends: Span): number {
		const { bytes, from, to } = this.stream;
		const have = to - from;
		const first = this.#tried === 0;
		const fresh = from + Math.max(0, this.#tried - 3);
		this.#tried = have;
		if (first && have === alone) {
			this.#scanned = have;
			return INCOMPLETE;
		}
		const worth = first || ends !== NONE || have >= this.#scanned * 2 || hasBlankLine(bytes, fresh, to);
		if (!worth) return INCOMPLETE;
		this.#scanned = have;
		return scanHead(bytes, from, to);
	}

	#head(bytes: Uint8Array, from: number, end: number): void {
		const stream = this.stream;
		const message = new HttpMessage(bytes, from, end - from, stream.front!);
		this.#begun(message, end - from);
		this.#host.begin(this, message);
		const body = bodyOf(message);
		if (this.#strict) {
			const code = objection(message);
			if (code !== undefined) {
				this.#fail(code);
				return;
			}
		}
		switch (body) {
			case "none":
				this.#finish(message);
				break;
			case "length":
				this.#left = message.contentLength;
				message.bodyBytes = message.decodedBodyBytes = this.#left;
				this.#hinted = false;
				this.#state = LENGTH;
				break;
			case "chunked":
				this.#chunked = new ChunkedBody(this.#limits.maxChunkLineBytes, this.#limits.maxTrailerBytes);
				this.#state = CHUNKED;
				break;
			case "close":
				if (message.request === undefined) this.#endless(message);
				else this.#state = CLOSE;
				break;
			default:
				this.#broken(message);
		}
	}

	#begun(message: HttpMessage, bytes: number): void {
		if (scan.headerCount > this.#maxHeaders || scan.headersStart > this.#maxStartLine) {
			message.limit(this.#maxHeaders, this.#maxStartLine);
		}
		message.midOperation = this.stream.position !== this.stream.front!.origin;
		this.stream.advance(bytes);
		if (this.#crlf) message.lenient |= LENIENT.leadingCrlf;
		this.message = message;
		this.#crlf = this.#candidate = false;
		this.#synced = this.everSynced = true;
		this.#tried = this.#scanned = this.#unsynced = 0;
		this.#touch(message);
	}

	/** A response to a request nobody saw may be one to HEAD: then another head follows instead of the announced body. */
	#bodyless(message: HttpMessage): boolean {
		if (message.kind === "request" || message.request !== undefined || !this.#headHere()) return false;
		message.bodyBytes = message.decodedBodyBytes = 0;
		message.lenient |= LENIENT.headResponseAssumed;
		return true;
	}

	/** A whole head of this direction's kind begins at the read position. */
	#headHere(): boolean {
		if (this.stream.span() !== BYTES) return false;
		scan.strict = true;
		const { bytes, from, to } = this.stream;
		if (scanHead(bytes, from, to) < 0 || scan.response !== (this.kind === "response")) return false;
		return isBelievable(bytes, from);
	}

	#touch(message: HttpMessage): void {
		const last = this.stream.last!;
		message.lastDataId = last.dataId;
		message.endNs = last.endNs;
		message.lastShared = last.end > this.stream.position || !last.finished;
	}

	#finish(message: HttpMessage): void {
		this.#touch(message);
		message.complete = true;
		this.message = undefined;
		this.#state = START;
		this.#host.end(this, message);
	}

	/** The framing cannot be followed: the message ends here, and the next one must be found. */
	#broken(message: HttpMessage, reason: PartialReason = "framing-error"): void {
		if (this.#strict) {
			this.#fail(reason === "framing-error" ? "HPE_INVALID_CHUNK_SIZE" : "LIMIT_CHUNK_LINE");
			return;
		}
		message.addPartial(reason);
		this.#finish(message);
		this.#unsync(false);
		this.#candidate = true;
	}

	/** No length, and no request that says whether there is a body: it may answer HEAD, or last until the end. */
	#endless(message: HttpMessage): void {
		message.addPartial("end-not-seen");
		this.#finish(message);
		this.#unsync(false);
		this.#candidate = true;
	}

	#unsync(begun: boolean): void {
		this.#synced = this.#candidate = false;
		this.#tried = this.#scanned = 0;
		this.#host.gap(this, begun);
	}

	/** A gap where a message should begin. One of unknown length may be none at all. */
	#gap(): boolean {
		if (this.#missing("between", 0, this.stream.length, this.stream.span() === HOLE)) return true;
		this.#unsync(this.#synced && this.stream.length > 0);
		this.stream.advance(this.stream.length);
		return true;
	}

	/** A head that ends in a gap or does not end: what is whole of it is told. */
	#cutHead(reason: PartialReason): boolean {
		const stream = this.stream;
		const { bytes, from, to } = stream;
		const missing = reason === "head-lost" || reason === "head-not-captured";
		if (missing && this.#missing("head", to - from, -1, reason === "head-lost")) return true;
		if (this.#strict && reason === "head-too-long") return this.#fail("HPE_HEADER_OVERFLOW");
		scan.strict = false;
		scanHead(bytes, from, to);
		if (!this.#synced || !scan.startLine || !this.#host.learn(this, scan.response)) {
			this.#unsync(this.#synced);
			stream.advance(to - from);
			return true;
		}
		if (scan.response && !this.#host.admit(stream.front!.dataId)) return false;
		const text = bytes.lastIndexOf(10, to - 1) + 1 - from;
		const message = new HttpMessage(bytes, from, to - from, stream.front!, text);
		this.#begun(message, to - from);
		message.addPartial(reason);
		this.#host.begin(this, message);
		this.#finish(message);
		this.#unsync(false);
		return true;
	}

	/** No head begins here. */
	#invalid(): boolean {
		const { bytes, from, to } = this.stream;
		if (isHttp2(bytes, from, to) && this.#host.foreign("http/2")) return true;
		if (this.#strict) return this.#fail(this.#invalidCode());
		// What a stream begins with, before its first head, is no lost message: a proxy's line, the rest of a body.
		if (this.#synced && this.everSynced) this.#unsync(false);
		this.#synced = this.#candidate = false;
		this.#tried = this.#scanned = 0;
		return this.#search();
	}

	#invalidCode(): ErrorCode {
		const known = this.kind === undefined || scan.response === (this.kind === "response");
		if (scan.startLine && known) return "HPE_INVALID_HEADER_TOKEN";
		return this.kind === "response" ? "HPE_INVALID_CONSTANT" : "HPE_INVALID_METHOD";
	}

	/** Bytes are missing: tells, and in strict mode stops. True: stopped. */
	#missing(within: HolePlace, behind: number, length: number, lost: boolean): boolean {
		this.#host.hole?.(this, within, behind, length, lost);
		return this.#strict && this.#fail(length < 0 ? "GAP_UNKNOWN" : "GAP_KNOWN");
	}

	/** Strict mode: hands out the message that is being read, and stops. */
	#fail(code: ErrorCode): true {
		const message = this.message;
		if (message !== undefined) {
			if (this.#state === LENGTH) message.bodyBytes = message.decodedBodyBytes = message.contentLength - this.#left;
			message.addPartial("stopped-by-error");
			this.#finish(message);
		}
		this.#host.fail?.(this, code);
		return true;
	}

	/** Looks for a believable head at the beginning of a line. */
	#search(): boolean {
		const stream = this.stream;
		if (stream.span() !== BYTES) return true;
		const { bytes, from, to } = stream;
		scan.strict = true;
		let at = bytes.indexOf(10, from) + 1;
		for (; at > 0 && at < to; at = bytes.indexOf(10, at) + 1) {
			const end = scanHead(bytes, at, to);
			if (end === INVALID) continue;
			const known = this.kind !== undefined && scan.startLine;
			if (known && scan.response !== (this.kind === "response")) continue;
			this.#candidate = true;
			stream.advance(at - from);
			return true;
		}
		this.#unsynced += to - from;
		stream.advance(to - from);
		if (this.#unsynced > this.#limits.maxUnsyncedBytes) this.#host.foreign("broken");
		return true;
	}

	#length(): boolean {
		const stream = this.stream;
		const message = this.message!;
		if (this.#left === message.contentLength && this.#bodyless(message)) {
			this.#finish(message);
			return true;
		}
		this.#left -= this.#pass(message, this.#left);
		while (this.#left > 0) {
			if (stream.span() === NONE) {
				const far = !this.#hinted && this.#left >= this.#limits.skipHintBytes;
				if (far && this.#tap?.wantsBytes(message) !== true) {
					this.#hinted = true;
					this.#host.skip(this, stream.position + this.#left);
				}
				return false;
			}
			message.addPartial("body-bytes-lost");
			if (this.#missing("body", 0, stream.length, true)) return true;
			if (stream.length < 0) return this.#lostTrack(message);
			const step = Math.min(stream.length, this.#left);
			stream.advance(step);
			this.#tap?.missing(message, step);
			this.#left -= step + this.#pass(message, this.#left - step);
		}
		this.#finish(message);
		return true;
	}

	/** Reads body bytes; returns how many. */
	#pass(message: HttpMessage, count: number): number {
		return this.#tap === undefined ? this.stream.skip(count) : this.#tap.skip(this.stream, message, count);
	}

	/** A hole of unknown length inside a body: its end cannot be known. */
	#lostTrack(message: HttpMessage): boolean {
		this.#tap?.missing(message, -1);
		message.addPartial("end-not-seen");
		this.#finish(message);
		this.#unsync(false);
		this.stream.advance(-1);
		return true;
	}

	#chunks(): boolean {
		const message = this.message!;
		const body = this.#chunked!;
		const state = body.read(this.stream, this.#tap, message);
		message.bodyBytes = body.wireBytes;
		message.decodedBodyBytes = body.decodedBytes;
		if (body.lostBytes > 0) {
			message.addPartial("body-bytes-lost");
			if (this.#missing("body", body.lostAt - this.stream.position, body.lostBytes, true)) return true;
			body.lostBytes = 0;
		}
		if (state === "more") return false;
		if (state === "broken") this.#broken(message, body.tooLong ? "chunk-line-too-long" : "framing-error");
		else if (state === "done") this.#finish(message);
		else {
			message.addPartial("chunk-lines-not-captured");
			if (this.#missing("chunk-lines", 0, this.stream.length, state === "lost")) return true;
			this.#tap?.missing(message, -1);
			this.#state = BLIND;
		}
		return true;
	}

	/** A chunked body whose chunk lines were not all seen: an operation that ends like one ends it, or the next head. */
	#blind(): boolean {
		const stream = this.stream;
		const message = this.message!;
		const span = stream.span();
		if (span === NONE) return false;
		if (span === HOLE) {
			message.addPartial("body-bytes-lost");
			if (this.#missing("chunk-lines", 0, stream.length, true)) return true;
			this.#host.gap(this, false);
			if (stream.length < 0) return this.#lostTrack(message);
			message.bodyBytes = message.decodedBodyBytes = message.bodyBytes + stream.length;
			stream.advance(stream.length);
			return true;
		}
		const piece = stream.front!;
		if (stream.position === piece.origin && message.firstDataId !== piece.dataId && this.#headHere()) {
			message.addPartial("end-not-seen");
			this.#finish(message);
			return true;
		}
		const ends = endsChunked(stream.ending());
		const step = piece.end - stream.position;
		stream.advance(step);
		message.bodyBytes = message.decodedBodyBytes = message.bodyBytes + step;
		if (ends) this.#finish(message);
		return true;
	}

	/** A body that ends with the connection, or bytes that are nobody's any more. */
	#untilClose(): boolean {
		const stream = this.stream;
		const message = this.message;
		const span = stream.span();
		if (span === NONE) return false;
		if (message === undefined) {
			if (span === HOLE) stream.advance(stream.length);
			else stream.skip(Number.MAX_SAFE_INTEGER);
			return true;
		}
		let step = stream.length;
		if (span === HOLE) {
			message.addPartial("body-bytes-lost");
			if (this.#missing("body", 0, step, true)) return true;
			stream.advance(step);
			this.#tap?.missing(message, step);
		} else step = this.#pass(message, stream.front!.end - stream.position);
		if (step > 0) message.bodyBytes = message.decodedBodyBytes = message.bodyBytes + step;
		return true;
	}

	/** The connection is over: what is unfinished ends here. */
	close(): void {
		const cut = this.#state === START ? this.#tried > 0 : this.message !== undefined && this.#state !== CLOSE;
		if (this.#state === START && this.#tried > 0 && this.stream.span() === BYTES) {
			this.stream.gather();
			this.#cutHead("cut-by-close");
		}
		this.#closeMessage();
		if (cut && this.#strict) this.#host.fail?.(this, "HPE_INVALID_EOF_STATE");
	}

	#closeMessage(): void {
		const message = this.message;
		if (message === undefined) return;
		if (this.#state !== CLOSE) {
			message.addPartial("cut-by-close");
			if (this.#state === LENGTH) {
				message.bodyBytes = message.decodedBodyBytes = message.contentLength - this.#left;
			}
		}
		this.#finish(message);
	}

	/** Reads no HTTP any more. */
	stop(): void {
		this.#state = OPAQUE;
		this.message = undefined;
		this.pausedFor = undefined;
	}
}
