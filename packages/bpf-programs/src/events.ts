/**
 * The events of the capture, read without copying: offsets, constants and readers over a `DataView` of a batch.
 *
 * Pure: no node API, runs in any runtime. A batch is a sequence of frames, each `u32 length, u32 source`, then the event, padded to 8:
 *
 *     for (let at = 0; at < length; at = nextFrame(view, at)) {
 *     	const event = at + FRAME_BYTES;
 *     	if (head.kind(view, event) === KIND.operation) …  operation.bytes(view, event)
 *     }
 *
 * The readers allocate nothing and check nothing: ask {@linkcode isWhole} first where the bytes are not from the kernel. 64-bit
 * fields are numbers, exact below 2^53.
 *
 * @module
 */
import { CLOSE, CONNECTION, EXEC, HEAD, KIND, OPERATION, operation, PROCESS } from "./events.generated.ts";

export * from "./events.generated.ts";

/** Bytes of a frame's header: length and source. */
export const FRAME_BYTES = 8 as const;

/** The length of the event in the frame at `at`. In perf buffers it may be up to 7 bytes more than the event has. */
export function frameLength(view: DataView, at: number): number {
	return view.getUint32(at, true);
}

/** Where the event came from: 0 for rings, the CPU for perf buffers. */
export function frameSource(view: DataView, at: number): number {
	return view.getUint32(at + 4, true);
}

/** Where the frame after the one at `at` starts. */
export function nextFrame(view: DataView, at: number): number {
	return (at + FRAME_BYTES + view.getUint32(at, true) + 7) & ~7;
}

/** Where an operation's payload starts: `operation.captured` bytes, then `operation.tail` bytes of the operation's very end. */
export function payloadAt(event: number): number {
	return event + OPERATION.size;
}

/** Whether `length` bytes at `event` are an event of a known kind, with all that its header announces. */
export function isWhole(view: DataView, event: number, length: number): boolean {
	if (length < HEAD.size || event + length > view.byteLength) return false;
	switch (view.getUint8(event)) {
		case KIND.operation:
			return (
				length >= OPERATION.size &&
				length >= OPERATION.size + operation.captured(view, event) + operation.tail(view, event)
			);
		case KIND.connection:
			return length >= CONNECTION.size;
		case KIND.close:
			return length >= CLOSE.size;
		case KIND.exec:
			return length >= EXEC.size;
		case KIND.fork:
		case KIND.exit:
		case KIND.tls:
			return length >= PROCESS.size;
		default:
			return false;
	}
}

/** The text of a zero-terminated field, such as `connection.comm`. Allocates. */
export function textAt(view: DataView, at: number, size: number): string {
	let text = "";
	for (let i = 0; i < size; i++) {
		const code = view.getUint8(at + i);
		if (code === 0) break;
		text += String.fromCharCode(code);
	}
	return text;
}
