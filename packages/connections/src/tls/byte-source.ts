import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Bytes that are read in pieces: a file, or memory in tests. */
export interface ByteSource {
	readonly size: number;
	/** Exactly these bytes; fewer where the source ends. */
	read(offset: number, length: number): Uint8Array;
}

/** Opens a file for reading in pieces; close it. */
export function openBytes(path: string): ByteSource & { close(): void } {
	const fd = openSync(path, "r");
	return {
		size: fstatSync(fd).size,
		read(offset, length) {
			const memory = new Uint8Array(length);
			let filled = 0;
			while (filled < length) {
				const bytes = readSync(fd, memory, filled, length - filled, offset + filled);
				if (bytes === 0) break;
				filled += bytes;
			}
			return memory.subarray(0, filled);
		},
		close: () => closeSync(fd),
	};
}

/** Bytes in memory as a source. */
export function bytesOf(bytes: Uint8Array): ByteSource {
	return {
		size: bytes.length,
		read: (offset, length) => bytes.subarray(offset, Math.min(offset + length, bytes.length)),
	};
}
