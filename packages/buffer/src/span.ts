/** What lies at the read position: nothing yet, bytes, bytes that were not captured, bytes that were lost. */
export type Span = 0 | 1 | 2 | 3;
/** Nothing to read: the stream has not begun, has ended for now, or waits for a hole to be filled. */
export const NONE: Span = 0;
/** `bytes[from..to)` can be read. */
export const BYTES: Span = 1;
/** `length` bytes crossed the socket and were not captured. */
export const CUT: Span = 2;
/** `length` bytes were lost; -1: nobody knows how many. */
export const HOLE: Span = 3;

/** Counts of one direction. */
export interface StreamCounters {
	/** Chunks that came after their place had been given up. */
	late: number;
	/** Chunks, or parts of them, that had come before. */
	duplicates: number;
	/** Chunks that cover bytes of another chunk; the earlier one is read. */
	overlaps: number;
	/** Holes given up. */
	holes: number;
	/** The bytes of those whose length is known. */
	lostBytes: number;
	/** Holes given up early because too much was waiting behind them, and pieces dropped unread: too many or too old. */
	evicted: number;
	/** Times that held reading went back to the committed position, because a late chunk came. */
	resets: number;
}

/** What streams to which nothing happened share. */
export const NO_COUNTS: Readonly<StreamCounters> = {
	late: 0,
	duplicates: 0,
	overlaps: 0,
	holes: 0,
	lostBytes: 0,
	evicted: 0,
	resets: 0,
};
