import { pathTemplate, type Transaction } from "@wirescribe/access-log";

/** Whom a limit is for: all transactions together, those of each process, or those of each method, host and kind of path. */
export const LIMIT_SCOPES = ["all", "process", "endpoint"] as const;
export type LimitScope = (typeof LIMIT_SCOPES)[number];

export interface RateLimit {
	/** Transactions a second; as many may come at once after a pause. */
	readonly perSecond: number;
	readonly per: LimitScope;
}

/** So many are told apart; more of them share one bucket. */
const MAX_BUCKETS = 4096;

interface Bucket {
	tokens: number;
	atNs: number;
}

/** A token bucket for each of whom a limit is for. Its clock is the transactions' own, so that a replay gives the same. */
export class RateLimiter {
	readonly #perSecond: number;
	readonly #burst: number;
	readonly #per: LimitScope;
	readonly #buckets = new Map<string, Bucket>();
	readonly #others: Bucket;
	#sweptNs = 0;

	/** `shares`: how many limiters, each with its part, make up the limit. */
	constructor({ perSecond, per }: RateLimit, shares: number) {
		this.#perSecond = perSecond / shares;
		this.#burst = Math.max(1, this.#perSecond);
		this.#per = per;
		this.#others = { tokens: this.#burst, atNs: 0 };
	}

	/** Whether there is room for this one; it is taken. */
	takes(transaction: Transaction): boolean {
		const { endNs } = transaction;
		const bucket = this.#bucket(this.#keyOf(transaction), endNs);
		const elapsedNs = Math.max(0, endNs - bucket.atNs);
		bucket.tokens = Math.min(this.#burst, bucket.tokens + (elapsedNs * this.#perSecond) / 1e9);
		bucket.atNs = Math.max(bucket.atNs, endNs);
		if (bucket.tokens < 1) return false;
		bucket.tokens--;
		return true;
	}

	#keyOf({ connection, method, host, path }: Transaction): string {
		if (this.#per === "all") return "";
		return this.#per === "process" ? String(connection.pid) : `${method} ${host ?? ""} ${pathTemplate(path)}`;
	}

	#bucket(key: string, nowNs: number): Bucket {
		const known = this.#buckets.get(key);
		if (known) return known;
		if (this.#buckets.size >= MAX_BUCKETS) this.#sweep(nowNs);
		if (this.#buckets.size >= MAX_BUCKETS) return this.#others;
		const bucket = { tokens: this.#burst, atNs: nowNs };
		this.#buckets.set(key, bucket);
		return bucket;
	}

	/** A bucket that is full again is the same as a new one. At most once a second: there may be nothing to find. */
	#sweep(nowNs: number): void {
		if (nowNs - this.#sweptNs < 1e9) return;
		this.#sweptNs = nowNs;
		for (const [key, { tokens, atNs }] of this.#buckets) {
			if (tokens + ((nowNs - atNs) * this.#perSecond) / 1e9 >= this.#burst) this.#buckets.delete(key);
		}
	}
}
