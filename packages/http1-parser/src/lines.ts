import { latin1 } from "./bytes.ts";

/** True when a line ends in bytes[from..to). */
export function hasLineEnd(bytes: Uint8Array, from: number, to: number): boolean {
	for (let i = from; i < to; i++) if (bytes[i] === 10) return true;
	return false;
}

const PREFACE = "PRI * HTTP/2.0\r\n";

/** True when HTTP/2's preface begins here. */
export function isHttp2(bytes: Uint8Array, from: number, to: number): boolean {
	return to - from >= PREFACE.length && latin1(bytes, from, from + PREFACE.length) === PREFACE;
}
