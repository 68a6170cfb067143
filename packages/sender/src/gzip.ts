import { gzipSync } from "node:zlib";
import { PREFIX_BYTES, type UnitStream } from "./transport.ts";

/** Written at once; between two of them other work gets its turn, as compressing takes time. */
const SLAB_BYTES = 16 * 1024;
/** A shorter message would grow. */
const WORTHWHILE_BYTES = 100;

/** A stream that compresses each message, as gRPC has it: the flag in the prefix says which ones are. */
export function gzipStream(inner: UnitStream & Required<Pick<UnitStream, "writeFrames">>): UnitStream {
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
			const packed = message.length < WORTHWHILE_BYTES ? message : gzipSync(message, { level: 1 });
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
