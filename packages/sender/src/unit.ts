import { PREFIX_BYTES } from "./transport.ts";

/** Ready bytes: protobuf fields that make a message when they are joined. */
export interface SenderRecord {
	/** What the record is about, a connection for instance: records of one key arrive in their order. */
	readonly key: number | string;
	/** Changes when the preamble of the key does. */
	readonly version: number;
	/** What the peer must know before records of this key. */
	readonly preamble: Uint8Array;
	readonly body: Uint8Array;
}

/**
 * An ack unit: what one stream carries, ready to be written again and again. It needs nothing of other units.
 *
 * ```text
 *   frames  [ prefix header preamble body | prefix body | prefix preamble body | ... ]
 *   ends                                  ^             ^                      ^
 * ```
 *
 * The prefixes are gRPC's: a transport that frames by itself writes `frames` as they are, in large pieces.
 */
export interface Unit {
	readonly id: string;
	readonly frames: Uint8Array;
	readonly ends: Uint32Array;
	readonly records: number;
	/** Settles when the unit is acked or lost. */
	readonly settled: Promise<void>;
	readonly settle: () => void;
	/** When it was tried first (milliseconds of a clock that only grows); null: not yet. */
	firstTryMs: number | null;
	/** How many records of earlier tries may have reached the peer. */
	exposed: number;
}

/** Joins records to messages. Its memory is used again for every unit; a finished unit gets a copy of the exact size. */
export class UnitBuilder {
	#bytes = new Uint8Array(16 * 1024);
	#ends: number[] = [];
	#length = 0;
	#key: number | string | null = null;
	#version = 0;

	get records(): number {
		return this.#ends.length;
	}

	/** Bytes so far, prefixes included. */
	get length(): number {
		return this.#length;
	}

	/** Appends the record's message: the header if it is the unit's first, the preamble if the message before was not of
	 * the same key and version, the body. */
	append(record: SenderRecord, header: Uint8Array): void {
		const first = this.#ends.length === 0;
		const { key, version, preamble, body } = record;
		const start = this.#length;
		this.#reserve(PREFIX_BYTES + header.length + preamble.length + body.length);
		this.#length += PREFIX_BYTES;
		if (first) this.#put(header);
		if (first || key !== this.#key || version !== this.#version) this.#put(preamble);
		this.#put(body);
		this.#prefix(start, this.#length - start - PREFIX_BYTES);
		this.#key = key;
		this.#version = version;
		this.#ends.push(this.#length);
	}

	finish(id: string): Unit {
		const { promise, resolve } = Promise.withResolvers<void>();
		const unit: Unit = {
			id,
			frames: this.#bytes.slice(0, this.#length),
			ends: Uint32Array.from(this.#ends),
			records: this.#ends.length,
			settled: promise,
			settle: resolve,
			firstTryMs: null,
			exposed: 0,
		};
		this.#length = 0;
		this.#ends = [];
		return unit;
	}

	#prefix(at: number, length: number): void {
		const bytes = this.#bytes;
		bytes[at] = 0;
		bytes[at + 1] = length >>> 24;
		bytes[at + 2] = length >>> 16;
		bytes[at + 3] = length >>> 8;
		bytes[at + 4] = length;
	}

	#put(part: Uint8Array): void {
		this.#bytes.set(part, this.#length);
		this.#length += part.length;
	}

	#reserve(count: number): void {
		const wanted = this.#length + count;
		if (wanted <= this.#bytes.length) return;
		const grown = new Uint8Array(Math.max(wanted, this.#bytes.length * 2));
		grown.set(this.#bytes.subarray(0, this.#length));
		this.#bytes = grown;
	}
}
