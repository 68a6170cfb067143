/** A head's fields as offsets in its text: name start, name end, value start, value end, four a field. */
export type HeaderIndex = readonly number[];

/** Finds the fields of a head's text. Folded lines belong to the value before them. */
export function indexHeaders(text: string, start: number): HeaderIndex {
	const index: number[] = [];
	let i = start;
	while (i < text.length) {
		let end = text.indexOf("\n", i);
		if (end < 0) end = text.length;
		const next = end + 1;
		if (end > i && text.charCodeAt(end - 1) === 13) end--;
		if (end === i) break;
		const first = text.charCodeAt(i);
		if (first === 32 || first === 9) {
			if (index.length > 0) index[index.length - 1] = end;
		} else {
			const colon = text.indexOf(":", i);
			if (colon > i && colon < end) {
				let nameEnd = colon;
				while (nameEnd > i && isSpace(text.charCodeAt(nameEnd - 1))) nameEnd--;
				let value = colon + 1;
				while (value < end && isSpace(text.charCodeAt(value))) value++;
				while (end > value && isSpace(text.charCodeAt(end - 1))) end--;
				index.push(i, nameEnd, value, end);
			}
		}
		i = next;
	}
	return index;
}

/** The value of a field; a fold becomes one space. */
export function headerValue(text: string, index: HeaderIndex, at: number): string {
	const value = text.substring(index[at + 2]!, index[at + 3]!);
	return value.includes("\n") ? value.replace(/[ \t]*\r?\n[ \t]*/g, " ").trim() : value;
}

/** The next field of this lower-case name, from field offset `from` on; -1: none. */
export function findHeader(text: string, index: HeaderIndex, lower: string, from: number): number {
	const code = lower.charCodeAt(0);
	for (let at = from; at < index.length; at += 4) {
		const start = index[at]!;
		if (index[at + 1]! - start !== lower.length) continue;
		const first = text.charCodeAt(start);
		if (first !== code && (first | 32) !== code) continue;
		if (text.substring(start, index[at + 1]!).toLowerCase() === lower) return at;
	}
	return -1;
}

function isSpace(code: number): boolean {
	return code === 32 || code === 9;
}
