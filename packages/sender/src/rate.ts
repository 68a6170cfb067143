/** A limit of the bytes that leave in a second. */
export interface RateLimit {
	readonly bytesPerSecond: number;
	/** How much may leave at once after a pause (default: one second's worth). */
	readonly burstBytes?: number;
	/** Units wait for their turn (default), or records beyond the rate are not taken (`lost.queue`). */
	readonly over?: "wait" | "drop";
}

/**
 * A token bucket that may run into debt: a unit starts when there is anything in it, and takes all that it weighs. So the
 * stream's deadline does not run while it waits, and a unit larger than the bucket passes all the same.
 */
export class TokenBucket {
	readonly #perMs: number;
	readonly #burst: number;
	readonly #now: () => number;
	#tokens: number;
	#filledMs: number;

	constructor({ bytesPerSecond, burstBytes = bytesPerSecond }: RateLimit, now: () => number = () => performance.now()) {
		if (!(bytesPerSecond > 0) || !(burstBytes > 0)) {
			throw new RangeError(
				`Cannot limit the rate as 'bytesPerSecond' and 'burstBytes' must be positive: received ${bytesPerSecond}, ${burstBytes}`,
			);
		}
		this.#perMs = bytesPerSecond / 1000;
		this.#burst = burstBytes;
		this.#now = now;
		this.#tokens = burstBytes;
		this.#filledMs = now();
	}

	/** How long until something may leave; 0: now. */
	waitMs(): number {
		this.#fill();
		return this.#tokens > 0 ? 0 : Math.ceil((1 - this.#tokens) / this.#perMs);
	}

	spend(bytes: number): void {
		this.#fill();
		this.#tokens -= bytes;
	}

	/** Spends only when there is enough. */
	trySpend(bytes: number): boolean {
		this.#fill();
		if (this.#tokens < bytes) return false;
		this.#tokens -= bytes;
		return true;
	}

	#fill(): void {
		const now = this.#now();
		this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledMs) * this.#perMs);
		this.#filledMs = now;
	}
}
