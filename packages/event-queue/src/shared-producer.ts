import { EventQueueError } from "./queue-error.ts";
import { FREE_TICK, type SharedBlocks } from "./shared-blocks.ts";
import type { SharedQueueHandle } from "./shared-queue.ts";
import { napOn, sleepOn } from "./shared-wait.ts";
import type { WaitOptions } from "./waiters.ts";

/** Where a producer fills records into. Frames: `u32 length, u32 0, bytes, padding to 8`. */
export class SharedProducer {
	readonly #blocks: SharedBlocks;
	readonly #handle: SharedQueueHandle;
	#block = -1;
	#bytes: Uint8Array<SharedArrayBuffer> = new Uint8Array(new SharedArrayBuffer(0));
	#words: Uint32Array<SharedArrayBuffer> = new Uint32Array(new SharedArrayBuffer(0));
	#at = 0;
	#records = 0;

	/** Made by {@linkcode SharedQueue.producer}. */
	constructor(blocks: SharedBlocks, handle: SharedQueueHandle) {
		this.#blocks = blocks;
		this.#handle = handle;
	}

	/**
	 * Copies one record in. False: there was no room, and it was counted as lost. With `block` this blocks the thread until
	 * there is room, at most `timeoutMs`; {@linkcode SharedProducer.writeAsync} does not. Throws `ERR_QUEUE_CLOSED`.
	 */
	write(record: Uint8Array, timeoutMs: number = this.#handle.blockTimeoutMs ?? Number.POSITIVE_INFINITY): boolean {
		if (this.#fits(record)) return this.#put(record);
		const deadline = performance.now() + timeoutMs;
		for (;;) {
			const seen = Atomics.load(this.#blocks.control, FREE_TICK);
			if (this.#next()) return this.#put(record);
			const left = deadline - performance.now();
			if (this.#handle.policy !== "block" || left <= 0) return this.#refuse();
			sleepOn(this.#blocks.control, FREE_TICK, seen, left);
		}
	}

	/** Like {@linkcode SharedProducer.write}, but waits for room without blocking the thread. */
	async writeAsync(record: Uint8Array, wait: WaitOptions = {}): Promise<boolean> {
		wait.signal?.throwIfAborted();
		if (this.#fits(record)) return this.#put(record);
		const deadline = performance.now() + (wait.timeoutMs ?? this.#handle.blockTimeoutMs ?? Number.POSITIVE_INFINITY);
		for (;;) {
			const seen = Atomics.load(this.#blocks.control, FREE_TICK);
			// Another call may have found a block meanwhile.
			if (this.#fits(record) || this.#next()) return this.#put(record);
			const left = deadline - performance.now();
			if (this.#handle.policy !== "block" || left <= 0) return this.#refuse();
			await napOn(this.#blocks.control, FREE_TICK, seen, { signal: wait.signal, timeoutMs: left });
		}
	}

	/** Publishes what has been written. Throws `ERR_QUEUE_CLOSED` when the queue no longer takes it. */
	flush(): void {
		if (this.#block < 0) return;
		const [block, records, bytes] = [this.#block, this.#records, this.#at];
		this.#block = -1;
		this.#at = 0;
		this.#records = 0;
		if (!this.#blocks.publish(this.#handle.id, block, records, bytes)) {
			throw this.#closed(`Cannot publish ${records} records: it was closed before they were flushed`);
		}
	}

	/** Whether there is a block with room for it. Publishes a block that has too little. */
	#fits(record: Uint8Array): boolean {
		const needed = 8 + ((record.byteLength + 7) & ~7);
		if (this.#block >= 0 && this.#at + needed <= this.#bytes.byteLength) return true;
		if (needed > this.#blocks.blockBytes) {
			const room = this.#blocks.blockBytes - 8;
			throw new RangeError(
				`Cannot write a record of ${record.byteLength} bytes into queue '${this.#handle.name}': at most ${room}, raise 'blockBytes'`,
			);
		}
		this.flush();
		return false;
	}

	#next(): boolean {
		if (this.#blocks.closed) throw this.#closed("Cannot write: it was closed");
		this.#block = this.#blocks.claim(this.#handle.id);
		if (this.#block < 0) return false;
		this.#bytes = this.#blocks.bytes(this.#block);
		this.#words = new Uint32Array(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength >>> 2);
		return true;
	}

	#put(record: Uint8Array): true {
		this.#words[this.#at >>> 2] = record.byteLength;
		this.#bytes.set(record, this.#at + 8);
		this.#at += 8 + ((record.byteLength + 7) & ~7);
		this.#records++;
		return true;
	}

	#refuse(): false {
		this.#blocks.refuse(this.#handle.id, 1);
		return false;
	}

	#closed(what: string): EventQueueError {
		return new EventQueueError("ERR_QUEUE_CLOSED", `${what} (queue '${this.#handle.name}')`);
	}
}
