import type { Trace, Transaction } from "@wirescribe/access-log";
import type { Filter } from "@wirescribe/filter";
import type { JudgedTransaction } from "./transaction-field.ts";

/** Of the transactions that a filter means, this part is kept: 0 to 1. */
export interface SamplingRule {
	readonly filter: Filter<JudgedTransaction>;
	readonly ratio: number;
}

/**
 * Keeps a part of all transactions. What belongs to one trace is kept together, on every node that has the same ratio; so is what
 * a larger ratio keeps of what a smaller one does.
 */
export class Sampler {
	readonly #ratio: number;
	readonly #rules: readonly SamplingRule[];
	readonly #errors: boolean;

	/** The first rule whose filter matches decides, `ratio` if none does. `errors`: they are sampled like the rest. */
	constructor(ratio: number, rules: readonly SamplingRule[], errors: boolean) {
		this.#ratio = ratio;
		this.#rules = rules;
		this.#errors = errors;
	}

	/** The part of the traces like this one that is kept: those whose {@link sampleFraction} is in the upper part. */
	ratioOf(judged: JudgedTransaction): number {
		if (!this.#errors && isError(judged.transaction)) return 1;
		return this.#rules.find(({ filter }) => filter.matches(judged))?.ratio ?? this.#ratio;
	}
}

/** The server failed, or nothing was answered. */
export function isError({ status }: Transaction): boolean {
	return status === null || status >= 500;
}

/**
 * Where a transaction stands among all, from 0 to 1: by the last 56 bits of its trace id, as OpenTelemetry's consistent sampling does,
 * where it has one; else by its connection and times.
 */
export function sampleFraction({ trace, connection, startNs, endNs }: Transaction): number {
	if (trace !== null) return traceFraction(trace);
	const { socketId } = connection;
	let state = 0x9e3779b9;
	for (const number of [socketId, startNs, endNs]) {
		state = mixed(state ^ (number % 2 ** 32));
		state = mixed(state + Math.floor(number / 2 ** 32));
	}
	return (state >>> 0) / 2 ** 32;
}

function traceFraction({ provider, traceId }: Trace): number {
	if (provider !== "skywalking" && /^[0-9a-f]+$/i.test(traceId))
		return Number.parseInt(traceId.slice(-14), 16) / 2 ** 56;
	let state = 0x811c9dc5;
	for (let at = 0; at < traceId.length; at++) state = Math.imul(state ^ traceId.charCodeAt(at), 0x01000193);
	return (mixed(state) >>> 0) / 2 ** 32;
}

/** Every bit of the result depends on every bit of the number. */
function mixed(number: number): number {
	let state = number | 0;
	state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
	state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
	return state ^ (state >>> 16);
}
