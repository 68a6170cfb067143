import type { Transaction } from "@wirescribe/access-log";
import { RateLimiter } from "./rate-limiter.ts";
import { isError } from "./sampler.ts";

/** What an agent leaves out to keep a budget of its own. Plain data. */
export interface Protection {
	/** Of what would be logged, this part of the traces: 0 to 1. Errors are kept. */
	readonly sampleRatio: number;
	/** Of each endpoint so many a second, which the busiest ones feel first; undefined: all. Errors are kept. */
	readonly endpointPerSecond: number | undefined;
}

/** What protection leaves out, beside what a policy does. */
export class Protector {
	readonly #ratio: number;
	readonly #limiter: RateLimiter | undefined;

	constructor({ sampleRatio, endpointPerSecond: perSecond }: Protection, shares: number) {
		this.#ratio = sampleRatio;
		this.#limiter = perSecond === undefined ? undefined : new RateLimiter({ perSecond, per: "endpoint" }, shares);
	}

	/** The part of the traces like this one that is kept. */
	ratioOf(transaction: Transaction): number {
		return isError(transaction) ? 1 : this.#ratio;
	}

	/** Whether there is room for this one; it is taken. */
	takes(transaction: Transaction): boolean {
		return this.#limiter === undefined || isError(transaction) || this.#limiter.takes(transaction);
	}
}
