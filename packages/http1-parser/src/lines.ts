/** True when a line ends in bytes[from..to). */
export function hasLineEnd(bytes: Uint8Array, from: number, to: number): boolean {
	for (let i = from; i < to; i++) if (bytes[i] === 10) return true;
	return false;
}

const PREFACE: Uint8Array = Uint8Array.from("PRI * HTTP/2.0\r\n", (c) => c.charCodeAt(0));

/** True when HTTP/2's preface begins here. */
export function isHttp2(bytes: Uint8Array, from: number, to: number): boolean {
	if (to - from < PREFACE.length) return false;
	for (let i = 0; i < PREFACE.length; i++) if (bytes[from + i] !== PREFACE[i]) return false;
	return true;
}
