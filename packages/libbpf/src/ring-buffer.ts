import { Drain, type RecordsOptions } from "./drain.ts";
import type { Frame } from "./frames.ts";
import type { BpfMap } from "./map.ts";
import { native } from "./native.ts";

/**
 * The reader of a ring buffer map.
 *
 * Made from a map or from its bare fd: a worker thread that is sent the number opens the same ring. The ring keeps its own duplicate
 * of the fd and outlives the object. A ring has one reader: two would both move its read position.
 */
export class RingBuffer implements Disposable, AsyncIterable<Frame> {
	readonly #drain: Drain;

	constructor(map: BpfMap | number) {
		this.#drain = new Drain(native().ws_ring_open(typeof map === "number" ? map : map.fd), {
			drain: "ws_ring_drain",
			wait: "ws_ring_wait",
			available: "ws_ring_available",
		});
	}

	/**
	 * Moves records into `into`, as many as fit, and returns the bytes written: a batch, see {@linkcode frames}. 0: the ring is empty.
	 * What does not fit stays for the next call. One native call and no allocation while `into` is the same view as last time; the
	 * easy way is {@linkcode RingBuffer.records}.
	 */
	drain(into: Uint8Array): number {
		return this.#drain.into(into);
	}

	/**
	 * Records as they come, each with bytes of its own, without blocking the thread: `for await (const { bytes } of ring.records())`.
	 * `for await (… of ring)` is the same with the defaults. The allocation-free way is {@linkcode RingBuffer.drain}.
	 */
	records(options?: RecordsOptions): AsyncGenerator<Frame> {
		return this.#drain.records(options);
	}

	/** Waits until there is something to drain, at most `timeoutMs`. Blocks the thread: on Node keep it at 100 or below. */
	wait(timeoutMs: number): boolean {
		return this.#drain.wait(timeoutMs);
	}

	/** Bytes in the ring that were not drained yet, with 8 bytes of header for each record. */
	get available(): number {
		return this.#drain.available();
	}

	/** Bytes the ring can hold. */
	get capacity(): number {
		return this.#drain.checked(this.#drain.native.ws_ring_capacity(this.#drain.handle));
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
