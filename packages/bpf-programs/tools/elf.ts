/**
 * As much of ELF as a look at BPF objects needs: 64-bit, little-endian, relocatable. Every offset is checked against the file's size, so
 * that bytes that are no object end in an error and never in a wrong answer.
 */

/** A section that has bytes in the file. */
export interface Section {
	readonly index: number;
	readonly name: string;
	readonly type: number;
	readonly executable: boolean;
	readonly offset: number;
	readonly size: number;
	/** What `sh_link` and `sh_info` say; for relocations: the symbols, and the section they are for. */
	readonly link: number;
	readonly info: number;
}

/** A place that the loader fills in, and the symbol it fills in. */
export interface Relocation {
	/** Bytes from the section's start. */
	readonly offset: number;
	readonly type: number;
	readonly symbol: string;
	/** The symbol is in this object. */
	readonly defined: boolean;
}

export interface Elf {
	readonly sections: readonly Section[];
	view(section: Section): DataView;
	relocationsOf(section: Section): Relocation[];
}

const HEADER_BYTES = 64;
const SECTION_BYTES = 64;
const SYMBOL_BYTES = 24;
const RELOCATION_BYTES = 16;
const MACHINE_BPF = 247;
const TYPE = { rela: 4, nobits: 8, rel: 9 } as const;
const EXECUTABLE = 4;
/** More than any compiler makes of one object of ours. */
const MAX_SECTIONS = 4096;

export function readElf(bytes: Uint8Array): Elf {
	const whole = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const part = (offset: number, size: number): DataView => {
		if (offset + size > bytes.byteLength)
			throw new Error(`not a whole ELF file: ${offset} + ${size} is beyond its end`);
		return new DataView(bytes.buffer, bytes.byteOffset + offset, size);
	};
	const header = part(0, HEADER_BYTES);
	if (header.getUint32(0, false) !== 0x7f454c46) throw new Error("not an ELF file");
	if (header.getUint8(4) !== 2 || header.getUint8(5) !== 1) throw new Error("not a 64-bit little-endian ELF file");
	if (header.getUint16(18, true) !== MACHINE_BPF) throw new Error("not a BPF object");
	const count = header.getUint16(60, true);
	if (count === 0 || count > MAX_SECTIONS || header.getUint16(58, true) !== SECTION_BYTES) {
		throw new Error(`not an object this can read: ${count} sections`);
	}
	const table = part(offsetAt(header, 40), count * SECTION_BYTES);
	const bare = Array.from({ length: count }, (_, index) => sectionAt(table, index));
	const names = bare[header.getUint16(62, true)];
	if (names === undefined) throw new Error("not a whole ELF file: no section names");
	const sections = bare.map((section) => ({ ...section, name: text(whole, names, section.nameAt) }));
	const view = ({ type, offset, size }: Section): DataView => part(offset, type === TYPE.nobits ? 0 : size);
	for (const section of sections) view(section);
	return {
		sections,
		view,
		relocationsOf: (target) =>
			sections
				.filter(({ type, info }) => (type === TYPE.rel || type === TYPE.rela) && info === target.index)
				.flatMap((section) => {
					if (section.type === TYPE.rela) throw new Error(`${section.name}: relocations with addends`);
					return relocations(whole, view(section), sections, section.link, view);
				}),
	};
}

function sectionAt(table: DataView, index: number): Section & { readonly nameAt: number } {
	const at = index * SECTION_BYTES;
	return {
		index,
		name: "",
		nameAt: table.getUint32(at, true),
		type: table.getUint32(at + 4, true),
		executable: (offsetAt(table, at + 8) & EXECUTABLE) !== 0,
		offset: offsetAt(table, at + 24),
		size: offsetAt(table, at + 32),
		link: table.getUint32(at + 40, true),
		info: table.getUint32(at + 44, true),
	};
}

/** A 64-bit field that has to be a place in a file of less than 4 GiB. */
function offsetAt(view: DataView, at: number): number {
	if (view.getUint32(at + 4, true) !== 0) throw new Error("not a whole ELF file: an offset beyond 4 GiB");
	return view.getUint32(at, true);
}

function text(whole: DataView, table: Section, at: number): string {
	if (at >= table.size || table.offset + table.size > whole.byteLength) throw new Error("not a whole ELF file: a name");
	let name = "";
	for (let i = table.offset + at; i < table.offset + table.size; i++) {
		const byte = whole.getUint8(i);
		if (byte === 0) return name;
		name += String.fromCharCode(byte);
	}
	throw new Error("not a whole ELF file: a name without an end");
}

function relocations(
	whole: DataView,
	table: DataView,
	sections: readonly Section[],
	symbolsIndex: number,
	view: (section: Section) => DataView,
): Relocation[] {
	const symbols = sections[symbolsIndex];
	const strings = symbols && sections[symbols.link];
	if (!symbols || !strings) throw new Error("not a whole ELF file: relocations without symbols");
	const entries = view(symbols);
	return Array.from({ length: Math.floor(table.byteLength / RELOCATION_BYTES) }, (_, i) => {
		const at = i * RELOCATION_BYTES;
		const symbol = table.getUint32(at + 12, true) * SYMBOL_BYTES;
		if (symbol + SYMBOL_BYTES > entries.byteLength) throw new Error("not a whole ELF file: no such symbol");
		return {
			offset: offsetAt(table, at),
			type: table.getUint32(at + 8, true),
			symbol: text(whole, strings, entries.getUint32(symbol, true)),
			defined: entries.getUint16(symbol + 6, true) !== 0,
		};
	});
}
