import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import {
	CRC_BYTES,
	decodeFrame,
	FORMAT_VERSION,
	FRAME_HEAD_BYTES,
	MAGIC,
	MAX_FRAME_BYTES,
	PREAMBLE_BYTES,
	type RecordingFrame,
	type RecordingHeader,
} from "./format.ts";
import { RecordingError, type RecordingErrorCode } from "./recording-error.ts";

const CHUNK = 1 << 20;

/**
 * Reads a recording, frame after frame.
 *
 * A file that is cut or damaged gives every frame before the damage, then fails with a {@linkcode RecordingError} that
 * names the place. A file without an end frame is cut, too: it was not closed.
 */
export class RecordingReader implements AsyncDisposable {
	readonly file: string;
	readonly header: RecordingHeader;
	readonly #source: Source;

	private constructor(source: Source, header: RecordingHeader) {
		this.file = source.file;
		this.#source = source;
		this.header = header;
	}

	/** Opens a recording and reads its header. */
	static async open(file: string): Promise<RecordingReader> {
		let handle: FileHandle;
		try {
			handle = await open(file, "r");
		} catch (error) {
			const why = error instanceof Error ? error.message : String(error);
			throw new RecordingError("ERR_RECORDING_OPEN", file, 0, `Cannot open recording '${file}': ${why}`, {
				cause: error,
			});
		}
		const source = new Source(file, handle);
		try {
			return new RecordingReader(source, await readHeader(source));
		} catch (error) {
			await handle.close();
			throw error;
		}
	}

	/** The frames in the order they were written; once. Closes the file at the end, and when the loop is left. */
	async *[Symbol.asyncIterator](): AsyncGenerator<RecordingFrame, void, void> {
		const source = this.#source;
		try {
			for (;;) {
				const frame = await readFrame(source);
				if (!frame) continue;
				yield frame;
				if (frame.type === "end") return;
			}
		} finally {
			await this.close();
		}
	}

	async close(): Promise<void> {
		await this.#source.close();
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}
}

/** A file that is read in large pieces and handed out in exact ones. */
class Source {
	readonly file: string;
	readonly #handle: FileHandle;
	#block: Uint8Array = new Uint8Array(0);
	#at = 0;
	#closed = false;
	/** Of the next byte to be taken. */
	offset = 0;

	constructor(file: string, handle: FileHandle) {
		this.file = file;
		this.#handle = handle;
	}

	/** The next `length` bytes in memory of their own, or fewer at the end of the file. */
	async take(length: number): Promise<Uint8Array> {
		const available = this.#block.length - this.#at;
		if (available >= length) return this.#slice(length);
		// A corrupt length must not allocate what the file cannot hold.
		const rest = Math.min(length - available, (await this.#handle.stat()).size - this.offset - available);
		const want = Math.max(CHUNK, rest);
		const block = new Uint8Array(available + want);
		block.set(this.#block.subarray(this.#at));
		let filled = available;
		while (filled < block.length) {
			const { bytesRead } = await this.#handle.read(block, filled, block.length - filled, this.offset + filled);
			if (bytesRead === 0) break;
			filled += bytesRead;
		}
		this.#block = block.subarray(0, filled);
		this.#at = 0;
		return this.#slice(Math.min(length, filled));
	}

	async close(): Promise<void> {
		if (this.#closed) return;
		this.#closed = true;
		await this.#handle.close();
	}

	error(code: RecordingErrorCode, offset: number, why: string): RecordingError {
		return new RecordingError(
			code,
			this.file,
			offset,
			`Cannot read recording '${this.file}' from byte ${offset}: ${why}`,
		);
	}

	#slice(length: number): Uint8Array {
		const bytes = this.#block.slice(this.#at, this.#at + length);
		this.#at += length;
		this.offset += length;
		return bytes;
	}
}

async function readHeader(source: Source): Promise<RecordingHeader> {
	const preamble = await source.take(PREAMBLE_BYTES);
	if (!MAGIC.every((byte, i) => preamble[i] === byte)) {
		throw source.error("ERR_RECORDING_FORMAT", 0, "it is not a recording (or was converted as text)");
	}
	if (preamble.length < PREAMBLE_BYTES) throw source.error("ERR_RECORDING_TRUNCATED", 0, "it ends within its header");
	const view = new DataView(preamble.buffer, preamble.byteOffset);
	const version = view.getUint32(8, true);
	if (version !== FORMAT_VERSION) {
		const why = `it has format version ${version}, this reads version ${FORMAT_VERSION}`;
		throw source.error("ERR_RECORDING_VERSION", 8, why);
	}
	const length = view.getUint32(12, true);
	const json = await source.take(length);
	const crc = await source.take(CRC_BYTES);
	if (json.length < length || crc.length < CRC_BYTES) {
		throw source.error("ERR_RECORDING_TRUNCATED", PREAMBLE_BYTES, "it ends within its header");
	}
	if (new DataView(crc.buffer).getUint32(0, true) !== crc32(json)) {
		throw source.error("ERR_RECORDING_CORRUPT", PREAMBLE_BYTES, "the checksum of its header does not fit");
	}
	return JSON.parse(new TextDecoder().decode(json)) as RecordingHeader;
}

/** The next frame; undefined for one of a kind that this version does not know. */
async function readFrame(source: Source): Promise<RecordingFrame | undefined> {
	const offset = source.offset;
	const head = await source.take(FRAME_HEAD_BYTES);
	if (head.length === 0) {
		throw source.error("ERR_RECORDING_TRUNCATED", offset, "it has no end; what is before this byte is whole");
	}
	if (head.length < FRAME_HEAD_BYTES) throw cut(source, offset);
	const view = new DataView(head.buffer, head.byteOffset);
	const type = view.getUint32(0, true);
	const length = view.getUint32(4, true);
	if (length > MAX_FRAME_BYTES) {
		throw source.error(
			"ERR_RECORDING_CORRUPT",
			offset,
			`a frame of ${length} bytes cannot be; what is before is whole`,
		);
	}
	const payload = await source.take(length);
	const crc = await source.take(CRC_BYTES);
	if (payload.length < length || crc.length < CRC_BYTES) throw cut(source, offset);
	if (new DataView(crc.buffer).getUint32(0, true) !== crc32(payload, crc32(head))) {
		throw source.error(
			"ERR_RECORDING_CORRUPT",
			offset,
			"the checksum of a frame does not fit; what is before is whole",
		);
	}
	try {
		return decodeFrame(type, payload, offset);
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		throw source.error("ERR_RECORDING_CORRUPT", offset, `a frame of type ${type} cannot be understood: ${why}`);
	}
}

function cut(source: Source, offset: number): RecordingError {
	return source.error("ERR_RECORDING_TRUNCATED", offset, "it ends within a frame; what is before this byte is whole");
}
