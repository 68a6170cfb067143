import type { Operation } from "./types.ts";

/**
 * No kernel log is longer than this: a write is 5 nested headers, two timestamps of 13 bytes and seven numbers of at
 * most 9 bytes with their tags, 120 bytes with room to spare. split.test.ts holds it against the encoder.
 */
export const MAX_KERNEL_LOG_BYTES = 128;

/** Receivers refuse messages above 2 MiB (Satellite) or 4 MiB (gRPC's default); half leaves room for all else. */
export const DEFAULT_SPLIT_BYTES: number = 1024 * 1024;

/**
 * Cuts a list of operations so that the kernel logs of each part stay within `maxBytes`. A transaction goes with the
 * last part; the parts before it go as kernel logs of their own, ahead of it. Nothing is copied when one part does.
 */
export function splitKernelLogs(
	operations: readonly Operation[],
	maxBytes: number = DEFAULT_SPLIT_BYTES,
): readonly (readonly Operation[])[] {
	const count = Math.floor(maxBytes / MAX_KERNEL_LOG_BYTES);
	if (count < 1) {
		throw new RangeError(
			`Cannot split kernel logs as 'maxBytes' must be at least ${MAX_KERNEL_LOG_BYTES}: received ${maxBytes}`,
		);
	}
	if (operations.length <= count) return [operations];
	const parts: Operation[][] = [];
	for (let at = 0; at < operations.length; at += count) parts.push(operations.slice(at, at + count));
	return parts;
}
