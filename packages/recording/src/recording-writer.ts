import { fchmodSync, writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import {
	encodeFrame,
	encodeHeader,
	encodeJson,
	FRAME_ANSWER,
	FRAME_BATCH,
	FRAME_CLOCK,
	FRAME_END,
	type RecordingHeader,
	STAMP_BYTES,
	stamp,
} from "./format.ts";
import { RecordingError } from "./recording-error.ts";
import { Redactor } from "./redactor.ts";

export interface RecordingWriterOptions {
	/** Bytes that may wait for the disk; beyond them a write blocks. 16 MiB if not told. */
	readonly maxBufferedBytes?: number;
}

/** A file is written in pieces of about this size. */
const CHUNK = 1 << 20;

/**
 * Writes a recording; redacts it meanwhile unless its header says otherwise.
 *
 *     writeBatch --> copy --> redact in place --> pending frames --> one write at a time, each at its place in the file
 *
 * Calls return at once and the disk is written in the background. When more than `maxBufferedBytes` wait, the call
 * writes them itself before it returns: the caller then goes at the pace of the disk, memory stays bounded, and nothing
 * is left out. An error of the disk comes up in the next call and in `close()`.
 */
export class RecordingWriter implements AsyncDisposable {
	readonly file: string;
	readonly #handle: FileHandle;
	readonly #redactor: Redactor | undefined;
	readonly #maxBuffered: number;
	#pending: Uint8Array[] = [];
	#pendingBytes = 0;
	/** Bytes of the file that have been given out to a write. */
	#position = 0;
	#inFlight: Promise<void> | undefined;
	#inFlightBytes = 0;
	#error: RecordingError | undefined;
	#closed = false;
	#batches = 0;
	#batchBytes = 0;

	private constructor(file: string, handle: FileHandle, redact: boolean, options: RecordingWriterOptions) {
		this.file = file;
		this.#handle = handle;
		this.#redactor = redact ? new Redactor() : undefined;
		this.#maxBuffered = options.maxBufferedBytes ?? 16 * CHUNK;
	}

	/** Creates the file, or empties it. Raw recordings can be read by their owner only. */
	static async create(
		file: string,
		header: RecordingHeader,
		options: RecordingWriterOptions = {},
	): Promise<RecordingWriter> {
		try {
			const mode = header.redacted ? 0o644 : 0o600;
			const handle = await open(file, "w", mode);
			// The mode given to open() does not change a file that exists, which must not stay readable.
			if (!header.redacted) fchmodSync(handle.fd, mode);
			const writer = new RecordingWriter(file, handle, header.redacted, options);
			writer.#add(encodeHeader(header));
			return writer;
		} catch (error) {
			const why = error instanceof Error ? error.message : String(error);
			throw new RecordingError("ERR_RECORDING_OPEN", file, 0, `Cannot create recording '${file}': ${why}`, {
				cause: error,
			});
		}
	}

	/** Bytes of the file so far, those still waiting for the disk included. */
	get bytes(): number {
		return this.#position + this.#pendingBytes;
	}

	/** Takes a copy of a batch; the caller's bytes stay as they are. */
	writeBatch(partition: number, clockNs: number, batch: Uint8Array): void {
		this.#batches++;
		this.#batchBytes += batch.length;
		const frame = encodeFrame(FRAME_BATCH, STAMP_BYTES + batch.length, (payload, view) => {
			stamp(view, partition, clockNs);
			payload.set(batch, STAMP_BYTES);
			this.#redactor?.redact(payload.subarray(STAMP_BYTES));
		});
		this.#add(frame);
	}

	/** Keeps what an outside source answered. Of a `cmdline` a redacted recording keeps the program alone. */
	writeAnswer(kind: string, key: string | number, value: unknown): void {
		this.#add(encodeJson(FRAME_ANSWER, { kind, key, value: this.#redactor ? withoutArguments(value) : value }));
	}

	writeClock(partition: number, clockNs: number): void {
		this.#add(encodeFrame(FRAME_CLOCK, STAMP_BYTES, (_, view) => stamp(view, partition, clockNs)));
	}

	/** Until the disk has everything that was written so far. */
	async flush(): Promise<void> {
		while (this.#inFlight) await this.#inFlight;
		this.#throwError();
	}

	/** Ends the recording in order, with a summary such as the ledger. */
	async close(summary: Readonly<Record<string, unknown>> = {}): Promise<void> {
		if (this.#closed) return;
		try {
			const { totals } = this;
			this.#add(encodeJson(FRAME_END, { ...summary, totals }));
			this.#closed = true;
			await this.flush();
		} finally {
			this.#closed = true;
			while (this.#inFlight) await this.#inFlight;
			await this.#handle.close();
		}
	}

	get totals(): { batches: number; batchBytes: number } {
		return { batches: this.#batches, batchBytes: this.#batchBytes };
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.close();
	}

	#add(frame: Uint8Array): void {
		if (this.#closed) {
			throw new RecordingError(
				"ERR_RECORDING_CLOSED",
				this.file,
				this.bytes,
				`Cannot write to '${this.file}': it is closed`,
			);
		}
		this.#throwError();
		this.#pending.push(frame);
		this.#pendingBytes += frame.length;
		if (this.#pendingBytes + this.#inFlightBytes > this.#maxBuffered) this.#writeNow();
		else this.#inFlight ??= this.#drain();
	}

	/** Writes what is pending, piece after piece, until nothing is. */
	async #drain(): Promise<void> {
		// Not yet: frames of one turn of the event loop go together.
		await new Promise((resolve) => setImmediate(resolve));
		while (this.#pending.length > 0 && !this.#error) {
			const { chunk, position } = this.#take(CHUNK);
			this.#inFlightBytes = chunk.length;
			try {
				let written = 0;
				while (written < chunk.length) {
					const { bytesWritten } = await this.#handle.write(chunk, written, chunk.length - written, position + written);
					written += bytesWritten;
				}
			} catch (error) {
				this.#fail(position, error);
			}
			this.#inFlightBytes = 0;
		}
		this.#inFlight = undefined;
	}

	/** Writes what is pending before it returns. What is in flight has its own place in the file. */
	#writeNow(): void {
		const { chunk, position } = this.#take(Number.POSITIVE_INFINITY);
		try {
			let written = 0;
			while (written < chunk.length) {
				written += writeSync(this.#handle.fd, chunk, written, chunk.length - written, position + written);
			}
		} catch (error) {
			this.#fail(position, error);
			this.#throwError();
		}
	}

	/** Pending frames of about `size` bytes as one chunk, and its place in the file. */
	#take(size: number): { chunk: Uint8Array; position: number } {
		let count = 0;
		let length = 0;
		while (count < this.#pending.length && (count === 0 || length + this.#pending[count]!.length <= size)) {
			length += this.#pending[count++]!.length;
		}
		const frames = this.#pending.splice(0, count);
		const position = this.#position;
		this.#position += length;
		this.#pendingBytes -= length;
		return { chunk: frames.length === 1 ? frames[0]! : Buffer.concat(frames, length), position };
	}

	#fail(position: number, error: unknown): void {
		const why = error instanceof Error ? error.message : String(error);
		const message = `Cannot write recording '${this.file}' at byte ${position}: ${why}`;
		this.#error ??= new RecordingError("ERR_RECORDING_WRITE", this.file, position, message, { cause: error });
		this.#pending = [];
		this.#pendingBytes = 0;
	}

	#throwError(): void {
		if (this.#error) throw this.#error;
	}
}

function withoutArguments(value: unknown): unknown {
	if (typeof value !== "object" || value === null || !("cmdline" in value)) return value;
	const { cmdline } = value;
	return { ...value, cmdline: typeof cmdline === "string" ? cmdline.split(" ", 1)[0] : "" };
}
