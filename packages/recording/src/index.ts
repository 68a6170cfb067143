/**
 * The recording file: what the kernel handed over, batch by batch, with every outside answer that was used, so that a
 * replay needs nothing but the file.
 *
 * A writer owns its file until `close()`; calls return at once and the disk is written in the background. A recording is
 * redacted while it is written unless its header says otherwise. Reading never guesses: a damaged file gives what is
 * before the damage, then an error that names the place.
 *
 * @module
 */
export type {
	AnswerFrame,
	BatchFrame,
	ClockFrame,
	EndFrame,
	RecordingFrame,
	RecordingHeader,
} from "./format.ts";
export { RecordingError, type RecordingErrorCode } from "./recording-error.ts";
export { RecordingReader } from "./recording-reader.ts";
export { RecordingWriter, type RecordingWriterOptions } from "./recording-writer.ts";
export { Redactor } from "./redactor.ts";
