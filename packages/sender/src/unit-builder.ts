import { SLAB_BYTES, type SlabPool } from "./slabs.ts";
import { PREFIX_BYTES } from "./transport.ts";
import type { SenderRecord } from "./unit.ts";
import { type UnitBytes, writePrefix } from "./unit-bytes.ts";

const FIRST_RECORDS = 256;

/**
 * Joins records to messages: each is copied once, into the slab that is open. Full slabs go with the unit; of the last one
 * the unit gets a copy, so that a unit holds no more memory than it has bytes.
 */
export class UnitBuilder {
	readonly #pool: SlabPool;
	readonly #prefix = new Uint8Array(PREFIX_BYTES);
	#full: Uint8Array<ArrayBuffer>[] = [];
	#slab: Uint8Array<ArrayBuffer>;
	/** Bytes of the open slab. */
	#at = 0;
	#preambles = new Uint32Array(FIRST_RECORDS);
	#headerBytes = 0;
	#key: number | string | null = null;
	#version = 0;
	/** Messages so far. */
	records: number = 0;
	/** Bytes so far, prefixes included. */
	length: number = 0;

	constructor(pool: SlabPool) {
		this.#pool = pool;
		this.#slab = pool.take();
	}

	/**
	 * Appends the record's message: the header if it is the unit's first, the preamble if the message before was not of the
	 * same key and version, the body.
	 */
	append({ key, version, preamble, body }: SenderRecord, header: Uint8Array): void {
		if (this.#begin(key, version, preamble.length, body.length, header)) this.#put(preamble);
		this.#put(body);
	}

	/** The same of a record whose preamble and body lie one behind the other: from `start`, from `bodyStart`, to `end`. */
	appendFrom(
		bytes: Uint8Array,
		start: number,
		bodyStart: number,
		end: number,
		key: number | string,
		version: number,
		header: Uint8Array,
	): void {
		const wanted = this.#begin(key, version, bodyStart - start, end - bodyStart, header);
		this.#put(bytes.subarray(wanted ? start : bodyStart, end));
	}

	finish(): UnitBytes {
		const slabs = this.#full;
		if (this.#at > 0) slabs.push(this.#slab.slice(0, this.#at));
		const { length } = this;
		const bytes = { slabs, length, headerBytes: this.#headerBytes, preambles: this.#preambles.slice(0, this.records) };
		this.#full = [];
		this.#at = 0;
		this.length = 0;
		this.records = 0;
		return bytes;
	}

	/** Prefix and header of the next message. Answers whether it needs its preamble. */
	#begin(key: number | string, version: number, preambleBytes: number, bodyBytes: number, header: Uint8Array): boolean {
		const index = this.records++;
		const first = index === 0;
		const wanted = first || key !== this.#key || version !== this.#version;
		const length = (first ? header.length : 0) + (wanted ? preambleBytes : 0) + bodyBytes;
		if (index === this.#preambles.length) this.#growPreambles();
		this.#preambles[index] = wanted ? preambleBytes + 1 : 0;
		this.length += PREFIX_BYTES + length;
		if (this.#at + PREFIX_BYTES <= SLAB_BYTES) {
			writePrefix(this.#slab, this.#at, length);
			this.#at += PREFIX_BYTES;
		} else {
			writePrefix(this.#prefix, 0, length);
			this.#putAcross(this.#prefix);
		}
		if (wanted) {
			this.#key = key;
			this.#version = version;
		}
		if (first) {
			this.#headerBytes = header.length;
			this.#put(header);
		}
		return wanted;
	}

	#put(part: Uint8Array): void {
		if (this.#at + part.length > SLAB_BYTES) {
			this.#putAcross(part);
			return;
		}
		this.#slab.set(part, this.#at);
		this.#at += part.length;
	}

	#putAcross(part: Uint8Array): void {
		for (let from = 0; from < part.length; ) {
			if (this.#at === SLAB_BYTES) {
				this.#full.push(this.#slab);
				this.#slab = this.#pool.take();
				this.#at = 0;
			}
			const piece = part.subarray(from, from + SLAB_BYTES - this.#at);
			this.#slab.set(piece, this.#at);
			this.#at += piece.length;
			from += piece.length;
		}
	}

	#growPreambles(): void {
		const grown = new Uint32Array(this.#preambles.length * 2);
		grown.set(this.#preambles);
		this.#preambles = grown;
	}
}
