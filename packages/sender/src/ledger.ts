/** Why records did not arrive. */
export interface LostRecords {
	/** The memory was full: the oldest made room, or the new one was refused. */
	queue: number;
	/** Longer than a message may be. */
	oversize: number;
	/** Refused by the peer with a status that another try would not change. */
	permanent: number;
	/** Not accepted by the peer within `retry.maxElapsedMs`. */
	expired: number;
	/** Not accepted before the end, or enqueued after it. */
	shutdown: number;
}

/**
 * Where every record is that was ever handed to `enqueue`:
 * `accepted = acked + retained + spooled + lost (the sum of all reasons)`, at any time.
 */
export interface SenderLedger {
	accepted: number;
	acked: number;
	retained: number;
	/** Always 0: nothing is written to disk. */
	spooled: number;
	lost: LostRecords;
	/** What was sent once more after a try that may have reached the peer: that many duplicates are possible there. */
	resent: { units: number; records: number };
}
