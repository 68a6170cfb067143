import { ElfError, type ElfFile, type ElfSection, fileOffset, numberAt, viewOf } from "./elf-file.ts";

const SHT_SYMTAB = 2;
const SHT_DYNSYM = 11;
const STT_FUNC = 2;
const SYMBOL_BYTES = 24;
/** Read at a time. */
const PIECE_BYTES = SYMBOL_BYTES * 4096;
/** A debug build of a browser stays below. */
const MAX_TABLE_BYTES = 512 << 20;

/** A function's code. */
export interface FunctionPlace {
	/** Bytes from the start of the file. */
	readonly offset: number;
	/** Bytes of code, as far as the symbol says. */
	readonly size: number;
}

/**
 * Where functions are in a file, by name; those it does not define are missing.
 *
 * Dynamic symbols are asked first; when they have none of them, the full table, if the file was not stripped. Two passes through each, in pieces: where the
 * wanted names are among the strings (linkers let `SSL_read` be the end of a longer name), then which symbols have one of them.
 */
export function findFunctions(file: ElfFile, names: readonly string[]): ReadonlyMap<string, FunctionPlace> {
	const found = new Map<string, FunctionPlace>();
	for (const type of [SHT_DYNSYM, SHT_SYMTAB]) {
		if (found.size > 0) break;
		for (const symbols of file.sections.filter((section) => section.type === type)) {
			const strings = file.sections[symbols.link];
			const missing = names.filter((name) => !found.has(name));
			if (strings !== undefined && missing.length > 0) searchTable(file, symbols, strings, missing, found);
		}
	}
	return found;
}

function searchTable(
	file: ElfFile,
	symbols: ElfSection,
	strings: ElfSection,
	names: readonly string[],
	found: Map<string, FunctionPlace>,
): void {
	if (symbols.size > MAX_TABLE_BYTES || strings.size > MAX_TABLE_BYTES) {
		throw new ElfError(`a table of ${Math.max(symbols.size, strings.size)} bytes is too large`);
	}
	const places = placesOfNames(file, strings, names);
	if (places.size === 0) return;
	const end = symbols.offset + symbols.size - (symbols.size % SYMBOL_BYTES);
	for (let offset = symbols.offset; offset < end; offset += PIECE_BYTES) {
		const piece = viewOf(file.source, offset, Math.min(PIECE_BYTES, end - offset), "its symbols");
		for (let at = 0; at < piece.byteLength; at += SYMBOL_BYTES) {
			const name = places.get(piece.getUint32(at, true));
			if (name === undefined || found.has(name)) continue;
			const defined = piece.getUint16(at + 6, true) !== 0;
			if (!defined || (piece.getUint8(at + 4) & 0xf) !== STT_FUNC) continue;
			const offset = fileOffset(file, numberAt(piece, at + 8));
			if (offset !== undefined) found.set(name, { offset, size: numberAt(piece, at + 16) });
		}
	}
}

/** Offsets into a table of strings where one of the names stands, up to its end. */
export function placesOfNames(
	file: ElfFile,
	strings: Pick<ElfSection, "offset" | "size">,
	names: readonly string[],
): Map<number, string> {
	const wanted = names.map((name) => ({ name, bytes: Buffer.from(`${name}\0`, "latin1") }));
	const overlap = Math.max(...wanted.map(({ bytes }) => bytes.length)) - 1;
	const places = new Map<number, string>();
	for (let from = 0; from < strings.size; from += PIECE_BYTES) {
		const length = Math.min(PIECE_BYTES + overlap, strings.size - from);
		const view = viewOf(file.source, strings.offset + from, length, "its names");
		const piece = Buffer.from(view.buffer, view.byteOffset, length);
		for (const { name, bytes } of wanted) {
			for (let at = piece.indexOf(bytes); at >= 0; at = piece.indexOf(bytes, at + 1)) places.set(from + at, name);
		}
	}
	return places;
}
