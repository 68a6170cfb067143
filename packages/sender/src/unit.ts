import type { SpoolPlace } from "./spool.ts";
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
 * The bytes of an ack unit: what one stream carries, ready to be written again and again. It needs nothing of other units.
 *
 * ```text
 *   frames    [ prefix header preamble body | prefix body | prefix preamble body | ... ]
 *   ends                                    ^             ^                      ^
 *   preambles   0                             0             2    the message that has it
 * ```
 *
 * The prefixes are gRPC's: a transport that frames by itself writes `frames` as they are, in large pieces. `preambles` and
 * `preambleBytes` (for the message that has it) are there to cut a unit in two that each need nothing of the other.
 */
export interface UnitBytes {
	readonly frames: Uint8Array;
	readonly ends: Uint32Array;
	readonly headerBytes: number;
	readonly preambles: Uint32Array;
	readonly preambleBytes: Uint32Array;
}

/** An ack unit on its way through the sender. */
export interface Unit {
	readonly id: string;
	readonly records: number;
	/** Grows from unit to unit: lower is older. */
	readonly age: number;
	/** Length of `bytes.frames`. */
	readonly length: number;
	/** Null while the unit is on disk only. */
	bytes: UnitBytes | null;
	/** Where it is on disk; null: it is not. */
	place: SpoolPlace | null;
	/** Settles when the unit is acked or lost. */
	readonly settled: Promise<void>;
	readonly settle: () => void;
	/** When it was tried first (milliseconds of a clock that only grows); null: not yet. */
	firstTryMs: number | null;
	/** How many records of earlier tries may have reached the peer. */
	exposed: number;
	/** Tries that broke before the peer had taken all of it. */
	cutOff: number;
	/** On its way right now: must not be thrown away. */
	inFlight: boolean;
}

export function createUnit(id: string, age: number, bytes: UnitBytes): Unit {
	return { ...spooledUnit(id, age, bytes.ends.length, bytes.frames.length, null), bytes };
}

/** A unit that is on disk, if `place` says where. */
export function spooledUnit(id: string, age: number, records: number, length: number, place: SpoolPlace | null): Unit {
	const { promise, resolve } = Promise.withResolvers<void>();
	return {
		id,
		records,
		age,
		length,
		bytes: null,
		place,
		settled: promise,
		settle: resolve,
		firstTryMs: null,
		exposed: 0,
		cutOff: 0,
		inFlight: false,
	};
}

const FIRST_RECORDS = 256;

/** Joins records to messages. Its memory is used again for every unit; a finished unit gets a copy of the exact size. */
export class UnitBuilder {
	#bytes = new Uint8Array(16 * 1024);
	#ends = new Uint32Array(FIRST_RECORDS);
	#preambles = new Uint32Array(FIRST_RECORDS);
	#preambleBytes = new Uint32Array(FIRST_RECORDS);
	#records = 0;
	#length = 0;
	#headerBytes = 0;
	#key: number | string | null = null;
	#version = 0;
	/** The message that has the preamble of the last one. */
	#last = 0;

	get records(): number {
		return this.#records;
	}

	/** Bytes so far, prefixes included. */
	get length(): number {
		return this.#length;
	}

	/** Appends the record's message: the header if it is the unit's first, the preamble if the message before was not of
	 * the same key and version, the body. */
	append(record: SenderRecord, header: Uint8Array): void {
		const index = this.#records;
		const { key, version, preamble, body } = record;
		const start = this.#length;
		this.#reserve(PREFIX_BYTES + header.length + preamble.length + body.length);
		if (index === this.#ends.length) this.#reserveRecords();
		this.#length += PREFIX_BYTES;
		if (index === 0) {
			this.#put(header);
			this.#headerBytes = header.length;
		}
		if (index === 0 || key !== this.#key || version !== this.#version) {
			this.#put(preamble);
			this.#last = index;
			this.#preambleBytes[index] = preamble.length;
			this.#key = key;
			this.#version = version;
		}
		this.#put(body);
		writePrefix(this.#bytes, start, this.#length - start - PREFIX_BYTES);
		this.#preambles[index] = this.#last;
		this.#ends[index] = this.#length;
		this.#records = index + 1;
	}

	finish(): UnitBytes {
		const records = this.#records;
		const bytes = {
			frames: this.#bytes.slice(0, this.#length),
			ends: this.#ends.slice(0, records),
			headerBytes: this.#headerBytes,
			preambles: this.#preambles.slice(0, records),
			preambleBytes: this.#preambleBytes.slice(0, records),
		};
		this.#length = 0;
		this.#records = 0;
		return bytes;
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

	#reserveRecords(): void {
		this.#ends = doubled(this.#ends);
		this.#preambles = doubled(this.#preambles);
		this.#preambleBytes = doubled(this.#preambleBytes);
	}
}

function doubled(numbers: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
	const grown = new Uint32Array(numbers.length * 2);
	grown.set(numbers);
	return grown;
}

function writePrefix(bytes: Uint8Array, at: number, length: number): void {
	bytes[at] = 0;
	bytes[at + 1] = length >>> 24;
	bytes[at + 2] = length >>> 16;
	bytes[at + 3] = length >>> 8;
	bytes[at + 4] = length;
}

/** Cuts a unit of two messages or more in two; the second gets the header and the preamble that its first message needs. */
export function splitUnit(unit: UnitBytes): readonly [UnitBytes, UnitBytes] {
	const { ends } = unit;
	const half = ends.length >>> 1;
	const cut = ends[half - 1] as number;
	const first: UnitBytes = {
		...unit,
		frames: unit.frames.slice(0, cut),
		ends: ends.slice(0, half),
		preambles: unit.preambles.slice(0, half),
		preambleBytes: unit.preambleBytes.slice(0, half),
	};
	const header = unit.frames.subarray(PREFIX_BYTES, PREFIX_BYTES + unit.headerBytes);
	const preamble = preambleOf(unit, half);
	const missing = unit.preambles[half] === half ? 0 : preamble.length;
	const added = header.length + missing;
	const frames = new Uint8Array(unit.frames.length - cut + added);
	frames.set(header, PREFIX_BYTES);
	if (missing > 0) frames.set(preamble, PREFIX_BYTES + header.length);
	frames.set(unit.frames.subarray(cut + PREFIX_BYTES), PREFIX_BYTES + added);
	writePrefix(frames, 0, (ends[half] as number) - cut - PREFIX_BYTES + added);
	const preambleBytes = unit.preambleBytes.slice(half);
	preambleBytes[0] = preamble.length;
	const second: UnitBytes = {
		frames,
		ends: ends.slice(half).map((end) => end - cut + added),
		headerBytes: unit.headerBytes,
		// What pointed into the first half is the second one's first message now.
		preambles: unit.preambles.slice(half).map((index) => Math.max(0, index - half)),
		preambleBytes,
	};
	return [first, second];
}

/** The preamble that holds for a message. */
function preambleOf(unit: UnitBytes, message: number): Uint8Array {
	const owner = unit.preambles[message] as number;
	const start = (owner === 0 ? unit.headerBytes : (unit.ends[owner - 1] as number)) + PREFIX_BYTES;
	return unit.frames.subarray(start, start + (unit.preambleBytes[owner] as number));
}
