import type { Direction, Stream } from "@wirescribe/buffer";
import { type ErrorCode, OBJECTIONS } from "./errors.ts";
import type { ProtocolChange } from "./exchange.ts";
import type { HttpMessage } from "./http-message.ts";
import type { Message } from "./message.ts";
import { leniencyNames, type PartialReason } from "./reasons.ts";

/** What is not as it should be, or not as usual: strict mode's errors, and what only an observer meets. */
export type AnomalyCode =
	| ErrorCode
	| "RESYNC"
	| "UNMATCHED_RESPONSE"
	| "EARLY_RESPONSE"
	| "HTTP2_PREFACE"
	| "UPGRADED"
	| "TUNNEL"
	| "LIMIT_PIPELINED"
	| "LIMIT_PENDING"
	| "LIMIT_UNSYNCED"
	| "LEADING_CRLF"
	| "MISSING_REASON"
	| "TE_IN_HTTP_1_0"
	| "LENGTH_WITHOUT_BODY"
	| "HEAD_RESPONSE_ASSUMED"
	| "END_NOT_SEEN";

/** Something that is not as it should be, or not as usual, when it is found. */
export interface Anomaly {
	/** Tells it from other values of a union. */
	readonly type: "anomaly";
	/**
	 * "info": allowed, and worth knowing; "warning": it deviates from RFC 9112, or was guessed, and was read nevertheless;
	 * "error": something is not known, or reading stopped.
	 */
	readonly severity: "info" | "warning" | "error";
	/** What it is. */
	readonly code: AnomalyCode;
	/** The direction it was found in: 1 in, 2 out; of a `MessageParser` always 1. */
	readonly direction: Direction;
	/** The message it belongs to, to be read during the call; undefined: none was being read. */
	readonly message: Message | undefined;
	/** The operation (of a `MessageParser` the call of `push`, from 1) whose bytes are read next; 0: none is. */
	readonly dataId: number;
	/** The stream position (u32) reading had reached; of missing bytes the first one. */
	readonly position: number;
}

/** What each reason is called that nothing else tells of: missing bytes and errors are told where they are met. */
const PARTIALS: { readonly [reason in PartialReason]?: AnomalyCode } = {
	"head-too-long": "HPE_HEADER_OVERFLOW",
	"start-line-too-long": "LIMIT_START_LINE",
	"too-many-headers": "LIMIT_HEADERS",
	"chunk-line-too-long": "LIMIT_CHUNK_LINE",
	"framing-error": "HPE_INVALID_CHUNK_SIZE",
	"end-not-seen": "END_NOT_SEEN",
	"cut-by-close": "HPE_INVALID_EOF_STATE",
};

const CHANGES: { readonly [kind in ProtocolChange["kind"]]: AnomalyCode } = {
	upgraded: "UPGRADED",
	tunnel: "TUNNEL",
	"http/2": "HTTP2_PREFACE",
	broken: "LIMIT_UNSYNCED",
};

/** Tells anomalies; there is none unless somebody asks. */
export class AnomalyTeller {
	readonly #tell: (anomaly: Anomaly) => void;

	constructor(tell: (anomaly: Anomaly) => void) {
		this.#tell = tell;
	}

	/** One, where a stream is read now, or `behind` bytes before or behind that. */
	tell(
		severity: Anomaly["severity"],
		code: AnomalyCode,
		direction: Direction,
		stream: Stream,
		message?: Message,
		behind: number = 0,
	): void {
		const { front, position } = stream;
		const place = { dataId: front?.dataId ?? 0, position: (position + behind) % 4294967296 };
		this.#tell({ type: "anomaly", severity, code, direction, message, ...place });
	}

	/** All that was noted on a message that is over. */
	message(message: HttpMessage, direction: Direction, stream: Stream): void {
		let left = message.lenient;
		for (const [bits, code] of OBJECTIONS) {
			if ((left & bits) !== 0) this.tell("warning", code, direction, stream, message);
			left &= ~bits;
		}
		// The others have their own names.
		for (const name of leniencyNames(left)) {
			const code = name.toUpperCase().replace(/[-.]/g, "_") as AnomalyCode;
			this.tell("warning", code, direction, stream, message);
		}
		for (const reason of message.partial) {
			const code = PARTIALS[reason];
			if (code !== undefined) this.tell("error", code, direction, stream, message);
		}
	}

	/** Bytes are missing; `length` -1: an unknown number. */
	gap(length: number, direction: Direction, stream: Stream, message: Message | undefined, behind: number): void {
		this.tell("error", length < 0 ? "GAP_UNKNOWN" : "GAP_KNOWN", direction, stream, message, behind);
	}

	/** There is no more HTTP/1. */
	change(kind: ProtocolChange["kind"], direction: Direction, stream: Stream): void {
		this.tell(kind === "broken" ? "error" : "info", CHANGES[kind], direction, stream);
	}

	/** Strict mode stops. Missing bytes have been told of. */
	stop(code: ErrorCode, direction: Direction, stream: Stream): void {
		if (!code.startsWith("GAP_")) this.tell("error", code, direction, stream);
	}
}
