/** Why records did not arrive. */
export interface LostRecords {
	/** The memory, or the disk, was full, or the rate too high: the oldest made room, or the new one was refused. */
	queue: number;
	/** Longer than a message may be, by our limit or the peer's. */
	oversize: number;
	/** Refused by the peer with a status that another try would not change. */
	permanent: number;
	/** Not accepted by the peer within `retry.maxElapsedMs`. */
	expired: number;
	/** Not accepted before the end, or enqueued after it. */
	shutdown: number;
}

/**
 * Where every record is that was ever handed to `enqueue`, or found on disk at the start:
 * `accepted = acked + retained + spooled + lost (the sum of all reasons)`, at any time.
 */
export interface SenderLedger {
	accepted: number;
	acked: number;
	/** In memory, those on their way included. */
	retained: number;
	/** On disk only. */
	spooled: number;
	lost: LostRecords;
	/** What was sent once more after a try that may have reached the peer: that many duplicates are possible there. */
	resent: { units: number; records: number };
}

/** The books of a sender: each entry moves records from one account to another, so that they balance at any time. */
export class Books {
	/** Bytes in memory: of units that are closed, and of those that are not. */
	bytes: number = 0;
	/** Closed units in memory. */
	units: number = 0;
	readonly #lost: LostRecords = { queue: 0, oversize: 0, permanent: 0, expired: 0, shutdown: 0 };
	readonly #resent = { units: 0, records: 0 };
	#accepted = 0;
	#acked = 0;
	#retained = 0;
	#spooled = 0;

	take(): void {
		this.#accepted++;
		this.#retained++;
	}

	refuse(reason: keyof LostRecords): void {
		this.#accepted++;
		this.#lost[reason]++;
	}

	/** Records that lay on disk when the sender began. */
	recover(records: number): void {
		this.#accepted += records;
		this.#spooled += records;
	}

	/** Records leave the memory for the disk. */
	spool(records: number): void {
		this.#retained -= records;
		this.#spooled += records;
	}

	/** Records come back from the disk. */
	load(records: number): void {
		this.spool(-records);
	}

	ack(records: number): void {
		this.#retained -= records;
		this.#acked += records;
	}

	lose(reason: keyof LostRecords, records: number, from: "memory" | "disk"): void {
		if (from === "memory") this.#retained -= records;
		else this.#spooled -= records;
		this.#lost[reason] += records;
	}

	resend(records: number): void {
		this.#resent.units++;
		this.#resent.records += records;
	}

	ledger(): SenderLedger {
		return {
			accepted: this.#accepted,
			acked: this.#acked,
			retained: this.#retained,
			spooled: this.#spooled,
			lost: { ...this.#lost },
			resent: { ...this.#resent },
		};
	}
}
