import { BYTES, type Stream } from "@wirescribe/buffer";
import { closeMessage, readBlind, readChunks, readLength, readUntilClose } from "./body-states.ts";
import type { BodyTap } from "./body-tap.ts";
import { ascii } from "./bytes.ts";
import type { ChunkedBody } from "./chunked.ts";
import type { HolePlace } from "./decisions.ts";
import type { ErrorCode } from "./errors.ts";
import { cutHead, readHead } from "./head-states.ts";
import { HttpMessage } from "./http-message.ts";
import type { ReaderHost, ReaderLimits } from "./reader-host.ts";
import { BLIND, CHUNKED, CLOSE, LENGTH, OPAQUE, START } from "./reader-state.ts";
import type { PartialReason } from "./reasons.ts";

export type { ReaderHost, ReaderLimits } from "./reader-host.ts";

/** What every start line has, in any case. */
const VERSION: Uint8Array = ascii("p/1.");

/** One that came to nothing. */
let spare: HttpMessage | undefined;

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
	readonly host: ReaderHost;
	readonly limits: ReaderLimits;
	readonly strict: boolean;
	readonly tap: BodyTap | undefined;
	/** What is read next; see `reader-state.ts`. */
	state: number = START;
	/** Reading stands at a message's beginning for certain; else heads must be believable. */
	synced = true;
	/** A head may begin at the read position though no operation begins there. */
	candidate = false;
	/** No more bytes come. */
	closed = false;
	/** Bytes of an unfinished head that were looked at. */
	tried = 0;
	scanned = 0;
	/** The message that it is going to be. */
	draft: HttpMessage | undefined = undefined;
	crlf = false;
	unsynced = 0;
	/**
	 * So many start lines may be in what was passed since the last head. `version`: how much of another one's "P/1." ends it;
	 * 4: whatever is passed may be any number.
	 */
	starts = 0;
	version = 0;
	left = 0;
	hinted = false;
	chunked: ChunkedBody | undefined = undefined;
	/** What `templates` remember of its heads. */
	recall = 0;
	/** The chunked body whose chunk lines are not seen may have ended before: what is passed may be other messages. */
	mayBeOver = false;

	constructor(stream: Stream, host: ReaderHost, limits: ReaderLimits, tap?: BodyTap) {
		this.stream = stream;
		this.host = host;
		this.limits = limits;
		this.strict = limits.strict === true;
		this.tap = tap;
	}

	/** Stands for certain at the beginning of a message of which nothing has been seen. */
	get idle(): boolean {
		const fresh = this.state === START && this.tried === 0 && !this.crlf && this.draft === undefined;
		return fresh && this.synced && !this.candidate && this.pausedFor === undefined && this.unsynced === 0;
	}

	/** Reads until nothing more can be read now. */
	run(): void {
		for (;;) {
			if (this.pausedFor !== undefined) {
				if (!this.pausedFor.settled && this.stream.retained <= this.limits.maxPausedBytes) return;
				this.pausedFor = undefined;
			}
			if (!this.step() || (this.state === START && this.stream.pending === 0)) return;
		}
	}

	step(): boolean {
		switch (this.state) {
			case START:
				return readHead(this);
			case LENGTH:
				return readLength(this);
			case CHUNKED:
				return readChunks(this);
			case BLIND:
				return readBlind(this);
			default:
				return readUntilClose(this);
		}
	}

	touch(message: HttpMessage): void {
		const { stream } = this;
		message.lastDataId = stream.lastDataId;
		message.endNs = stream.lastEndNs;
		message.lastShared = stream.lastShared;
	}

	finish(message: HttpMessage): void {
		// Of a head without a body everything was noted when it was taken.
		if (this.state !== START) this.touch(message);
		message.complete = true;
		this.message = this.chunked = undefined;
		this.state = START;
		this.host.ended(this, message);
	}

	/** The framing cannot be followed: the message ends here, and the next one must be found. */
	broken(message: HttpMessage, reason: PartialReason = "framing-error"): void {
		if (this.strict) {
			this.fail(reason === "framing-error" ? "HPE_INVALID_CHUNK_SIZE" : "LIMIT_CHUNK_LINE");
			return;
		}
		message.addPartial(reason);
		this.finish(message);
		this.derail();
		this.candidate = true;
	}

	/** What was learned of an unfinished head holds no more. */
	forgetHead(): void {
		this.tried = 0;
		if (this.draft === undefined) return;
		spare = this.draft;
		this.draft = undefined;
	}

	/** The head that is read, or may be. */
	nextHead(guess: boolean): HttpMessage {
		this.draft ??= this.newHead();
		this.draft.guess = guess;
		return this.draft;
	}

	/** The same where no draft is: most heads are whole at once. */
	newHead(): HttpMessage {
		const head = spare ?? new HttpMessage();
		spare = head.template = undefined;
		head.thorough = this.strict || this.limits.thorough === true;
		return head;
	}

	/** It may be one of this direction's messages. */
	mayRead(head: HttpMessage): boolean {
		return this.kind === undefined || head.response === (this.kind === "response");
	}

	/** Nothing is missing, but what comes cannot be followed: until a head is read it may be anything. */
	derail(): void {
		this.unsync(false, 0);
		this.version = VERSION.length;
	}

	/** Messages may be missing in the next `length` bytes, -1: an unknown number, and until a head is read. */
	unsync(begun: boolean, length: number): void {
		this.guess();
		this.candidate = false;
		this.lose(begun, length, true);
	}

	/** Messages may be missing in the next `length` bytes; see `ReaderHost.lost`. */
	lose(begun: boolean, length: number, lost: boolean): void {
		this.version = 0;
		this.host.lost(this, begun, length, lost);
	}

	/** Bytes are passed of which nobody knows what they are. */
	passOver(bytes: Uint8Array, from: number, to: number): void {
		if (this.version === VERSION.length) this.starts = Number.POSITIVE_INFINITY;
		for (let i = from; i < to; i++) {
			const byte = bytes[i]! | 32;
			if (byte !== VERSION[this.version++]) this.version = byte === VERSION[0] ? 1 : 0;
			if (this.version < VERSION.length) continue;
			this.starts++;
			this.version = 0;
		}
	}

	/** Reading stands where a message should begin, but not for certain. */
	guess(): void {
		this.synced = false;
		this.candidate = true;
		this.forgetHead();
	}

	/** Bytes are missing: tells, and in strict mode stops. True: stopped. */
	missing(within: HolePlace, behind: number, length: number, lost: boolean): boolean {
		this.host.hole?.(this, within, behind, length, lost);
		return this.strict && this.fail(length < 0 ? "GAP_UNKNOWN" : "GAP_KNOWN");
	}

	/** Strict mode: hands out the message that is being read, and stops. */
	fail(code: ErrorCode): true {
		const message = this.message;
		if (message !== undefined) {
			if (this.state === LENGTH) message.bodyBytes = message.decodedBodyBytes = message.contentLength - this.left;
			message.addPartial("stopped-by-error");
			this.finish(message);
		}
		this.stop();
		this.host.fail?.(this, code);
		return true;
	}

	/** The connection is over: what is unfinished ends here. */
	close(): void {
		this.closed = true;
		// It may have waited for what shows whether a head begins.
		if (this.message) this.run();
		const cut = this.state === START ? this.tried > 0 : this.message !== undefined && this.state !== CLOSE;
		if (this.state === START && this.tried > 0 && this.stream.span() === BYTES) {
			this.stream.gather();
			this.forgetHead();
			cutHead(this, "cut-by-close");
		}
		closeMessage(this);
		if (cut && this.strict) this.host.fail?.(this, "HPE_INVALID_EOF_STATE");
	}

	/** Reads no HTTP any more. */
	stop(): void {
		this.limits.templates?.forget();
		this.state = OPAQUE;
		this.message = undefined;
		this.pausedFor = undefined;
	}
}
