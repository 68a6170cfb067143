/*
 * Snappy's framed format, written from its description: a stream identifier, then chunks of at most 64 KiB, each with a
 * checksum. Within a chunk:
 *
 *   length | literal: bytes as they are | copy: so many bytes from so far back | literal | copy ...
 */

const CHUNK_BYTES = 65_536;
const IDENTIFIER = Uint8Array.of(0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59);
const COMPRESSED = 0;
const UNCOMPRESSED = 1;
/** Type, length in 3 bytes, checksum in 4. */
const CHUNK_HEADER_BYTES = 8;
const HASH_BITS = 12;
const MIN_MATCH = 4;

/** The bytes as a framed stream of their own. */
export function snappyFrames(bytes: Uint8Array): Uint8Array {
	const out = new Uint8Array(IDENTIFIER.length + bytes.length + 8 * Math.ceil(bytes.length / CHUNK_BYTES) + 64);
	out.set(IDENTIFIER);
	let at = IDENTIFIER.length;
	for (let from = 0; from < bytes.length; from += CHUNK_BYTES) {
		at = writeChunk(out, at, bytes.subarray(from, from + CHUNK_BYTES));
	}
	return out.subarray(0, at);
}

function writeChunk(out: Uint8Array, at: number, bytes: Uint8Array): number {
	const packed = compress(bytes);
	const data = packed !== null && packed.length < bytes.length ? packed : bytes;
	const length = data.length + 4;
	const sum = maskedCrc(bytes);
	out[at] = data === bytes ? UNCOMPRESSED : COMPRESSED;
	for (let n = 0; n < 3; n++) out[at + 1 + n] = length >>> (8 * n);
	for (let n = 0; n < 4; n++) out[at + 4 + n] = sum >>> (8 * n);
	out.set(data, at + CHUNK_HEADER_BYTES);
	return at + CHUNK_HEADER_BYTES + data.length;
}

const table = new Int32Array(1 << HASH_BITS);
const scratch = new Uint8Array(CHUNK_BYTES + 1024);

/** A chunk in the block format, valid until the next call; null when it does not get shorter. */
function compress(bytes: Uint8Array): Uint8Array | null {
	table.fill(-1);
	const { length } = bytes;
	let at = writeLength(length);
	/** Where the literal begins that is not written yet. */
	let literal = 0;
	let from = 0;
	while (from + MIN_MATCH <= length) {
		const word = wordAt(bytes, from);
		const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
		const before = table[slot] as number;
		table[slot] = from;
		if (before < 0 || wordAt(bytes, before) !== word) {
			// The longer nothing has matched, the wider the steps: bytes that cannot be compressed cost little.
			from += 1 + ((from - literal) >>> 5);
			continue;
		}
		let matched = MIN_MATCH;
		while (from + matched < length && bytes[before + matched] === bytes[from + matched]) matched++;
		if (at + (from - literal) + 8 + 3 * (matched >>> 5) > length) return null;
		at = writeLiteral(bytes, literal, from, at);
		at = writeCopy(from - before, matched, at);
		from += matched;
		literal = from;
	}
	if (at + (length - literal) + 8 > length) return null;
	at = writeLiteral(bytes, literal, length, at);
	return scratch.subarray(0, at);
}

function wordAt(bytes: Uint8Array, at: number): number {
	const byte = (n: number): number => bytes[at + n] as number;
	return byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24);
}

function writeLength(length: number): number {
	let at = 0;
	let rest = length;
	for (; rest > 127; rest >>>= 7) scratch[at++] = rest | 128;
	scratch[at++] = rest;
	return at;
}

/** Tag 0: the length minus 1 in the tag, or behind it in one byte or two. */
function writeLiteral(bytes: Uint8Array, from: number, to: number, start: number): number {
	if (from === to) return start;
	let at = start;
	const rest = to - from - 1;
	if (rest < 60) scratch[at++] = rest << 2;
	else {
		const wide = rest > 255;
		scratch[at++] = (wide ? 61 : 60) << 2;
		scratch[at++] = rest;
		if (wide) scratch[at++] = rest >>> 8;
	}
	scratch.set(bytes.subarray(from, to), at);
	return at + to - from;
}

/** Tag 2: up to 64 bytes, the distance in two bytes. */
function writeCopy(distance: number, matched: number, start: number): number {
	let at = start;
	for (let rest = matched; rest > 0; ) {
		const count = Math.min(rest, 64);
		scratch[at++] = ((count - 1) << 2) | 2;
		scratch[at++] = distance;
		scratch[at++] = distance >>> 8;
		rest -= count;
	}
	return at;
}

const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
	let crc = byte;
	for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
	return crc;
});

/** CRC-32C, rotated and shifted as the format wants it. */
function maskedCrc(bytes: Uint8Array): number {
	let crc = -1;
	for (let at = 0; at < bytes.length; at++) {
		crc = (crc >>> 8) ^ (crcTable[(crc ^ (bytes[at] as number)) & 255] as number);
	}
	crc = ~crc;
	return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) | 0;
}
