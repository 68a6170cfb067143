/** True when a line end is followed by an empty line. */
export function hasBlankLine(bytes: Uint8Array, from: number, to: number): boolean {
	for (let i = bytes.indexOf(10, from); i >= 0 && i < to; i = bytes.indexOf(10, i + 1)) {
		if (bytes[i + 1] === 10 || (bytes[i + 1] === 13 && bytes[i + 2] === 10 && i + 2 < to)) return true;
	}
	return false;
}

const PREFACE: Uint8Array = Uint8Array.from("PRI * HTTP/2.0\r\n", (c) => c.charCodeAt(0));

/** True when HTTP/2's preface begins here. */
export function isHttp2(bytes: Uint8Array, from: number, to: number): boolean {
	if (to - from < PREFACE.length) return false;
	for (let i = 0; i < PREFACE.length; i++) if (bytes[from + i] !== PREFACE[i]) return false;
	return true;
}
