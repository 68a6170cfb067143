import type { ByteSource } from "./byte-source.ts";

/** A file that is no ELF executable or library this can read; the message says what is wrong with it. */
export class ElfError extends Error {
	readonly code: string = "ERR_ELF";
	constructor(message: string) {
		super(`Cannot read it as ELF: ${message}`);
		this.name = "ElfError";
	}
}

/** Bytes of the file that are mapped somewhere (a PT_LOAD program header). */
export interface Segment {
	readonly executable: boolean;
	readonly offset: number;
	readonly address: number;
	readonly bytes: number;
}

export interface ElfSection {
	readonly name: string;
	readonly type: number;
	readonly offset: number;
	readonly size: number;
	/** For symbols: the section of their names. */
	readonly link: number;
}

/** As much of an executable or library as finding functions in it needs. */
export interface ElfFile {
	readonly source: ByteSource;
	readonly segments: readonly Segment[];
	readonly sections: readonly ElfSection[];
}

const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const SECTION_BYTES = 64;
const EXECUTABLE_FILE = 2;
const SHARED_FILE = 3;
const PT_LOAD = 1;
const PF_X = 1;
const SHT_NOBITS = 8;
/** Linkers make tens of them. */
const MAX_SEGMENTS = 256;
const MAX_SECTIONS = 4096;
const MAX_NAMES_BYTES = 1 << 20;

/**
 * Reads the headers of a 64-bit little-endian ELF executable or library. Throws an {@linkcode ElfError} for anything else.
 *
 * Every place is checked against the file's size and every count against a limit, so the work is bounded whatever the file says.
 * A file without section headers has no sections, which is no error.
 */
export function readElfFile(source: ByteSource): ElfFile {
	const header = viewOf(source, 0, HEADER_BYTES, "its header");
	if (header.getUint32(0, false) !== 0x7f454c46) throw new ElfError("it does not start with the ELF magic");
	if (header.getUint8(4) !== 2 || header.getUint8(5) !== 1) throw new ElfError("it is not 64-bit little-endian");
	const type = header.getUint16(16, true);
	if (type !== EXECUTABLE_FILE && type !== SHARED_FILE) throw new ElfError(`its type is ${type}, no executable`);
	return { source, segments: readSegments(source, header), sections: readSections(source, header) };
}

function readSegments(source: ByteSource, header: DataView): Segment[] {
	const count = header.getUint16(56, true);
	if (count > MAX_SEGMENTS || (count > 0 && header.getUint16(54, true) !== SEGMENT_BYTES)) {
		throw new ElfError(`${count} program headers of ${header.getUint16(54, true)} bytes`);
	}
	const table = viewOf(source, numberAt(header, 32), count * SEGMENT_BYTES, "its program headers");
	const segments: Segment[] = [];
	for (let at = 0; at < count * SEGMENT_BYTES; at += SEGMENT_BYTES) {
		if (table.getUint32(at, true) !== PT_LOAD) continue;
		segments.push({
			executable: (table.getUint32(at + 4, true) & PF_X) !== 0,
			offset: numberAt(table, at + 8),
			address: numberAt(table, at + 16),
			bytes: numberAt(table, at + 32),
		});
	}
	return segments;
}

function readSections(source: ByteSource, header: DataView): ElfSection[] {
	const count = header.getUint16(60, true);
	if (count === 0) return [];
	if (count > MAX_SECTIONS || header.getUint16(58, true) !== SECTION_BYTES) {
		throw new ElfError(`${count} section headers of ${header.getUint16(58, true)} bytes`);
	}
	const table = viewOf(source, numberAt(header, 40), count * SECTION_BYTES, "its section headers");
	const namesIndex = header.getUint16(62, true);
	const bare = Array.from({ length: count }, (_, index) => {
		const at = index * SECTION_BYTES;
		const type = table.getUint32(at + 4, true);
		return {
			nameAt: table.getUint32(at, true),
			type,
			offset: numberAt(table, at + 24),
			size: type === SHT_NOBITS ? 0 : numberAt(table, at + 32),
			link: table.getUint32(at + 40, true),
		};
	});
	const strings = bare[namesIndex];
	if (strings === undefined || strings.size > MAX_NAMES_BYTES) throw new ElfError("it has no section names");
	const names = viewOf(source, strings.offset, strings.size, "its section names");
	return bare.map(({ nameAt, ...section }) => ({ ...section, name: textAt(names, nameAt) }));
}

/** Where in the file the code at an address is; undefined when it is in no executable part of it. */
export function fileOffset(file: ElfFile, address: number): number | undefined {
	return addressOffset({ ...file, segments: file.segments.filter(({ executable }) => executable) }, address);
}

/** Where in the file the bytes at an address are; undefined when it has none there. */
export function addressOffset({ segments, source }: ElfFile, address: number): number | undefined {
	const segment = segments.find((one) => address >= one.address && address < one.address + one.bytes);
	if (segment === undefined) return undefined;
	const offset = address - segment.address + segment.offset;
	return offset < source.size ? offset : undefined;
}

/** A view of these bytes; they must all be there. */
export function viewOf(source: ByteSource, offset: number, length: number, what: string): DataView {
	if (offset + length > source.size)
		throw new ElfError(`${what} would end at ${offset + length} of ${source.size} bytes`);
	const bytes = source.read(offset, length);
	if (bytes.length !== length) throw new ElfError(`${what} could not be read whole`);
	return new DataView(bytes.buffer, bytes.byteOffset, length);
}

/** A 64-bit number that has to be exact as a double. */
export function numberAt(view: DataView, at: number): number {
	const value = view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
	if (!Number.isSafeInteger(value)) throw new ElfError(`a number too large for a file: ${value}`);
	return value;
}

function textAt(view: DataView, from: number): string {
	let text = "";
	for (let at = from; at < view.byteLength && text.length < 64; at++) {
		const code = view.getUint8(at);
		if (code === 0) break;
		text += String.fromCharCode(code);
	}
	return text;
}
