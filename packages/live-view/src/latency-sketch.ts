/** Buckets are this factor apart: a quantile is off by 3 % at most. */
const GROWTH = 1.06;
const LOG_GROWTH: number = Math.log(GROWTH);
/** What is shorter counts as this long: one microsecond. */
const SHORTEST_NS = 1_000;
/** From 1 us up to 1000 s; what takes longer is in the last bucket. */
const BUCKETS: number = Math.ceil(Math.log(1e9) / LOG_GROWTH) + 1;

/**
 * How long things took, as counts in buckets that grow by a constant factor: any number of durations in 1.4 KB, and any
 * quantile of them to 3 %.
 *
 * ```
 * bucket   0        1          2                    355
 *       1 us ──┬── 1.06 us ──┬── 1.12 us ──┬── … ── 1000 s
 * ```
 */
export class LatencySketch {
	readonly #counts = new Uint32Array(BUCKETS);
	#count = 0;

	/** How many durations were added. */
	get count(): number {
		return this.#count;
	}

	/** Adds one duration, nanoseconds. */
	add(durationNs: number): void {
		const bucket = durationNs > SHORTEST_NS ? Math.ceil(Math.log(durationNs / SHORTEST_NS) / LOG_GROWTH) : 0;
		const at = bucket < BUCKETS ? bucket : BUCKETS - 1;
		this.#counts[at] = (this.#counts[at] as number) + 1;
		this.#count++;
	}

	/** Adds all that `other` holds. */
	merge(other: LatencySketch): void {
		if (other.#count === 0) return;
		for (let at = 0; at < BUCKETS; at++)
			this.#counts[at] = (this.#counts[at] as number) + (other.#counts[at] as number);
		this.#count += other.#count;
	}

	/** Forgets everything. */
	clear(): void {
		if (this.#count > 0) this.#counts.fill(0);
		this.#count = 0;
	}

	/** The duration, nanoseconds, that this share (0 to 1) of all does not exceed; undefined: there are none. */
	quantile(share: number): number | undefined {
		if (this.#count === 0) return undefined;
		const rank = Math.max(1, Math.ceil(share * this.#count));
		let seen = 0;
		for (let at = 0; at < BUCKETS; at++) {
			seen += this.#counts[at] as number;
			// The middle of the bucket, so that the error is the same both ways.
			if (seen >= rank) return SHORTEST_NS * GROWTH ** (at - 0.5);
		}
		return undefined;
	}
}
