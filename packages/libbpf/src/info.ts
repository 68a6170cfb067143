import { readCString } from "@wirescribe/ffi";

/** Reads what the shim's describing functions write: u64 numbers, then text fields of fixed size. */
export function readInfo(
	numbers: number,
	texts: readonly number[],
	fill: (buffer: Uint8Array) => number,
): { result: number; numbers: number[]; texts: string[] } {
	const bytes = new Uint8Array(numbers * 8 + texts.reduce((sum, size) => sum + size, 0));
	const result = fill(bytes);
	const view = new DataView(bytes.buffer);
	let at = numbers * 8;
	return {
		result,
		numbers: Array.from({ length: numbers }, (_, i) => Number(view.getBigInt64(i * 8, true))),
		texts: texts.map((size) => {
			const text = readCString(bytes.subarray(at, at + size));
			at += size;
			return text;
		}),
	};
}
