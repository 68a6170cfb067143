/** 1: bytes that came in (read), 2: bytes that went out (write); the process is the point of view. */
export type Direction = 1 | 2;

/**
 * What one read- or write-like call moved in one direction, or one piece of it.
 *
 * ```
 *   offset                                                     offset + bytes
 *     |  payload (captured front)  |   not captured   |  tail (very end)  |
 * ```
 *
 * `payload` and `tail` may be views of memory that is used again as soon as `append` has returned: what must live longer
 * is copied by the buffer.
 */
export interface Chunk {
	/** Which of the connection's two streams it belongs to. */
	readonly direction: Direction;
	/** Number of the operation; both directions of a connection count together. Numbers may be missing. */
	readonly dataId: number;
	/**
	 * The operation that was handed in before this one on this connection, also if it was lost on the way here; 0: none, or not
	 * known. Ids between the two were spent by calls that moved nothing.
	 */
	readonly prevDataId: number;
	/** Which piece of its operation this is, from 0. */
	readonly sequence: number;
	/** TCP's own position of this piece's first byte (u32, wraps). Undefined: not known, ids stand in. */
	readonly offset: number | undefined;
	/** Bytes moved by this piece, captured or not. */
	readonly bytes: number;
	/** Bytes captured from the front; shorter than `bytes` when the operation was cut. */
	readonly payload: Uint8Array;
	/** The very last bytes of a cut operation. */
	readonly tail?: Uint8Array | undefined;
	/** Nothing was captured on purpose. Told apart from a cut by nobody but the reader of a recording. */
	readonly opaque?: boolean | undefined;
	/** False: another piece of the same operation follows. Left out: this is the last piece. */
	readonly finished?: boolean | undefined;
	/** When the call was entered, nanoseconds; 0: not known. */
	readonly startNs: number;
	/** When the call returned, nanoseconds. */
	readonly endNs: number;
}

/** The empty byte array, shared. */
export const NO_BYTES: Uint8Array = new Uint8Array(0);
