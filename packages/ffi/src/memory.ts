import { backend } from "./backend.ts";

/**
 * The address of a view's first byte, for a `pointer` argument; 0n for a view of no bytes.
 *
 * For memory that is handed over again and again: the address is taken once, and a call costs no view. The caller keeps the view alive
 * and its ArrayBuffer attached and at its size as long as the address is used. The easy way is a `buffer` argument.
 */
export function pointerOf(bytes: Uint8Array): bigint {
	if (bytes.byteLength === 0) return 0n;
	// A small array may live inside the engine's moving heap until somebody asks for its ArrayBuffer.
	void bytes.buffer;
	return backend().addressOf(bytes);
}

const encoder: TextEncoder = new TextEncoder();
const decoder: TextDecoder = new TextDecoder();

/** The text as UTF-8 bytes with a NUL at the end, for a `const char *`. A NUL inside the text is a TypeError. */
export function cString(text: string): Uint8Array {
	if (text.includes("\0")) throw new TypeError(`Cannot pass ${JSON.stringify(text)} as a C string: it contains a NUL`);
	return encoder.encode(`${text}\0`);
}

/** The text before the first NUL, or of all bytes when there is none. */
export function readCString(bytes: Uint8Array): string {
	const end = bytes.indexOf(0);
	return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}
