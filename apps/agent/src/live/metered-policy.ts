import type { LeftOutReason, SeenContent, Transaction, TransactionPolicy } from "@wirescribe/access-log";
import type { DataPolicy } from "@wirescribe/data-policy";
import type { EndpointMeter } from "@wirescribe/pipeline";

/**
 * A policy whose sample and rate limits the metrics of requests do not feel, nor what is left out to keep a budget: it is counted by
 * endpoint nevertheless. What the filter leaves out is not meant, and not counted. What is logged is counted where it is written.
 */
export class MeteredPolicy implements TransactionPolicy {
	readonly wants: TransactionPolicy["wants"];
	readonly #policy: DataPolicy;
	readonly #meter: EndpointMeter;

	constructor(policy: DataPolicy, meter: EndpointMeter) {
		this.wants = policy.wants;
		this.#policy = policy;
		this.#meter = meter;
	}

	apply(transaction: Transaction, seen: SeenContent | undefined): Transaction | LeftOutReason {
		const judged = this.#policy.apply(transaction, seen);
		if (typeof judged === "string" && judged !== "filtered") {
			// A label leaves, too.
			this.#meter.transaction({ ...transaction, path: this.#policy.redactedPath(transaction.path) });
		}
		return judged;
	}
}
