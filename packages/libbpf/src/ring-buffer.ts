import { pointerOf } from "@wirescribe/ffi";
import { failure } from "./failure.ts";
import type { BpfMap } from "./map.ts";
import { type Native, native } from "./native.ts";

/**
 * The reader of a ring buffer map.
 *
 * Made from a map or from its bare fd: a worker thread that is sent the number opens the same ring. The ring keeps its own duplicate
 * of the fd and outlives the object. A ring has one reader: two would both move its read position.
 */
export class RingBuffer implements Disposable {
	readonly #native: Native = native();
	#handle: number;
	#memory: Uint8Array | undefined;
	#address = 0n;

	constructor(map: BpfMap | number) {
		this.#handle = this.#native.ws_ring_open(typeof map === "number" ? map : map.fd);
		if (this.#handle < 0) throw failure("ERR_BPF_BUFFER", this.#handle);
	}

	/**
	 * Moves records into `into`, as many as fit, and returns the bytes written: a batch, see {@linkcode frames}. 0: the ring is empty.
	 * What does not fit stays for the next call. One native call and no allocation while `into` is the same view as last time.
	 */
	drain(into: Uint8Array): number {
		if (into !== this.#memory) this.#adopt(into);
		const written = this.#native.ws_ring_drain(this.#handle, this.#address, into.byteLength);
		if (written < 0) throw drainFailure(written);
		return written;
	}

	/** Waits until there is something to drain, at most `timeoutMs`. Blocks the thread: on Node keep it at 100 or below. */
	wait(timeoutMs: number): boolean {
		const ready = this.#native.ws_ring_wait(this.#handle, timeoutMs);
		if (ready < 0) throw failure("ERR_BPF_BUFFER", ready);
		return ready === 1;
	}

	/** Bytes in the ring that were not drained yet, with 8 bytes of header for each record. */
	get available(): number {
		const bytes = this.#native.ws_ring_available(this.#handle);
		if (bytes < 0) throw failure("ERR_BPF_BUFFER", bytes);
		return bytes;
	}

	/** Bytes the ring can hold. */
	get capacity(): number {
		const bytes = this.#native.ws_ring_capacity(this.#handle);
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

/** ENOBUFS is the shim's word for "this record alone is larger than your memory". */
export function drainFailure(result: number): Error {
	const error = failure("ERR_BPF_BUFFER", result);
	return error.errno === "ENOBUFS"
		? failure("ERR_BPF_RECORD_SIZE", result, undefined, "drain into larger memory")
		: error;
}
