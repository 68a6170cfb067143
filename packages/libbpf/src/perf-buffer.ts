import { Drain, type RecordsOptions } from "./drain.ts";
import type { Frame } from "./frames.ts";
import type { BpfMap } from "./map.ts";
import { native } from "./native.ts";

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
export class PerfBuffer implements Disposable, AsyncIterable<Frame> {
	readonly #drain: Drain;

	constructor(map: BpfMap | number, options: PerfBufferOptions = {}) {
		const { pagesPerCpu = 64, wakeupEvents = 1 } = options;
		const fd = typeof map === "number" ? map : map.fd;
		this.#drain = new Drain(native().ws_perf_open(fd, pagesPerCpu, wakeupEvents), {
			drain: "ws_perf_drain",
			wait: "ws_perf_wait",
			available: "ws_perf_available",
		});
	}

	/** Like {@linkcode RingBuffer.drain}; what does not fit is what is newest, on whichever CPU. */
	drain(into: Uint8Array): number {
		return this.#drain.into(into);
	}

	/** Like {@linkcode RingBuffer.records}. */
	records(options?: RecordsOptions): AsyncGenerator<Frame> {
		return this.#drain.records(options);
	}

	/** Waits until there is something to drain, at most `timeoutMs`. Blocks the thread: on Node keep it at 100 or below. */
	wait(timeoutMs: number): boolean {
		return this.#drain.wait(timeoutMs);
	}

	/** Records the kernel had no room for. Known once the drain has passed the kernel's own notice of it. */
	get lost(): number {
		return this.#drain.checked(this.#drain.native.ws_perf_lost(this.#drain.handle));
	}

	/** Bytes that were not drained yet, over all CPUs. */
	get available(): number {
		return this.#drain.available();
	}

	close(): void {
		this.#drain.close();
	}

	[Symbol.asyncIterator](): AsyncGenerator<Frame> {
		return this.records();
	}

	[Symbol.dispose](): void {
		this.close();
	}
}
