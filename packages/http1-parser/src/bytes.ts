/** Bytes of RFC 9110 tokens: 1 where allowed. */
export const TOKEN: Uint8Array = new Uint8Array(256);
for (const c of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
	TOKEN[c.charCodeAt(0)] = 1;
}

/** Bytes of field values: HTAB, visible ASCII, space, obs-text. */
export const VALUE: Uint8Array = new Uint8Array(256).fill(1, 32);
VALUE[9] = 1;
VALUE[127] = 0;

/** Bytes with letters in lower case. */
export const LOWER: Uint8Array = Uint8Array.from({ length: 256 }, (_, c) => (c > 64 && c < 91 ? c + 32 : c));

/** The value of a hexadecimal digit, 255 for other bytes. */
export const HEX: Uint8Array = new Uint8Array(256).fill(255);
for (let i = 0; i < 10; i++) HEX[48 + i] = i;
for (let i = 0; i < 6; i++) HEX[65 + i] = HEX[97 + i] = 10 + i;

interface Latin1Slicer {
	latin1Slice?(from: number, to: number): string;
}
const native = (globalThis as { Buffer?: { prototype: Latin1Slicer } }).Buffer?.prototype.latin1Slice;

/** Decodes bytes one to one. `TextDecoder("latin1")` would not: it is windows-1252. */
export const latin1: (bytes: Uint8Array, from: number, to: number) => string =
	native === undefined ? portableLatin1 : (bytes, from, to) => native.call(bytes, from, to);

/** The same without Node's Buffer. Pieces of 4096, because arguments lie on the stack. */
export function portableLatin1(bytes: Uint8Array, from: number, to: number): string {
	let text = "";
	for (let i = from; i < to; i += 4096) {
		text += String.fromCharCode.apply(null, bytes.subarray(i, Math.min(i + 4096, to)) as unknown as number[]);
	}
	return text;
}

/** True when bytes[at..] equal `lower` in any case; letters only differ in bit 5, and "-" and digits have it set. */
export function equalsIgnoringCase(bytes: Uint8Array, at: number, lower: Uint8Array): boolean {
	for (let i = 0; i < lower.length; i++) {
		if ((bytes[at + i]! | 0x20) !== lower[i]) return false;
	}
	return true;
}

/** The bytes of an ASCII string. */
export function ascii(text: string): Uint8Array {
	return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** Space or tab. */
export function isBlank(code: number | undefined): boolean {
	return code === 32 || code === 9;
}
