/** When and how often a unit is tried again. */
export interface RetryOptions {
	readonly initialMs: number;
	readonly maxMs: number;
	readonly multiplier: number;
	/** 0.5: a wait is drawn between half and one and a half of its length. */
	readonly jitter: number;
	/** A unit is given up when its next try would begin later than this after its first; 0: never. */
	readonly maxElapsedMs: number;
}

export const DEFAULT_RETRY: RetryOptions = {
	initialMs: 1000,
	maxMs: 30_000,
	multiplier: 1.5,
	jitter: 0.5,
	maxElapsedMs: 300_000,
};

/** The wait after `failures` failures in a row (1, 2, ...), for a `random` of [0, 1). */
export function backoffMs(retry: RetryOptions, failures: number, random: number): number {
	const plain = Math.min(retry.maxMs, retry.initialMs * retry.multiplier ** (failures - 1));
	return plain * (1 + retry.jitter * (random * 2 - 1));
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
 * Whether trying again can help: the classes that OpenTelemetry's exporters use. RESOURCE_EXHAUSTED is worth another
 * try only when the peer says when; any other status would be the same the next time.
 */
export function isRetryable(code: number, retryDelayMs: number | null): boolean {
	return transient.has(code) || (code === RESOURCE_EXHAUSTED && retryDelayMs !== null);
}
