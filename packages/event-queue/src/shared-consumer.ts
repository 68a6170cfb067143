import { EventQueueError } from "./queue-error.ts";
import { READY_TICK, type SharedBlocks } from "./shared-blocks.ts";
import type { SharedQueueHandle } from "./shared-queue.ts";
import { napOn, sleepOn } from "./shared-wait.ts";
import type { WaitOptions } from "./waiters.ts";

/** One record: `length` bytes of `bytes` from `offset`, in shared memory. Valid during the call only. */
export type EachRecord = (bytes: Uint8Array<SharedArrayBuffer>, offset: number, length: number) => void;

/** One of the consumers of a {@linkcode SharedQueue}. */
export class SharedConsumer {
	readonly #blocks: SharedBlocks;
	readonly #handle: SharedQueueHandle;

	/** Made by {@linkcode SharedQueue.consumer}. */
	constructor(blocks: SharedBlocks, handle: SharedQueueHandle) {
		this.#blocks = blocks;
		this.#handle = handle;
	}

	/** Closed, and nothing left to read. */
	get done(): boolean {
		return this.#blocks.closed && !this.#blocks.hasReady;
	}

	/**
	 * Reads one block of records in place and says how many it had. 0: the queue is closed and drained, or nothing came
	 * within `timeoutMs`; `done` tells which. Blocks the thread; {@linkcode SharedConsumer.readAsync} does not.
	 *
	 * When `each` throws, that record and the rest of its block count as lost, and the error comes through.
	 */
	read(each: EachRecord, timeoutMs: number = Number.POSITIVE_INFINITY): number {
		const deadline = performance.now() + timeoutMs;
		for (;;) {
			const seen = Atomics.load(this.#blocks.control, READY_TICK);
			const records = this.readNow(each);
			if (records > 0 || this.done) return records;
			const left = deadline - performance.now();
			if (left <= 0) return 0;
			sleepOn(this.#blocks.control, READY_TICK, seen, left);
		}
	}

	/** Like {@linkcode SharedConsumer.read}, without blocking the thread; rejects with the signal's reason. */
	async readAsync(each: EachRecord, wait: WaitOptions = {}): Promise<number> {
		const deadline = performance.now() + (wait.timeoutMs ?? Number.POSITIVE_INFINITY);
		for (;;) {
			wait.signal?.throwIfAborted();
			const seen = Atomics.load(this.#blocks.control, READY_TICK);
			const records = this.readNow(each);
			if (records > 0 || this.done) return records;
			const left = deadline - performance.now();
			if (left <= 0) return 0;
			await napOn(this.#blocks.control, READY_TICK, seen, { signal: wait.signal, timeoutMs: left });
		}
	}

	/** Reads a block if one is ready. */
	readNow(each: EachRecord): number {
		const taken = this.#blocks.take(this.#handle.id);
		if (!taken) return 0;
		const { block, records } = taken;
		let read = 0;
		try {
			const bytes = this.#blocks.bytes(block);
			const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
			let at = 0;
			for (; read < records; read++) {
				const length = words[at >>> 2]!;
				at += 8;
				if (at + length > taken.bytes) throw this.#damaged(read);
				each(bytes, at, length);
				at += (length + 7) & ~7;
			}
		} finally {
			this.#blocks.release(this.#handle.id, block, records - read);
		}
		return records;
	}

	#damaged(record: number): EventQueueError {
		const what = `Record ${record} of a block is longer than the block: another thread has written over it`;
		return new EventQueueError("ERR_QUEUE_STATE", `${what} (queue '${this.#handle.name}')`);
	}
}
