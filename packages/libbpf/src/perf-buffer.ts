import { pointerOf } from "@wirescribe/ffi";
import { failure } from "./failure.ts";
import type { BpfMap } from "./map.ts";
import { type Native, native } from "./native.ts";
import { drainFailure } from "./ring-buffer.ts";

/** Options of {@linkcode PerfBuffer}. */
export interface PerfBufferOptions {
	/** Pages of memory for each CPU, a power of two; default 64 (256 KiB with pages of 4 KiB). */
	readonly pagesPerCpu?: number;
	/** Wake a waiting reader after so many records of one CPU; default 1. */
	readonly wakeupEvents?: number;
}

/**
 * The reader of a perf event array: one buffer for each CPU, opened and put into the map here, taken out on close.
 *
 * Frames carry their CPU as `source` and come in the order of the times the kernel stamps on them, over all CPUs: whatever one thread
 * does, or one does because of another, is in order. Only of what happens at the same time, within microseconds around a drain, the
 * earlier can come later. The kernel rounds a record up: a frame can be up to 7 bytes longer than what the program sent, so a record
 * has to know its own length.
 */
export class PerfBuffer implements Disposable {
	readonly #native: Native = native();
	#handle: number;
	#memory: Uint8Array | undefined;
	#address = 0n;

	constructor(map: BpfMap | number, options: PerfBufferOptions = {}) {
		const { pagesPerCpu = 64, wakeupEvents = 1 } = options;
		this.#handle = this.#native.ws_perf_open(typeof map === "number" ? map : map.fd, pagesPerCpu, wakeupEvents);
		if (this.#handle < 0) throw failure("ERR_BPF_BUFFER", this.#handle);
	}

	/** Like {@linkcode RingBuffer.drain}; what does not fit is what is newest, on whichever CPU. */
	drain(into: Uint8Array): number {
		if (into !== this.#memory) this.#adopt(into);
		const written = this.#native.ws_perf_drain(this.#handle, this.#address, into.byteLength);
		if (written < 0) throw drainFailure(written);
		return written;
	}

	/** Waits until there is something to drain, at most `timeoutMs`. Blocks the thread: on Node keep it at 100 or below. */
	wait(timeoutMs: number): boolean {
		const ready = this.#native.ws_perf_wait(this.#handle, timeoutMs);
		if (ready < 0) throw failure("ERR_BPF_BUFFER", ready);
		return ready === 1;
	}

	/** Records the kernel had no room for. Known once the drain has passed the kernel's own notice of it. */
	get lost(): number {
		const records = this.#native.ws_perf_lost(this.#handle);
		if (records < 0) throw failure("ERR_BPF_BUFFER", records);
		return records;
	}

	/** Bytes that were not drained yet, over all CPUs. */
	get available(): number {
		const bytes = this.#native.ws_perf_available(this.#handle);
		if (bytes < 0) throw failure("ERR_BPF_BUFFER", bytes);
		return bytes;
	}

	close(): void {
		if (this.#handle !== 0) this.#native.ws_close(this.#handle);
		this.#handle = 0;
		this.#memory = undefined;
	}

	[Symbol.dispose](): void {
		this.close();
	}

	#adopt(into: Uint8Array): void {
		this.#address = pointerOf(into);
		this.#memory = into;
	}
}
