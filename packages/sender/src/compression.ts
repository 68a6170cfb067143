import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { snappyFrames } from "./snappy.ts";
import { PREFIX_BYTES, type UnitStream } from "./transport.ts";

/** How messages can be compressed; the peer must know it. `snappy` is the framed format, as Go's gRPC peers have it. */
export type Compression = "gzip" | "zstd" | "snappy";

/** Written at once; between two of them other work gets its turn, as compressing takes time. */
const SLAB_BYTES = 16 * 1024;
/** A shorter message would grow. */
const WORTHWHILE_BYTES = 100;

const fast = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const codecs: Readonly<Record<Compression, (message: Uint8Array) => Uint8Array>> = {
	gzip: (message) => gzipSync(message, { level: 1 }),
	zstd: (message) => zstdCompressSync(message, fast),
	snappy: snappyFrames,
};

export const compressions: readonly string[] = Object.keys(codecs);

/** A stream that compresses each message, as gRPC has it: the flag in the prefix says which ones are. */
export function compressedStream(
	inner: UnitStream & Required<Pick<UnitStream, "writeFrames">>,
	compression: Compression,
): UnitStream {
	const compress = codecs[compression];
	let slab: Uint8Array[] = [];
	let length = 0;
	let room = true;

	function flush(): boolean {
		if (length > 0) room = inner.writeFrames(Buffer.concat(slab, length));
		slab = [];
		length = 0;
		return room;
	}

	return {
		status: inner.status,
		write(message) {
			const packed = message.length < WORTHWHILE_BYTES ? message : compress(message);
			const prefix = new Uint8Array(PREFIX_BYTES);
			prefix[0] = packed === message ? 0 : 1;
			new DataView(prefix.buffer).setUint32(1, packed.length);
			slab.push(prefix, packed);
			length += PREFIX_BYTES + packed.length;
			if (length < SLAB_BYTES) return true;
			flush();
			return false;
		},
		drain: () => (room ? new Promise((turn) => setImmediate(turn)) : inner.drain()),
		end() {
			flush();
			inner.end();
		},
		cancel: () => inner.cancel(),
		...(inner.heard === undefined ? {} : { heard: () => inner.heard?.() ?? 0 }),
	};
}
