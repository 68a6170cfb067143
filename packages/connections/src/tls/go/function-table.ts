import { ElfError, type ElfFile, fileOffset, numberAt, viewOf } from "../elf-file.ts";
import { placesOfNames } from "../find-functions.ts";
import { returnPlaces } from "./return-places.ts";

/** A function of a Go program. */
export interface GoFunction {
	/** Bytes from the start of the file. */
	readonly offset: number;
	readonly size: number;
	/** Its return instructions, in bytes from the start of the file. */
	readonly returns: readonly number[];
}

/**
 * The table that Go's runtime finds functions by (runtime/symtab.go). It is in every Go program, stripped or not:
 *
 *     header ─┬─► names              all functions' names, one after another
 *             ├─► pc tables          how a value changes along a function's code, such as the stack pointer's distance
 *             └─► functions          (start, place of the rest) for each, by start; then the rest: name, pc tables, …
 */
interface FunctionTable {
	readonly at: number;
	readonly end: number;
	readonly count: number;
	/** Since Go 1.18 starts count from here, in four bytes; before, they are addresses of eight. */
	readonly textStart: number | undefined;
	readonly names: number;
	readonly namesEnd: number;
	readonly pcTables: number;
	readonly functions: number;
	/** Bytes of the smallest instruction. */
	readonly quantum: number;
}

const SECTIONS: ReadonlySet<string> = new Set([".gopclntab", ".data.rel.ro.gopclntab"]);
const [GO_1_16, GO_1_18, GO_1_20] = [0xffff_fffa, 0xffff_fff0, 0xffff_fff1];
const HEADER_BYTES = 72;
/** The largest programs have some 300,000 functions in 100 MB. */
const MAX_FUNCTIONS = 4 << 20;
const MAX_TABLE_BYTES = 512 << 20;
/** Functions looked through at a time, and the bytes of one that are read: its start and its name. */
const PIECE_FUNCTIONS = 4096;
const HEAD_BYTES = 24;
/** Of a pc table: one of a function that is worth a look is shorter. */
const MAX_PC_TABLE_BYTES = 65_536;

/** Functions of a Go program by name; those that it does not have are missing. */
export function goFunctions(file: ElfFile, wanted: readonly string[]): ReadonlyMap<string, GoFunction> {
	const table = readTable(file);
	const places = placesOfNames(file, { offset: table.names, size: table.namesEnd - table.names }, wanted);
	const found = new Map<string, GoFunction>();
	if (places.size === 0) return found;
	for (let first = 0; first < table.count && found.size < wanted.length; first += PIECE_FUNCTIONS) {
		searchPiece(file, table, first, places, found);
	}
	return found;
}

function readTable(file: ElfFile): FunctionTable {
	const section = file.sections.find(({ name }) => SECTIONS.has(name));
	if (section === undefined) throw new ElfError("it has no table of Go functions");
	const header = viewOf(file.source, section.offset, HEADER_BYTES, "the header of its Go functions");
	const magic = header.getUint32(0, true);
	if (![GO_1_16, GO_1_18, GO_1_20].includes(magic) || header.getUint8(7) !== 8) {
		throw new ElfError(`its table of Go functions is of an unknown kind (0x${magic.toString(16)})`);
	}
	const isOld = magic === GO_1_16;
	const numbers = Array.from({ length: 8 }, (_, index) => numberAt(header, 8 + index * 8));
	const [count = 0, , ...rest] = numbers;
	const [textStart, names = 0, units = 0, , pcTables = 0, functions = 0] = isOld ? [undefined, ...rest] : rest;
	if (count > MAX_FUNCTIONS || section.size > MAX_TABLE_BYTES || names > units || functions > section.size) {
		throw new ElfError(`its table of Go functions has ${count} of them in ${section.size} bytes`);
	}
	const at = section.offset;
	return {
		...{ at, end: at + section.size, count, textStart, quantum: header.getUint8(6) },
		...{ names: at + names, namesEnd: at + units, pcTables: at + pcTables, functions: at + functions },
	};
}

/** A row of the table: where the function starts, as an address, and where the rest is. */
function rowOf({ textStart }: FunctionTable, view: DataView, index: number): { start: number; rest: number } {
	if (textStart === undefined) return { start: numberAt(view, index * 16), rest: numberAt(view, index * 16 + 8) };
	return { start: textStart + view.getUint32(index * 8, true), rest: view.getUint32(index * 8 + 4, true) };
}

function searchPiece(
	file: ElfFile,
	table: FunctionTable,
	first: number,
	places: ReadonlyMap<number, string>,
	found: Map<string, GoFunction>,
): void {
	const rowBytes = table.textStart === undefined ? 16 : 8;
	const count = Math.min(PIECE_FUNCTIONS, table.count - first);
	const rowsAt = table.functions + first * rowBytes;
	// One more row: it starts where the last function ends.
	const rows = viewOf(file.source, rowsAt, count * rowBytes + rowBytes / 2, "its Go functions");
	const [low, high] = [rowOf(table, rows, 0).rest, rowOf(table, rows, count - 1).rest];
	if (high < low || table.functions + high + HEAD_BYTES > table.end)
		throw new ElfError("its Go functions are not in order");
	const heads = viewOf(file.source, table.functions + low, high - low + HEAD_BYTES, "its Go functions");
	const nameAt = table.textStart === undefined ? 8 : 4;
	for (let index = 0; index < count; index++) {
		const { start, rest } = rowOf(table, rows, index);
		if (rest < low || rest > high) throw new ElfError("its Go functions are not in order");
		const name = places.get(heads.getUint32(rest - low + nameAt, true));
		if (name === undefined || found.has(name)) continue;
		const end =
			table.textStart === undefined
				? numberAt(rows, (index + 1) * 16)
				: table.textStart + rows.getUint32((index + 1) * 8, true);
		const stackTable = heads.getUint32(rest - low + nameAt + 12, true);
		const one = functionAt(file, table, start, end - start, stackTable);
		if (one !== undefined) found.set(name, one);
	}
}

function functionAt(
	file: ElfFile,
	table: FunctionTable,
	start: number,
	size: number,
	stackTable: number,
): GoFunction | undefined {
	const offset = fileOffset(file, start);
	if (offset === undefined || size <= 0 || offset + size > file.source.size) return undefined;
	const at = table.pcTables + stackTable;
	const bytes = Math.min(MAX_PC_TABLE_BYTES, table.end - at);
	if (bytes <= 0 || size > MAX_PC_TABLE_BYTES) return undefined;
	const values = viewOf(file.source, at, bytes, "a table of its stack");
	const code = viewOf(file.source, offset, size, "a function");
	return { offset, size, returns: returnPlaces(values, code, table.quantum).map((place) => offset + place) };
}
