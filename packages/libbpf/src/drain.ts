import { pointerOf } from "@wirescribe/ffi";
import { failure } from "./failure.ts";
import { type Frame, frames } from "./frames.ts";
import { type Native, native } from "./native.ts";

/** The shim's functions for one kind of buffer. */
interface DrainCalls {
	readonly drain: "ws_ring_drain" | "ws_perf_drain";
	readonly wait: "ws_ring_wait" | "ws_perf_wait";
	readonly available: "ws_ring_available" | "ws_perf_available";
}

/** Options of {@linkcode RingBuffer.records} and {@linkcode PerfBuffer.records}. */
export interface RecordsOptions {
	/** Ends the iteration. Without it, `break` does, or closing the buffer. */
	readonly signal?: AbortSignal;
	/** Bytes of the memory the records are drained into. Default 256 KiB; a record has to fit. */
	readonly memoryBytes?: number;
	/** The longest pause between two looks at an empty buffer, in milliseconds. Default 20. */
	readonly pauseMs?: number;
}

/** What ring buffers and perf buffers share: a handle of the shim, drained into memory whose address is taken once. */
export class Drain {
	readonly native: Native = native();
	readonly #calls: DrainCalls;
	#handle: number;
	#memory: Uint8Array | undefined;
	#address = 0n;

	constructor(handle: number, calls: DrainCalls) {
		if (handle < 0) throw failure("ERR_BPF_BUFFER", handle);
		this.#handle = handle;
		this.#calls = calls;
	}

	/** The shim's handle; 0 when it was closed. */
	get handle(): number {
		return this.#handle;
	}

	into(memory: Uint8Array): number {
		if (memory !== this.#memory) {
			this.#address = pointerOf(memory);
			this.#memory = memory;
		}
		const written = this.native[this.#calls.drain](this.#handle, this.#address, memory.byteLength);
		if (written < 0) throw drainFailure(written);
		return written;
	}

	wait(timeoutMs: number): boolean {
		return this.checked(this.native[this.#calls.wait](this.#handle, timeoutMs)) === 1;
	}

	available(): number {
		return this.checked(this.native[this.#calls.available](this.#handle));
	}

	/** A result of the shim, or what it says of a failure. */
	checked(result: number): number {
		if (result < 0) throw failure("ERR_BPF_BUFFER", result);
		return result;
	}

	/** Does not block the thread: looks, and pauses 1 ms after traffic, then longer and longer. */
	async *records({ signal, memoryBytes = 1 << 18, pauseMs = 20 }: RecordsOptions = {}): AsyncGenerator<Frame> {
		const memory = new Uint8Array(memoryBytes);
		let pause = 1;
		while (this.#handle !== 0 && !signal?.aborted) {
			const length = this.into(memory);
			for (const frame of frames(memory, length)) {
				yield { source: frame.source, bytes: frame.bytes.slice() };
				if (signal?.aborted) return;
			}
			pause = length > 0 ? 1 : Math.min(pause * 2, pauseMs);
			if (length === 0) await new Promise((resolve) => setTimeout(resolve, pause));
		}
	}

	close(): void {
		if (this.#handle !== 0) this.native.ws_close(this.#handle);
		this.#handle = 0;
		this.#memory = undefined;
	}
}

/** ENOBUFS is the shim's word for "this record alone is larger than your memory". */
function drainFailure(result: number): Error {
	const error = failure("ERR_BPF_BUFFER", result);
	return error.errno === "ENOBUFS"
		? failure("ERR_BPF_RECORD_SIZE", result, undefined, "drain into larger memory")
		: error;
}
