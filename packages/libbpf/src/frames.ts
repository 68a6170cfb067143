/**
 * A batch, as {@linkcode RingBuffer.drain} and {@linkcode PerfBuffer.drain} write it:
 *
 *     | u32 length | u32 source | length bytes | padding to 8 | u32 length | ...
 *
 * `source` is 0 for a ring and the CPU for a perf buffer. Little-endian.
 */
export interface Frame {
	/** 0 for rings, the CPU for perf buffers. */
	readonly source: number;
	/** The record: a view into the batch, gone with the next drain into the same memory. */
	readonly bytes: Uint8Array;
}

/** Goes through the first `length` bytes of a batch. Makes one object and one view a record; a hot loop reads the headers itself. */
export function* frames(batch: Uint8Array, length: number): Generator<Frame> {
	const view = new DataView(batch.buffer, batch.byteOffset, length);
	for (let at = 0; at < length; ) {
		const size = view.getUint32(at, true);
		yield { source: view.getUint32(at + 4, true), bytes: batch.subarray(at + 8, at + 8 + size) };
		at += 8 + ((size + 7) & ~7);
	}
}
