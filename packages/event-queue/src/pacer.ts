/** The shortest and the longest pause between two pulls, in milliseconds. */
export interface PullInterval {
	readonly min: number;
	readonly max: number;
}

/** Events that one pull should find. More: pull sooner. Fewer than half: pull later. */
const TARGET = 256;

/**
 * The next pause between two pulls.
 *
 * A wake-up costs the same whether it finds one event or a thousand, so the pause follows the rate: it settles where a
 * pull finds between 128 and 256 events, and drifts to `max` when there is less to do.
 */
export function nextPause(pause: number, taken: number, interval: PullInterval): number {
	if (taken >= TARGET) return Math.max(interval.min, pause / 2);
	if (taken < TARGET / 2) return Math.min(interval.max, pause * (taken === 0 ? 2 : 1.25));
	return pause;
}
