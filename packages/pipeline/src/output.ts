import { Writer } from "@wirescribe/access-log";

/**
 * Finished records on their way out of a partition: frames in one growing buffer, the only thing that crosses threads.
 *
 * ```
 * frame:  u32 bodyBytes | u32 preambleBytes | u32 kind | u32 version | f64 endNs | f64 socketId | u32 sequence | u32 0
 *         preamble, body, padding to 8
 * ```
 *
 * `endNs, socketId, sequence` order the frames of several partitions the same way, however many there were.
 */

/** 1: a line for people or programs (UTF-8, with its newline). 2: fields of one collector message. */
export type FrameKind = 1 | 2;
export const LINE = 1;
export const MESSAGE = 2;

export const FRAME_HEADER_BYTES = 40;

export interface OutputFrame {
	readonly kind: FrameKind;
	/** The connection's socket id, and the version of its description that `preamble` encodes. */
	readonly socketId: number;
	readonly version: number;
	readonly endNs: number;
	readonly sequence: number;
	/** The connection's description as ready protobuf bytes; empty for lines. */
	readonly preamble: Uint8Array;
	readonly body: Uint8Array;
}

/**
 * Collects frames; `take()` hands over an ArrayBuffer that is the receiver's from then on.
 *
 * A frame is written in place: `begin()`, its body by `writer`, `end()`.
 */
export class OutputBuffer {
	/** Writes the body of the frame that was begun. */
	readonly writer: Writer;
	#view: DataView;
	/** Where the frame that was begun stands. */
	#at = 0;
	readonly #initial: number;

	constructor(initialBytes: number = 64 * 1024) {
		this.#initial = initialBytes;
		this.writer = new Writer(initialBytes);
		this.#view = new DataView(this.writer.bytes.buffer);
	}

	get bytes(): number {
		return this.writer.length;
	}

	/** Begins a frame; its body follows. */
	begin(preamble: Uint8Array): void {
		const { writer } = this;
		this.#at = writer.length;
		writer.reserve(FRAME_HEADER_BYTES + preamble.length);
		writer.bytes.set(preamble, this.#at + FRAME_HEADER_BYTES);
		writer.length = this.#at + FRAME_HEADER_BYTES + preamble.length;
	}

	/** Ends the frame; `preambleBytes` is the length of what `begin` was given. */
	end(
		kind: FrameKind,
		socketId: number,
		version: number,
		endNs: number,
		sequence: number,
		preambleBytes: number,
	): void {
		const { writer } = this;
		const at = this.#at;
		const bodyBytes = writer.length - at - FRAME_HEADER_BYTES - preambleBytes;
		writer.reserve(7);
		writer.length = (writer.length + 7) & ~7;
		if (this.#view.buffer !== writer.bytes.buffer) this.#view = new DataView(writer.bytes.buffer);
		const view = this.#view;
		view.setUint32(at, bodyBytes, true);
		view.setUint32(at + 4, preambleBytes, true);
		view.setUint32(at + 8, kind, true);
		view.setUint32(at + 12, version, true);
		view.setFloat64(at + 16, endNs, true);
		view.setFloat64(at + 24, socketId, true);
		view.setUint32(at + 32, sequence, true);
		view.setUint32(at + 36, 0, true);
	}

	/** A whole frame whose body is there already. */
	push(
		kind: FrameKind,
		socketId: number,
		version: number,
		endNs: number,
		sequence: number,
		preamble: Uint8Array,
		body: Uint8Array,
	): void {
		this.begin(preamble);
		this.writer.raw(body);
		this.end(kind, socketId, version, endNs, sequence, preamble.length);
	}

	/** The frames so far, or undefined when there are none. */
	take(): ArrayBuffer | undefined {
		const { writer } = this;
		if (writer.length === 0) return undefined;
		const taken = writer.bytes.buffer.slice(0, writer.length);
		writer.reset();
		if (writer.bytes.length > 16 * this.#initial) writer.bytes = new Uint8Array(this.#initial);
		return taken;
	}
}

/**
 * Steps through the frames of one taken buffer; what it shows is the frame of the last {@link FrameCursor.next}. No object
 * and no view for each frame: {@link outputFrames} is the easy way.
 */
export class FrameCursor {
	readonly bytes: Uint8Array<ArrayBuffer>;
	kind: FrameKind = LINE;
	socketId: number = 0;
	version: number = 0;
	endNs: number = 0;
	sequence: number = 0;
	/** Where the preamble begins in `bytes`; the body follows it. */
	start: number = 0;
	bodyStart: number = 0;
	end: number = 0;
	readonly #view: DataView;
	#at = 0;

	constructor(buffer: ArrayBuffer) {
		this.bytes = new Uint8Array(buffer);
		this.#view = new DataView(buffer);
	}

	/** Goes to the next frame; false: there is none. */
	next(): boolean {
		const at = this.#at;
		const start = at + FRAME_HEADER_BYTES;
		if (start > this.bytes.length) return false;
		const view = this.#view;
		this.start = start;
		this.bodyStart = start + view.getUint32(at + 4, true);
		this.end = this.bodyStart + view.getUint32(at, true);
		this.kind = view.getUint32(at + 8, true) as FrameKind;
		this.version = view.getUint32(at + 12, true);
		this.endNs = view.getFloat64(at + 16, true);
		this.socketId = view.getFloat64(at + 24, true);
		this.sequence = view.getUint32(at + 32, true);
		this.#at = (this.end + 7) & ~7;
		return true;
	}
}

/** Reads the frames of one taken buffer; `preamble` and `body` are views of it. {@link FrameCursor} makes none. */
export function* outputFrames(buffer: ArrayBuffer): Generator<OutputFrame, void, undefined> {
	for (const cursor = new FrameCursor(buffer); cursor.next(); ) {
		const { bytes, kind, version, endNs, socketId, sequence, start, bodyStart, end } = cursor;
		const preamble = bytes.subarray(start, bodyStart);
		yield { kind, version, endNs, socketId, sequence, preamble, body: bytes.subarray(bodyStart, end) };
	}
}

/** The order in which a replay writes frames: end time, connection, sequence. */
export function compareFrames(a: OutputFrame, b: OutputFrame): number {
	return a.endNs - b.endNs || a.socketId - b.socketId || a.sequence - b.sequence || a.kind - b.kind;
}
