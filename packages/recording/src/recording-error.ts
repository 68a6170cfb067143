/** Every code a {@linkcode RecordingError} can carry. */
export type RecordingErrorCode =
	| "ERR_RECORDING_OPEN"
	| "ERR_RECORDING_FORMAT"
	| "ERR_RECORDING_VERSION"
	| "ERR_RECORDING_TRUNCATED"
	| "ERR_RECORDING_CORRUPT"
	| "ERR_RECORDING_READ"
	| "ERR_RECORDING_WRITE"
	| "ERR_RECORDING_CLOSED";

/** A recording that cannot be written or read on. What was read before it stays good. */
export class RecordingError extends Error {
	override readonly name: string = "RecordingError";
	readonly code: RecordingErrorCode;
	readonly file: string;
	/** Byte offset in the file of what could not be read; the end of what can be used. */
	readonly offset: number;

	constructor(code: RecordingErrorCode, file: string, offset: number, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
		this.file = file;
		this.offset = offset;
	}
}
