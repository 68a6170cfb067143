import type { Anomaly } from "./anomaly.ts";
import type { Message } from "./message.ts";

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
