import type { SpoolPlace } from "./spool.ts";
import type { UnitBytes } from "./unit-bytes.ts";

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

/** An ack unit on its way through the sender. */
export interface Unit {
	readonly id: string;
	readonly records: number;
	/** Grows from unit to unit: lower is older. */
	readonly age: number;
	/** Of its bytes. */
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
	/** A stream that broke may still hold its bytes: they are not to be used again. */
	lent: boolean;
}

export function createUnit(id: string, age: number, bytes: UnitBytes): Unit {
	return { ...spooledUnit(id, age, bytes.preambles.length, bytes.length, null), bytes };
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
		lent: false,
	};
}
