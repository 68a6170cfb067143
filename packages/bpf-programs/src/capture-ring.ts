import { BpfMap, lookupBatches, PerfBuffer, RingBuffer } from "@wirescribe/libbpf";
import { HINT, RING_CONTROL, SKIP_HINT } from "./events.ts";

/** A ring by its file descriptors: a plain object that can be posted to a worker thread of this process. */
export interface CaptureHandle {
	readonly queue: "ring" | "perf";
	readonly index: number;
	readonly eventsFd: number;
	readonly controlsFd: number;
	readonly hintsFd: number;
	readonly socketsFd: number;
	/** Pages of each CPU's buffer. */
	readonly perfPages: number;
}

/**
 * The reader's end of one ring (or of all CPUs' perf buffers). One reader for each ring.
 *
 * Drain it on a short timer while there is traffic: nobody is woken for a record. When nothing came for a while, {@linkcode wait}
 * asks the kernel to wake the thread at the next event.
 */
export interface CaptureRing extends Disposable {
	readonly index: number;
	/** Moves a batch of events into `into` and returns its bytes; 0 when there is none. One native call. */
	drain(into: Uint8Array): number;
	/** Blocks this thread until there is something to drain, at most `timeoutMs` (100 or less on Node: `terminate()` waits for it). */
	wait(timeoutMs: number): boolean;
	/** Asks the kernel to wake a waiting thread at the next event, once. {@linkcode wait} does it by itself. */
	setIdle(idle: boolean): void;
	/** Bytes in the queue that were not drained yet, with the queue's own headers. */
	readonly available: number;
	/** The kernel need not copy bytes of this direction that end at or before the stream offset; at most 2 GiB ahead. */
	skip(socketId: number, direction: 1 | 2, before: number, plaintext?: boolean): void;
	/** The kernel need not look at this connection any more, in either direction. With `plaintext`: at what is inside its TLS. */
	skipAll(socketId: number, plaintext?: boolean): void;
	/**
	 * The ids of all sockets that the kernel remembers, of every ring: one that is missing has ended, whether its end was reported or
	 * lost. Read in batches; throws a `BpfError` when the kernel cannot be asked, which says nothing about any of them.
	 */
	socketIds(): Set<number>;
	close(): void;
}

/** The highest bit of a hint's key: HINT_OF_PLAINTEXT of bpf/maps.bpf.h. */
const OF_PLAINTEXT = 0x8000_0000;
const SOCKETS_PER_CALL = 4096;

/** Opens a ring of a capture, on this thread. The capture must stay open while it is used. */
export function openRing(handle: CaptureHandle): CaptureRing {
	return new Ring(handle);
}

class Ring implements CaptureRing {
	readonly index: number;
	readonly #events: RingBuffer | PerfBuffer;
	readonly #controls: BpfMap;
	readonly #hints: BpfMap;
	readonly #sockets: BpfMap;
	readonly #key: Uint8Array = new Uint8Array(8);
	readonly #keyView: DataView = new DataView(this.#key.buffer);
	readonly #hint: Uint8Array = new Uint8Array(SKIP_HINT.size);
	readonly #hintView: DataView = new DataView(this.#hint.buffer);
	readonly #control: Uint8Array = new Uint8Array(RING_CONTROL.size);

	constructor(handle: CaptureHandle) {
		const { queue, index, eventsFd, perfPages } = handle;
		this.index = index;
		this.#controls = BpfMap.fromFd(handle.controlsFd);
		this.#hints = BpfMap.fromFd(handle.hintsFd);
		this.#sockets = BpfMap.fromFd(handle.socketsFd);
		// A perf buffer wakes by count; the timer finds what is below it.
		this.#events =
			queue === "ring"
				? new RingBuffer(eventsFd)
				: new PerfBuffer(eventsFd, { pagesPerCpu: perfPages, wakeupEvents: 64 });
	}

	drain(into: Uint8Array): number {
		return this.#events.drain(into);
	}

	wait(timeoutMs: number): boolean {
		this.setIdle(true);
		// What came before the flag was set woke nobody.
		const ready = this.#events.available > 0 || this.#events.wait(timeoutMs);
		this.setIdle(false);
		return ready;
	}

	setIdle(idle: boolean): void {
		this.#control[RING_CONTROL.idle] = idle ? 1 : 0;
		this.#controls.set(this.index, this.#control);
	}

	get available(): number {
		return this.#events.available;
	}

	skip(socketId: number, direction: 1 | 2, before: number, plaintext = false): void {
		this.#find(socketId, plaintext);
		const flags = this.#hintView.getUint32(SKIP_HINT.flags, true);
		this.#hintView.setUint32(
			direction === 1 ? SKIP_HINT.in_before : SKIP_HINT.out_before,
			before % 0x1_0000_0000,
			true,
		);
		this.#hintView.setUint32(SKIP_HINT.flags, flags | (direction === 1 ? HINT.in : HINT.out), true);
		this.#hints.set(this.#key, this.#hint);
	}

	skipAll(socketId: number, plaintext = false): void {
		this.#find(socketId, plaintext);
		this.#hintView.setUint32(SKIP_HINT.flags, HINT.all, true);
		this.#hints.set(this.#key, this.#hint);
	}

	socketIds(): Set<number> {
		const ids = new Set<number>();
		for (const { values, count } of lookupBatches(this.#sockets, SOCKETS_PER_CALL)) {
			const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
			for (let at = 0; at < count * this.#sockets.valueSize; at += this.#sockets.valueSize) {
				// The first member of struct socket_state.
				ids.add(view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000);
			}
		}
		return ids;
	}

	close(): void {
		this.#events.close();
		this.#controls.close();
		this.#hints.close();
		this.#sockets.close();
	}

	[Symbol.dispose](): void {
		this.close();
	}

	/** Loads the hint that is there, or an empty one. */
	#find(socketId: number, plaintext: boolean): void {
		this.#keyView.setUint32(0, socketId % 0x1_0000_0000, true);
		this.#keyView.setUint32(4, Math.floor(socketId / 0x1_0000_0000) + (plaintext ? OF_PLAINTEXT : 0), true);
		if (!this.#hints.getInto(this.#key, this.#hint)) this.#hint.fill(0);
	}
}
