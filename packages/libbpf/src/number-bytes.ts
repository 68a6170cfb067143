/** A key, a value or a variable: bytes as they are, or a number written little-endian in the size that is wanted. */
export type Bytes = Uint8Array | number | bigint | boolean;

/** `value` as exactly `size` bytes. */
export function toBytes(value: Bytes, size: number, what: string): Uint8Array {
	if (value instanceof Uint8Array) {
		if (value.byteLength === size) return value;
		throw new RangeError(`Cannot use ${value.byteLength} bytes as ${what}: it has ${size}`);
	}
	const integer = BigInt(value);
	const bits = BigInt(size * 8);
	if (size > 8 || integer >= 1n << bits || integer < -(1n << (bits - 1n))) {
		throw new RangeError(`Cannot use the number ${integer} as ${what}: it has ${size} bytes`);
	}
	const bytes = new Uint8Array(8);
	new DataView(bytes.buffer).setBigInt64(0, BigInt.asIntN(64, integer), true);
	return bytes.subarray(0, size);
}

/** The unsigned number in 1 to 8 little-endian bytes; exact below 2^53. */
export function toNumber(bytes: Uint8Array): number {
	let value = 0;
	for (let i = Math.min(bytes.byteLength, 8) - 1; i >= 0; i--) value = value * 256 + bytes[i]!;
	return value;
}
