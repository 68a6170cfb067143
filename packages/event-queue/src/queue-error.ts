/** Every code an {@linkcode EventQueueError} can carry. */
export type EventQueueErrorCode =
	| "ERR_QUEUE_OPTIONS"
	| "ERR_QUEUE_STATE"
	| "ERR_QUEUE_CLOSED"
	| "ERR_QUEUE_TIMEOUT"
	| "ERR_PARTITION_START"
	| "ERR_PARTITION_ASK"
	| "ERR_PARTITION_GONE";

/** A call the queue could not carry out. `code` is stable; the message says what, why, and what to do. */
export class EventQueueError extends Error {
	override readonly name: string = "EventQueueError";
	readonly code: EventQueueErrorCode;

	constructor(code: EventQueueErrorCode, message: string) {
		super(message);
		this.code = code;
	}
}
