import { type BoundOptions, checkBound } from "./bound.ts";
import { EventQueueError } from "./queue-error.ts";
import { SharedBlocks, type SharedCounters } from "./shared-blocks.ts";
import { SharedConsumer } from "./shared-consumer.ts";
import { SharedProducer } from "./shared-producer.ts";

/** How a {@linkcode SharedQueue} is built. Its bound is a number of blocks, each of which carries many records. */
export interface SharedQueueOptions extends Pick<BoundOptions, "whenFull" | "atCeiling" | "blockTimeoutMs"> {
	/** Bytes of one block, a multiple of 8; 65,536 if not told. A record needs 8 bytes more than it has, rounded up to 8. */
	readonly blockBytes?: number;
	/** Blocks that may be in use; 32 if not told. Each producer and consumer at work occupies one. */
	readonly blocks?: number;
	/** The ceiling of `expand`, address space that is reserved at once; 16 times `blocks` if not told. */
	readonly maxBlocks?: number;
}

/** What another thread needs to take part: pass it by `workerData` or `postMessage`, one for each thread. */
export interface SharedQueueHandle {
	readonly name: string;
	readonly memory: SharedArrayBuffer;
	/** By this number the thread is forgotten when it has ended. */
	readonly id: number;
	readonly policy: "block" | "drop-newest" | "overwrite-oldest";
	readonly blockTimeoutMs?: number;
}

/**
 * A queue of byte records between threads, in shared memory: any number of producers and consumers, each record to
 * exactly one consumer. Records travel in blocks, which are filled and read in place; no message is posted.
 *
 *     thread 1: producer.write(bytes) --> block --.                      .--> thread 3: consumer.read(each)
 *                                                  >-- line of blocks --<
 *     thread 2: producer.write(bytes) --> block --'                      '--> thread 4: consumer.read(each)
 *
 * Blocks are taken in the order they were published: one consumer sees one producer's records in order, several share
 * them out. A record is `in` once its block is published: full, or by `flush()`.
 */
export class SharedQueue {
	readonly name: string;
	readonly #handle: SharedQueueHandle;
	readonly #blocks: SharedBlocks;

	private constructor(handle: SharedQueueHandle, blocks: SharedBlocks) {
		this.name = handle.name;
		this.#handle = handle;
		this.#blocks = blocks;
	}

	/** Makes the queue, in the thread that owns it. */
	static create(name: string, options: SharedQueueOptions = {}): SharedQueue {
		const { blocks = 32, blockBytes = 65_536, whenFull = "drop-newest", atCeiling, blockTimeoutMs } = options;
		checkBound(name, {
			capacity: blocks,
			whenFull,
			...(atCeiling ? { atCeiling } : {}),
			...(blockTimeoutMs === undefined ? {} : { blockTimeoutMs }),
			...(options.maxBlocks === undefined ? {} : { maxCapacity: options.maxBlocks }),
		});
		if (!Number.isInteger(blockBytes) || blockBytes < 64 || blockBytes % 8 !== 0) {
			const why = `'blockBytes' must be a multiple of 8 from 64: received ${blockBytes}`;
			throw new EventQueueError("ERR_QUEUE_OPTIONS", `Cannot create queue '${name}': ${why}`);
		}
		const maxBlocks = whenFull === "expand" ? (options.maxBlocks ?? blocks * 16) : blocks;
		const policy = whenFull === "expand" ? (atCeiling ?? "drop-newest") : whenFull;
		const memory = SharedBlocks.create({ blocks, maxBlocks, blockBytes, whenFull: policy });
		const timeout = blockTimeoutMs === undefined ? {} : { blockTimeoutMs };
		return new SharedQueue({ name, memory: memory.memory, id: memory.nextId(), policy, ...timeout }, memory);
	}

	/** Takes part in a queue that another thread has made. */
	static attach(handle: SharedQueueHandle): SharedQueue {
		return new SharedQueue(handle, SharedBlocks.attach(handle.memory));
	}

	/** A handle for one more thread. Keep it until that thread has ended, for {@linkcode SharedQueue.forget}. */
	handle(): SharedQueueHandle {
		return { ...this.#handle, id: this.#blocks.nextId() };
	}

	/** A producer of this thread. */
	producer(): SharedProducer {
		return new SharedProducer(this.#blocks, this.#handle);
	}

	/** A consumer of this thread. */
	consumer(): SharedConsumer {
		return new SharedConsumer(this.#blocks, this.#handle);
	}

	/**
	 * To be called when a thread has ended, however it did: what it was reading counts as lost, and the blocks it held are
	 * free again. What it had written and not published never was in the queue. Harmless for a thread that held nothing.
	 */
	forget(handle: SharedQueueHandle): void {
		this.#blocks.forget(this.#handle.id, handle.id);
	}

	/** `in = out + lost + pending`, in records; `highWater` since the last call. */
	counters(): SharedCounters {
		return this.#blocks.counters(this.#handle.id);
	}

	/** Takes no more. Consumers read what is in, then end; producers that wait are released with an error. */
	close(): void {
		this.#blocks.close(this.#handle.id);
	}

	[Symbol.dispose](): void {
		this.close();
	}
}
