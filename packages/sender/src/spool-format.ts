import { crc32 } from "node:zlib";
import { cutSlabs, type UnitBytes } from "./unit-bytes.ts";

/* The format is described in SPOOL.md. */
export const MAGIC: Uint8Array = new TextEncoder().encode("WSPOOL 1");
const PREFIX = 8;
export const DONE_BYTES = 8;

/** What is known of a unit beside its bytes. */
export interface UnitDescription {
	readonly id: string;
	readonly strand: number;
	readonly records: number;
	readonly headerBytes: number;
	readonly exposed: number;
}

export interface SpooledUnit {
	readonly description: UnitDescription;
	readonly bytes: UnitBytes;
	/** Of the entry in its segment. */
	readonly offset: number;
	readonly entryBytes: number;
}

export function encodeEntry(description: UnitDescription, bytes: UnitBytes): Uint8Array {
	const text = new TextEncoder().encode(JSON.stringify(description));
	const parts = [text, new Uint8Array(bytes.preambles.buffer), ...bytes.slabs];
	const length = parts.reduce((sum, part) => sum + part.length, 4);
	const entry = new Uint8Array(PREFIX + length);
	const view = new DataView(entry.buffer);
	view.setUint32(0, length, true);
	view.setUint32(PREFIX, text.length, true);
	let at = PREFIX + 4;
	for (const part of parts) {
		entry.set(part, at);
		at += part.length;
	}
	view.setUint32(4, checksum(entry), true);
	return entry;
}

function checksum(entry: Uint8Array): number {
	return crc32(entry.subarray(PREFIX), crc32(entry.subarray(0, 4)));
}

/** The entry at an offset; `torn` when the segment ends before it does, `damaged` when its checksum does not hold. */
export function decodeEntry(segment: Uint8Array, offset: number): SpooledUnit | "torn" | "damaged" {
	const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
	if (segment.length - offset < PREFIX) return "torn";
	const end = offset + PREFIX + view.getUint32(offset, true);
	if (end > segment.length) return "torn";
	const entry = segment.subarray(offset, end);
	if (entry.length < PREFIX + 4 || view.getUint32(offset + 4, true) !== checksum(entry)) return "damaged";
	const textEnd = PREFIX + 4 + view.getUint32(offset + PREFIX, true);
	const description: UnitDescription = JSON.parse(new TextDecoder().decode(entry.subarray(PREFIX + 4, textEnd)));
	const framesStart = textEnd + description.records * 4;
	const frames = entry.slice(framesStart);
	const bytes: UnitBytes = {
		slabs: cutSlabs(frames),
		length: frames.length,
		headerBytes: description.headerBytes,
		preambles: new Uint32Array(entry.slice(textEnd, framesStart).buffer),
	};
	return { description, bytes, offset, entryBytes: entry.length };
}

export function encodeDone(offset: number): Uint8Array {
	const entry = new Uint8Array(DONE_BYTES);
	const view = new DataView(entry.buffer);
	view.setUint32(0, offset, true);
	view.setUint32(4, crc32(entry.subarray(0, 4)), true);
	return entry;
}

export function decodeDone(file: Uint8Array): ReadonlySet<number> {
	const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
	const done = new Set<number>();
	for (let at = 0; at + DONE_BYTES <= file.length; at += DONE_BYTES) {
		const holds = view.getUint32(at + 4, true) === crc32(file.subarray(at, at + 4));
		if (holds) done.add(view.getUint32(at, true));
	}
	return done;
}
