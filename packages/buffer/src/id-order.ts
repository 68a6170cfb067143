import type { Anchors } from "./anchors.ts";
import type { Chunk } from "./chunk.ts";
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
	readonly #held: Held[] = [];
	#lastId = 0;
	#lastSequence = -1;
	#lastFinished = true;

	constructor(stream: Stream, anchors: Anchors) {
		this.#stream = stream;
		this.#anchors = anchors;
	}

	/** Holds a chunk; the bytes are copied, because its turn may come later. `known`: its operation has come before. */
	append(chunk: Chunk, nowNs: number, known: boolean): void {
		if (this.#compare(chunk) <= 0) {
			if (known) this.#stream.counters.duplicates++;
			else this.#stream.counters.late++;
			return;
		}
		let at = this.#held.length;
		while (at > 0 && isAfter(this.#held[at - 1]!.chunk, chunk)) at--;
		const before = this.#held[at - 1]?.chunk;
		if (before !== undefined && before.dataId === chunk.dataId && before.sequence === chunk.sequence) {
			this.#stream.counters.duplicates++;
			return;
		}
		const kept = { ...chunk, payload: chunk.payload.slice(), tail: chunk.tail?.slice() };
		this.#held.splice(at, 0, { chunk: kept, arrivedNs: nowNs });
	}

	/** Hands on what is next in order. */
	release(nowNs: number): void {
		for (let held = this.#held[0]; held !== undefined && this.#isNext(held.chunk); held = this.#held[0]) {
			this.#deliver(held.chunk, nowNs);
		}
	}

	/** Gives up what the first held chunk waits for. Returns true when a whole operation is missing. */
	expire(nowNs: number, windowNs: number): "no" | "piece" | "operation" {
		const held = this.#held[0];
		if (held === undefined || nowNs - held.arrivedNs < windowNs) return "no";
		const { chunk } = held;
		const known = this.#anchors.has(chunk.dataId);
		this.broken = true;
		this.#anchors.anchor(chunk.dataId);
		this.#deliver(chunk, nowNs);
		this.release(nowNs);
		return known ? "piece" : "operation";
	}

	#deliver(chunk: Chunk, nowNs: number): void {
		this.#held.shift();
		const stream = this.#stream;
		const at = stream.end;
		if (!stream.started) stream.startAt(at);
		stream.append(chunk, at, nowNs);
		stream.settle();
		if (this.broken) stream.breakBefore(at);
		this.broken = false;
		this.#lastId = chunk.dataId;
		this.#lastSequence = chunk.sequence;
		this.#lastFinished = chunk.finished !== false;
	}

	#isNext(chunk: Chunk): boolean {
		if (chunk.sequence > 0) return chunk.dataId === this.#lastId && chunk.sequence === this.#lastSequence + 1;
		return this.#lastFinished && this.#anchors.has(chunk.dataId);
	}

	#compare(chunk: Chunk): number {
		return chunk.dataId - this.#lastId || chunk.sequence - this.#lastSequence;
	}
}

function isAfter(a: Chunk, b: Chunk): boolean {
	return a.dataId > b.dataId || (a.dataId === b.dataId && a.sequence > b.sequence);
}
