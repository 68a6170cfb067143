import { addressOffset, type ElfFile, numberAt, viewOf } from "../elf-file.ts";

const MAGIC = "\xff Go buildinf:";
const HEADER_BYTES = 32;
/** A varint of at most two bytes, and the longest version that makes sense. */
const MAX_VERSION_BYTES = 128;

/** The compiler's version that a Go program carries, such as "go1.19.8"; undefined when the file is no Go program. */
export function goVersion(file: ElfFile): string | undefined {
	const section = file.sections.find(({ name }) => name === ".go.buildinfo");
	if (section === undefined || section.size < HEADER_BYTES) return undefined;
	const view = viewOf(
		file.source,
		section.offset,
		Math.min(section.size, HEADER_BYTES + MAX_VERSION_BYTES),
		"its build info",
	);
	if (latin1(view, 0, MAGIC.length) !== MAGIC) return undefined;
	// Since Go 1.18 the text follows; before, its place is named.
	return (view.getUint8(15) & 2) !== 0 ? inlineVersion(view) : versionElsewhere(file, view);
}

function inlineVersion(view: DataView): string {
	if (view.byteLength <= HEADER_BYTES) return "";
	return latin1(view, HEADER_BYTES + 1, Math.min(view.getUint8(HEADER_BYTES), 127));
}

function versionElsewhere(file: ElfFile, view: DataView): string {
	const stringAt = addressOffset(file, numberAt(view, 16));
	if (stringAt === undefined) return "";
	const string = viewOf(file.source, stringAt, 16, "its version's place");
	const [textAt, length] = [addressOffset(file, numberAt(string, 0)), numberAt(string, 8)];
	if (textAt === undefined || length > MAX_VERSION_BYTES) return "";
	return latin1(viewOf(file.source, textAt, length, "its version"), 0, length);
}

function latin1(view: DataView, from: number, length: number): string {
	const end = Math.min(from + length, view.byteLength);
	let text = "";
	for (let at = from; at < end; at++) text += String.fromCharCode(view.getUint8(at));
	return text;
}
