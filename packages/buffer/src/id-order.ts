import type { Anchors } from "./anchors.ts";
import type { Chunk } from "./chunk.ts";
import { Heap } from "./heap.ts";
import type { Stream } from "./stream.ts";

interface Held {
	readonly chunk: Chunk;
	readonly arrivedNs: number;
}

/**
 * One direction whose chunks have no offsets: they are held until the operation before them has come, and then put one
 * after another. A missing operation is a hole of unknown length, and nobody knows in which direction.
 */
export class IdOrder {
	/** Something of unknown length is missing before the next chunk. */
	broken = false;
	readonly #stream: Stream;
	readonly #anchors: Anchors;
	readonly #held: Heap<Held> = new Heap((a, b) => isAfter(b.chunk, a.chunk));
	/** How many chunks are held, and their bytes. */
	count = 0;
	bytes = 0;
	#lastId = 0;
	#lastSequence = -1;
	#lastFinished = true;
	/** What was given up last: behind this piece and before that one. */
	#lostFrom = 0;
	#lostFromSequence = -1;
	#lostTo: Place | undefined = undefined;

	constructor(stream: Stream, anchors: Anchors) {
		this.#stream = stream;
		this.#anchors = anchors;
	}

	/** Holds a chunk; the bytes are copied, because its turn may come later. */
	append(chunk: Chunk, nowNs: number): void {
		if (this.#compare(chunk) <= 0) {
			this.#stream.count(this.#isLost(chunk) ? "late" : "duplicates");
			return;
		}
		const kept = { ...chunk, payload: chunk.payload.slice(), tail: chunk.tail?.slice() };
		this.#held.push({ chunk: kept, arrivedNs: nowNs });
		this.count++;
		this.bytes += kept.payload.length;
	}

	/** Hands on what is next in order. */
	release(nowNs: number): void {
		for (let held = this.#held.top; held !== undefined; held = this.#held.top) {
			if (this.#compare(held.chunk) <= 0) {
				this.#take();
				this.#stream.count("duplicates");
			} else if (this.#isNext(held.chunk)) this.#deliver(held.chunk, nowNs);
			else return;
		}
	}

	/** Gives up what the first held chunk waits for. Returns true when a whole operation is missing. */
	expire(nowNs: number, windowNs: number): "no" | "piece" | "operation" {
		const held = this.#held.top;
		if (held === undefined || nowNs - held.arrivedNs < windowNs) return "no";
		const { chunk } = held;
		const known = this.#anchors.has(chunk.dataId);
		this.broken = true;
		this.#lostFrom = this.#lastId;
		this.#lostFromSequence = this.#lastSequence;
		this.#lostTo = { dataId: chunk.dataId, sequence: chunk.sequence };
		this.#anchors.anchor(chunk.dataId);
		this.#deliver(chunk, nowNs);
		this.release(nowNs);
		return known ? "piece" : "operation";
	}

	#deliver(chunk: Chunk, nowNs: number): void {
		this.#take();
		const stream = this.#stream;
		if (!stream.started) stream.startAt();
		stream.append(chunk, stream.end, nowNs);
		stream.settle();
		if (this.broken) stream.breakLast();
		this.broken = false;
		this.#lastId = chunk.dataId;
		this.#lastSequence = chunk.sequence;
		this.#lastFinished = chunk.finished !== false;
	}

	/** It lies in what was given up last. */
	#isLost(chunk: Chunk): boolean {
		const to = this.#lostTo;
		if (to === undefined || !isAfter(to, chunk)) return false;
		return (chunk.dataId - this.#lostFrom || chunk.sequence - this.#lostFromSequence) > 0;
	}

	#take(): void {
		const held = this.#held.pop();
		this.count--;
		this.bytes -= held?.chunk.payload.length ?? 0;
	}

	#isNext(chunk: Chunk): boolean {
		if (chunk.sequence > 0) return chunk.dataId === this.#lastId && chunk.sequence === this.#lastSequence + 1;
		return this.#lastFinished && this.#anchors.has(chunk.dataId);
	}

	#compare(chunk: Chunk): number {
		return chunk.dataId - this.#lastId || chunk.sequence - this.#lastSequence;
	}
}

type Place = Pick<Chunk, "dataId" | "sequence">;

function isAfter(a: Place, b: Place): boolean {
	return a.dataId > b.dataId || (a.dataId === b.dataId && a.sequence > b.sequence);
}
