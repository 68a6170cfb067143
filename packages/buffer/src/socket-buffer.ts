import { Anchors } from "./anchors.ts";
import type { Chunk } from "./chunk.ts";
import { Details } from "./details.ts";
import { IdOrder } from "./id-order.ts";
import { Stream } from "./stream.ts";

/** Settings of a buffer; all have defaults. */
export interface SocketBufferOptions {
	/** How long a hole stays open for late chunks, nanoseconds. Default 20 ms (one ring); 500 ms fits per-CPU buffers. */
	readonly reorderWindowNs?: number;
	/** Most bytes kept per direction; beyond it the first hole is given up at once, beyond twice of it unread bytes. Default 1 MiB. */
	readonly maxRetainedBytes?: number;
	/** How long bytes are kept that nobody reads, nanoseconds; then they become a hole at the next `tick`. Default: no limit. */
	readonly maxAgeNs?: number;
	/** Most chunks kept per direction, likewise. Default 8192. */
	readonly maxPieces?: number;
}

/** Operations that may wait for the one before them while one stream has begun and the other one has not. */
const MOST_ORPHANS = 1024;

/** 20 ms: what two calls that return at the same time on different CPUs need at most in one ring. */
export const REORDER_WINDOW_NS = 20_000_000;

/**
 * The bytes of one connection: two streams, their order and their holes, and records ("details") of its operations.
 *
 * ```ts
 * buffer.append(chunk);            // to its place
 * const stream = buffer.stream(chunk.direction);
 * for (let span = stream.span(); span !== NONE; span = stream.span()) ...   // read, advance
 * buffer.settle();                 // the chunk's memory is the caller's again
 * ```
 */
export class SocketBuffer<Detail = unknown> {
	/** What came in. */
	readonly ingress: Stream = new Stream();
	/** What went out. */
	readonly egress: Stream = new Stream();
	/** The latest time seen in a chunk or a tick. */
	nowNs: number = 0;
	/** Not copied: many connections may share it. */
	readonly #options: SocketBufferOptions;
	#anchors: Anchors | undefined = undefined;
	/** The first operation was not seen: what a stream begins with cannot be known any more. */
	#rootless = false;
	#ids: [IdOrder, IdOrder] | undefined = undefined;
	#details: Details<Detail> | undefined = undefined;

	/** One for each connection. Every limit has a default; `options` is kept, not copied. */
	constructor(options: SocketBufferOptions = {}) {
		this.#options = options;
	}

	/** How long a hole is pending, nanoseconds. */
	get windowNs(): number {
		return this.#options.reorderWindowNs ?? REORDER_WINDOW_NS;
	}

	get #maxBytes(): number {
		return this.#options.maxRetainedBytes ?? 1 << 20;
	}

	get #maxPieces(): number {
		return this.#options.maxPieces ?? 8192;
	}

	/** The stream of a direction. */
	stream(direction: 1 | 2): Stream {
		return direction === 1 ? this.ingress : this.egress;
	}

	/** Takes a chunk to its place. Its memory may be used by the streams until `settle()`. */
	append(chunk: Chunk): void {
		if (chunk.endNs > this.nowNs) this.nowNs = chunk.endNs;
		if (chunk.offset === undefined) {
			this.#appendById(chunk);
			return;
		}
		if (chunk.bytes <= 0) {
			this.noteOperation(chunk.dataId, chunk.prevDataId);
			return;
		}
		const stream = chunk.direction === 1 ? this.ingress : this.egress;
		const place = stream.place(chunk.offset);
		if (!stream.started) {
			this.noteOperation(chunk.dataId, chunk.prevDataId);
			if (stream.pending === 0 && chunk.sequence === 0 && this.#anchors?.has(chunk.dataId)) stream.startAt(place);
			stream.append(chunk, place, this.nowNs);
			this.#begin();
			this.#bound(stream);
			return;
		}
		stream.append(chunk, place, this.nowNs);
		if (stream.pending > 1) this.#bound(stream);
		if (this.#anchors !== undefined) {
			this.noteOperation(chunk.dataId, chunk.prevDataId);
			this.#begin();
		}
	}

	/** Tells of an operation whose bytes are not handed in, so that those after it need not wait for it. */
	noteOperation(dataId: number, prevDataId: number): void {
		if (this.#ids === undefined && (this.#rootless || (this.ingress.started && this.egress.started))) {
			this.#anchors = undefined;
			return;
		}
		this.#anchors ??= new Anchors(2 * this.#maxPieces);
		this.#anchors.note(dataId, prevDataId);
		// Where positions tell the order, nothing is kept for long that only tells how a stream begins.
		const begun = this.ingress.started || this.egress.started;
		if (begun && this.#anchors.waiting > MOST_ORPHANS && this.#ids === undefined) this.#rootless = true;
	}

	/** Gives the chunk's memory back: what is still needed is copied. */
	settle(): void {
		this.ingress.settle();
		this.egress.settle();
	}

	/** Time passes: holes that have waited for the window are lost. True: something can be read that could not before. */
	tick(nowNs: number): boolean {
		if (nowNs > this.nowNs) this.nowNs = nowNs;
		const before = this.nowNs - (this.#options.maxAgeNs ?? Number.POSITIVE_INFINITY);
		const evicted = [this.ingress.evict(before), this.egress.evict(before)];
		return this.#expire(this.windowNs) || evicted.includes(true);
	}

	/** No chunk will come any more: every hole is lost. Call until it returns false, reading in between. */
	close(nowNs: number): boolean {
		if (nowNs > this.nowNs) this.nowNs = nowNs;
		return this.#expire(Number.NEGATIVE_INFINITY);
	}

	/** Bytes copied and kept. */
	get retained(): number {
		return this.ingress.retained + this.egress.retained;
	}

	/** Both streams are, and nothing else is kept: `save` tells everything there is to know of it. */
	get idle(): boolean {
		const kept = this.#anchors ?? this.#ids ?? this.#details;
		return kept === undefined && this.ingress.idle && this.egress.idle;
	}

	/** Puts an idle buffer, but its time, into numbers, of which a new one with the same options can be made by `load`. */
	save(into: number[]): void {
		this.ingress.save(into);
		this.egress.save(into);
		into.push(this.#rootless ? 1 : 0);
	}

	/** Takes what `save` has put last. */
	load(from: number[]): void {
		this.#rootless = from.pop() === 1;
		this.egress.load(from);
		this.ingress.load(from);
	}

	/** Keeps a record of an operation, to be found by its id. */
	appendDetail(dataId: number, value: Detail): void {
		this.details.append(dataId, value);
	}

	/** Takes the records of operations from..to. `keepLast`: those of `to` are given and stay, for the next message. */
	takeDetails(from: number, to: number, keepLast: boolean): Detail[] {
		return this.#details === undefined ? [] : this.#details.take(from, to, keepLast);
	}

	/** The records that wait. */
	get details(): Details<Detail> {
		this.#details ??= new Details<Detail>();
		return this.#details;
	}

	/** Lets a stream begin whose first piece has everything before it. */
	#begin(): void {
		const anchors = this.#anchors;
		if (anchors === undefined) return;
		for (const stream of [this.ingress, this.egress]) {
			const front = stream.front;
			if (stream.started || front === undefined || front.sequence > 0) continue;
			if (anchors.has(front.dataId)) stream.start(true);
		}
		if (this.ingress.started && this.egress.started && this.#ids === undefined) this.#anchors = undefined;
	}

	#appendById(chunk: Chunk): void {
		this.#anchors ??= new Anchors(2 * this.#maxPieces);
		const anchors = this.#anchors;
		this.#ids ??= [new IdOrder(this.ingress, anchors), new IdOrder(this.egress, anchors)];
		anchors.note(chunk.dataId, chunk.prevDataId);
		if (chunk.bytes > 0) this.#ids[chunk.direction - 1]!.append(chunk, this.nowNs);
		for (const ids of this.#ids) ids.release(this.nowNs);
		const ids = this.#ids[chunk.direction - 1]!;
		if (ids.bytes <= this.#maxBytes && ids.count <= this.#maxPieces) return;
		this.stream(chunk.direction).count("evicted");
		this.#expireIds(this.#ids, Number.NEGATIVE_INFINITY);
	}

	#expire(windowNs: number): boolean {
		let changed = false;
		for (const stream of [this.ingress, this.egress]) {
			const front = stream.front;
			if (front === undefined) continue;
			if (!stream.started && this.nowNs - front.arrivedNs >= windowNs) {
				stream.start(false);
				changed = true;
			} else if (stream.expire(this.nowNs, windowNs)) changed = true;
		}
		return this.#ids === undefined ? changed : this.#expireIds(this.#ids, windowNs) || changed;
	}

	#expireIds(both: [IdOrder, IdOrder], windowNs: number): boolean {
		let changed = false;
		for (const ids of both) {
			const missing = ids.expire(this.nowNs, windowNs);
			if (missing === "no") continue;
			changed = true;
			const other = ids === both[0] ? both[1] : both[0];
			if (missing === "operation") other.broken = true;
			other.release(this.nowNs);
		}
		return changed;
	}

	/** Too much waits: gives the first hole up; when twice as much waits, nobody reads, and what could be read goes. */
	#bound(stream: Stream): void {
		const { retained, pending } = stream;
		if (retained <= this.#maxBytes && pending <= this.#maxPieces) return;
		if (!stream.started) {
			stream.start(false);
			stream.count("evicted");
		} else if (stream.expire(this.nowNs, Number.NEGATIVE_INFINITY)) stream.count("evicted");
		if (retained > this.#maxBytes * 2 || pending > this.#maxPieces * 2) stream.evict(Number.POSITIVE_INFINITY);
	}
}
