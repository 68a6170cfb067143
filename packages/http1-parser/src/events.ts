import type { ErrorCode } from "./errors.ts";
import type { Message } from "./message.ts";
import type { Leniency, PartialReason } from "./reasons.ts";

/** Something that is not as it should be, when it is found. */
export interface Anomaly {
	/** Tells it from other values of a union. */
	readonly type: "anomaly";
	/** "warning": it deviates from RFC 9112 and was read nevertheless; "error": not everything about the message is known. */
	readonly severity: "warning" | "error";
	/** What is wrong. Of strict mode's errors the code. */
	readonly code: Leniency | PartialReason | ErrorCode;
	/** The message it belongs to; undefined: none was being read. */
	readonly message: Message | undefined;
	/** The operation (call of `push`, from 1) whose bytes are read next; 0: none is. */
	readonly dataId: number;
	/** How many bytes were read so far, modulo 2^32. */
	readonly position: number;
}

/** What a `MessageParser` tells, in the order of the bytes. All are optional; what nobody listens to costs nothing. */
export interface MessageEvents {
	/** A request's head was read. The message may be kept after `detach()`; its sizes are known at `onEnd`. */
	onRequestHead?(message: Message): void;
	/** A response's head was read, also an informational one. */
	onResponseHead?(message: Message): void;
	/**
	 * The next bytes of a body without chunk lines, when `bodies` asks for them: `slice`, or `missing` bytes that nobody has
	 * (-1: an unknown number). The slice is a view that is valid during the call; with `copy: true` it is the receiver's own.
	 */
	onBody?(message: Message, slice: Uint8Array, missing: number): void;
	/** A chunked body had trailers: `message.trailers()`. */
	onTrailers?(message: Message): void;
	/** A message is over, whole or not: `message.partial`. */
	onEnd?(message: Message): void;
	/** Something is wrong, by the end of the head or of the message. Names are judged for it, which costs time. */
	onAnomaly?(anomaly: Anomaly): void;
}
