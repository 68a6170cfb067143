import type { SenderLedger } from "./ledger.ts";
import type { SenderRecord } from "./unit.ts";

export type EnqueueResult = "accepted" | "full" | "too-large" | "closed";

/** How one lane does. */
export interface LaneState {
	readonly name: string;
	readonly connected: boolean;
	/** False while what it tried last has failed. */
	readonly healthy: boolean;
	/** Streams that are open. */
	readonly inFlight: number;
	readonly pendingUnits: number;
	readonly pendingBytes: number;
}

export interface Sender extends AsyncDisposable {
	/**
	 * Takes a record; its bytes are copied. At once, in constant time, never throws; whatever it answers, the ledger has it.
	 * {@link Sender.enqueueFrom} needs no object and no view for each record.
	 */
	enqueue(record: SenderRecord): EnqueueResult;
	/**
	 * The same for a record in a larger buffer: its preamble is `bytes` from `start` to `bodyStart`, its body from there to
	 * `end`. {@link Sender.enqueue} is the easy call.
	 */
	enqueueFrom(
		bytes: Uint8Array,
		start: number,
		bodyStart: number,
		end: number,
		key: number | string,
		version: number,
	): EnqueueResult;
	/**
	 * Changes `maxRetainedBytes`. If more is held, it goes the way of all that finds no room, to the spool or as `overflow` says, when the
	 * next record comes.
	 */
	limitRetained(bytes: number): void;
	/** Settles when there is room for the record that was refused last, or the sender takes no more: for `overflow: "block"`. */
	room(): Promise<void>;
	/** Closes the open units, and waits until everything enqueued so far, and what was on disk, is acked or lost. */
	flush(): Promise<void>;
	/** Takes no more, delivers what it has for at most `deadlineMs` (default 10000), spools the rest or counts it as lost. */
	shutdown(deadlineMs?: number): Promise<SenderLedger>;
	/** A copy of the books. */
	ledger(): SenderLedger;
	lanes(): readonly LaneState[];
	/** Bytes of the records in memory, with gRPC's 5 for each message. */
	readonly retainedBytes: number;
}
