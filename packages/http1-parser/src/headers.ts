import { LOWER } from "./bytes.ts";

/** A head's fields as offsets in its text: name start, name end, value start, value end, four a field. */
export type HeaderIndex = ArrayLike<number>;

/** Finds the fields of a head's text, as the scan does. Folded lines belong to the value before them. */
export function indexHeaders(text: string, start: number): number[] {
	const index: number[] = [];
	let i = start;
	while (i < text.length) {
		let end = text.indexOf("\n", i);
		if (end < 0) end = text.length;
		const next = end + 1;
		if (end > i && text.charCodeAt(end - 1) === 13) end--;
		if (end === i) break;
		if (isSpace(text.charCodeAt(i))) {
			if (index.length > 0) index[index.length - 1] = end;
		} else {
			const colon = text.indexOf(":", i);
			if (colon > i && colon < end) {
				let nameEnd = colon;
				while (nameEnd > i && isSpace(text.charCodeAt(nameEnd - 1))) nameEnd--;
				let value = colon + 1;
				while (value < end && isSpace(text.charCodeAt(value))) value++;
				index.push(i, nameEnd, value, end);
			}
		}
		i = next;
	}
	return index;
}

/** The value of a field; a fold becomes one space. */
export function headerValue(text: string, index: HeaderIndex, at: number, folded: boolean): string {
	const start = index[at + 2]!;
	let end = index[at + 3]!;
	while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
	const value = text.substring(start, end);
	return folded && value.includes("\n") ? value.replace(/[ \t]*\r?\n[ \t]*/g, " ").trim() : value;
}

/** The next field of this name in any case, from field offset `from` on; -1: none. */
export function findHeader(text: string, index: HeaderIndex, length: number, name: string, from: number): number {
	const last = name.length - 1;
	for (let at = from; at < length; at += 4) {
		const start = index[at]!;
		if (index[at + 1]! - start - 1 === last && isName(text, start, name, last)) return at;
	}
	return -1;
}

/** From behind: names of one length more often differ at their ends. */
function isName(text: string, start: number, name: string, last: number): boolean {
	for (let i = last; i >= 0; i--) {
		const a = text.charCodeAt(start + i);
		const b = name.charCodeAt(i);
		if (a !== b && LOWER[a] !== LOWER[b]) return false;
	}
	return true;
}

function isSpace(code: number): boolean {
	return code === 32 || code === 9;
}
