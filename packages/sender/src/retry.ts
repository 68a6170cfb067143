import type { UnitStatus } from "./transport.ts";

/** When and how often a unit is tried again. */
export interface RetryOptions {
	/** The longest wait after the first failure (default 1000) ... */
	readonly initialMs: number;
	/** ... and after many (default 30000); each failure in a row multiplies it (default 1.5). */
	readonly maxMs: number;
	readonly multiplier: number;
	/**
	 * How much of a wait is drawn by lot: 1 (default) is full jitter, between nothing and the whole; 0 is none. Many agents
	 * that lose one collector must not come back together.
	 */
	readonly jitter: number;
	/** A unit is given up when its next try would begin later than this after its first (default 300000); 0: never. */
	readonly maxElapsedMs: number;
}

export const DEFAULT_RETRY: RetryOptions = {
	initialMs: 1000,
	maxMs: 30_000,
	multiplier: 1.5,
	jitter: 1,
	maxElapsedMs: 300_000,
};

/** The wait after `failures` failures in a row (1, 2, ...), for a `random` of [0, 1). */
export function backoffMs(retry: RetryOptions, failures: number, random: number): number {
	const plain = Math.min(retry.maxMs, retry.initialMs * retry.multiplier ** (failures - 1));
	return plain * (1 - retry.jitter * random);
}

const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;
const RESOURCE_EXHAUSTED = 8;
const ABORTED = 10;
const OUT_OF_RANGE = 11;
const UNAVAILABLE = 14;
const DATA_LOSS = 15;
const transient: ReadonlySet<number> = new Set([
	CANCELLED,
	DEADLINE_EXCEEDED,
	ABORTED,
	OUT_OF_RANGE,
	UNAVAILABLE,
	DATA_LOSS,
]);

/**
 * `retry`: another try can help, by the classes that OpenTelemetry's exporters use: RESOURCE_EXHAUSTED only when the peer
 * says when, and whatever broke without a word of the peer. `too-large`: smaller ones can pass. `final`: any other try
 * would be answered the same.
 */
export type Verdict = "retry" | "too-large" | "final";

export function verdictOn(status: UnitStatus): Verdict {
	const { code, message, retryDelayMs, broken = false } = status;
	if (retryDelayMs === Number.POSITIVE_INFINITY) return "final";
	if (broken) return "retry";
	if ((code === RESOURCE_EXHAUSTED || code === OUT_OF_RANGE) && retryDelayMs === null && tellsOfSize(message)) {
		return "too-large";
	}
	return transient.has(code) || (code === RESOURCE_EXHAUSTED && retryDelayMs !== null) ? "retry" : "final";
}

/**
 * No code says "too large": RESOURCE_EXHAUSTED (tonic: OUT_OF_RANGE) has other meanings, too. The sentences of gRPC's
 * servers: "Received message larger than max (a vs. b)" (C, Python, Node, Go), "gRPC message exceeds maximum size" (Java),
 * "decoded message length too large" (tonic); "413" for proxies.
 */
function tellsOfSize(message: string): boolean {
	return /larger than|exceeds maximum|too large|HTTP status 413/i.test(message);
}
