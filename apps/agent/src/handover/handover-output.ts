import type { Connection, Operation, Transaction } from "@wirescribe/access-log";
import type { RecordOutput } from "@wirescribe/pipeline";

/** Whose a request is: this agent's if it started in `[fromNs, untilNs)` of CLOCK_MONOTONIC. */
export interface HandoverBounds {
	readonly fromNs: number;
	readonly untilNs: number;
}

/** What one agent has left to the other. */
export interface HandoverCounts {
	/** Records that the other one has to write. */
	readonly left: number;
	/** Requests so near to the moment of change that the other one may have written them, too. */
	readonly possibleDoubles: number;
}

export const EVERYTHING: HandoverBounds = { fromNs: 0, untilNs: Number.POSITIVE_INFINITY };
/** While it is not decided from when on records are this agent's. */
export const NOTHING_YET: HandoverBounds = { fromNs: Number.POSITIVE_INFINITY, untilNs: Number.POSITIVE_INFINITY };

/** Programs of both agents run one after the other for a call, and read the clock each: better twice than not at all. */
const MARGIN_NS = 1_000_000;
/** The earlier agent still reads this long after the change: what it has begun is its own to finish. */
export const HANDOVER_MS = 3_000;

/**
 * Parts the requests of the machine between an agent and the one that takes over from it, while both of them see everything.
 *
 *     ── old alone ──┬── both read ───────────────┬── new alone ──
 *                    │ T0: what starts from here on is the new one's
 */
export class HandoverOutput implements RecordOutput {
	readonly #inner: RecordOutput;
	#bounds: HandoverBounds;
	#left = 0;
	#doubles = 0;

	constructor(inner: RecordOutput, bounds: HandoverBounds) {
		this.#inner = inner;
		this.#bounds = bounds;
	}

	/** Changes whose requests are this agent's: before the moment comes. */
	set bounds(bounds: HandoverBounds) {
		this.#bounds = bounds;
	}

	get counts(): HandoverCounts {
		return { left: this.#left, possibleDoubles: this.#doubles };
	}

	transaction(transaction: Transaction, operations: readonly Operation[], sequence: number): void {
		const { fromNs } = this.#bounds;
		const { startNs, endNs, request } = transaction;
		// An answer to what was asked before this agent began is the earlier one's, who has seen the question.
		const isAnswerToOther = request === null && endNs < fromNs + HANDOVER_MS * 1e6;
		if (isAnswerToOther || !this.#isOwn(startNs)) {
			this.#left++;
			return;
		}
		if (startNs < fromNs) this.#doubles++;
		this.#inner.transaction(transaction, operations, sequence);
	}

	operations(connection: Connection, operations: readonly Operation[], sequence: number): void {
		const last = operations.at(-1);
		if (last && !this.#isOwn(last.endNs)) this.#left++;
		else this.#inner.operations(connection, operations, sequence);
	}

	#isOwn(ns: number): boolean {
		return ns >= this.#bounds.fromNs - MARGIN_NS && ns < this.#bounds.untilNs;
	}
}
