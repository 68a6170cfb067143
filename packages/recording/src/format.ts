/** The recording file: README.md has the layout; this is the only code that knows it. */
import { crc32 } from "node:zlib";

/** `\r\n` and `\x1a` show a file that went through a text conversion. */
export const MAGIC: Uint8Array = new TextEncoder().encode("WSREC\r\n\x1a");
export const FORMAT_VERSION = 1;
/** magic, version, length of the header. */
export const PREAMBLE_BYTES = 16;
/** type and length before a frame's payload. */
export const FRAME_HEAD_BYTES = 8;
export const CRC_BYTES = 4;
/** partition, reserved, clock: before a batch, and all of a clock frame. */
export const STAMP_BYTES = 16;
/** More than any ring holds: a longer frame is a corrupt length. */
export const MAX_FRAME_BYTES: number = 1 << 30;

export const FRAME_BATCH = 1;
export const FRAME_ANSWER = 2;
export const FRAME_CLOCK = 3;
export const FRAME_END = 4;

/** The machine and the moment a recording is of. All of it is kept as JSON. */
export interface RecordingHeader {
	/** True when payload bytes were overwritten while this was written. */
	readonly redacted: boolean;
	/** RFC 3339. */
	readonly startedAt: string;
	readonly kernel: string;
	readonly machine: string;
	readonly wirescribe: string;
	/** Whatever else a replay needs: node, boot time, interfaces, options. */
	readonly [more: string]: unknown;
}

/** What a ring drain handed to a partition. */
export interface BatchFrame {
	readonly type: "batch";
	readonly offset: number;
	readonly partition: number;
	/** Recorded CLOCK_MONOTONIC in ns when the batch was handed over. */
	readonly clockNs: number;
	/** Frames of events, in memory of its own, aligned to 8. */
	readonly batch: Uint8Array;
}

/** What an outside source answered: a process, a peer, the node. */
export interface AnswerFrame {
	readonly type: "answer";
	readonly offset: number;
	readonly kind: string;
	readonly key: string | number;
	readonly value: unknown;
}

/** Time passed: a partition ticked. */
export interface ClockFrame {
	readonly type: "clock";
	readonly offset: number;
	readonly partition: number;
	readonly clockNs: number;
}

/** The recording was closed in order. */
export interface EndFrame {
	readonly type: "end";
	readonly offset: number;
	readonly summary: unknown;
}

export type RecordingFrame = BatchFrame | AnswerFrame | ClockFrame | EndFrame;

/** The start of a file: preamble, header, checksum. */
export function encodeHeader(header: RecordingHeader): Uint8Array {
	const json = new TextEncoder().encode(JSON.stringify(header));
	const bytes = new Uint8Array(PREAMBLE_BYTES + json.length + CRC_BYTES);
	const view = new DataView(bytes.buffer);
	bytes.set(MAGIC);
	view.setUint32(8, FORMAT_VERSION, true);
	view.setUint32(12, json.length, true);
	bytes.set(json, PREAMBLE_BYTES);
	view.setUint32(PREAMBLE_BYTES + json.length, crc32(json), true);
	return bytes;
}

/** A frame around a payload of `length` bytes that `fill` writes in place. */
export function encodeFrame(
	type: number,
	length: number,
	fill: (payload: Uint8Array, view: DataView) => void,
): Uint8Array {
	const bytes = new Uint8Array(FRAME_HEAD_BYTES + length + CRC_BYTES);
	const view = new DataView(bytes.buffer);
	view.setUint32(0, type, true);
	view.setUint32(4, length, true);
	fill(
		bytes.subarray(FRAME_HEAD_BYTES, FRAME_HEAD_BYTES + length),
		new DataView(bytes.buffer, FRAME_HEAD_BYTES, length),
	);
	view.setUint32(FRAME_HEAD_BYTES + length, crc32(bytes.subarray(0, FRAME_HEAD_BYTES + length)), true);
	return bytes;
}

export function encodeJson(type: number, value: unknown): Uint8Array {
	const json = new TextEncoder().encode(JSON.stringify(value));
	return encodeFrame(type, json.length, (payload) => payload.set(json));
}

export function stamp(view: DataView, partition: number, clockNs: number): void {
	view.setUint32(0, partition, true);
	view.setFloat64(8, clockNs, true);
}

/** A payload as a frame; undefined for a type this version does not know, which is skipped. Throws on broken JSON. */
export function decodeFrame(type: number, payload: Uint8Array, offset: number): RecordingFrame | undefined {
	const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
	const json = (): unknown => JSON.parse(new TextDecoder().decode(payload));
	switch (type) {
		case FRAME_BATCH:
		case FRAME_CLOCK: {
			if (payload.length < STAMP_BYTES) throw new RangeError(`${payload.length} bytes are too few for a time stamp`);
			const partition = view.getUint32(0, true);
			const clockNs = view.getFloat64(8, true);
			if (type === FRAME_CLOCK) return { type: "clock", offset, partition, clockNs };
			return { type: "batch", offset, partition, clockNs, batch: payload.subarray(STAMP_BYTES) };
		}
		case FRAME_ANSWER: {
			const { kind, key, value } = json() as { kind: string; key: string | number; value: unknown };
			return { type: "answer", offset, kind, key, value };
		}
		case FRAME_END:
			return { type: "end", offset, summary: json() };
		default:
			return undefined;
	}
}
