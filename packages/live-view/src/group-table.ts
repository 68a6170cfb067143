import { type Sample, type TrafficSummary, TrafficWindow } from "./traffic-window.ts";

/** Groups with a row of their own: with 17 KB each, 5 MB. */
export const MAX_GROUPS = 300;
/** The row of all that has none of its own. */
export const OTHERS = "(others)";
/** How often it is looked for groups that have gone, when there is no room. */
const SWEEP_MS = 5_000;

/** One row. */
export interface GroupSummary extends TrafficSummary {
	readonly name: string;
}

/** The groups of the last minute, at most {@link MAX_GROUPS} of them: what comes when there is no room is counted as others. */
export class GroupTable {
	readonly #groups = new Map<string, TrafficWindow>();
	readonly #all = new TrafficWindow();
	#others: TrafficWindow | undefined;
	#sweptMs = 0;

	add(name: string, sample: Sample, nowMs: number): void {
		this.#all.add(sample, nowMs);
		this.#windowOf(name, nowMs).add(sample, nowMs);
	}

	/** Everything together. */
	total(nowMs: number, sinceMs: number): TrafficSummary {
		return this.#all.summary(nowMs, sinceMs);
	}

	/** Groups that had traffic in the last minute, in no order; others last. */
	rows(nowMs: number, sinceMs: number): GroupSummary[] {
		const rows: GroupSummary[] = [];
		for (const [name, window] of [...this.#groups, ...(this.#others ? [[OTHERS, this.#others] as const] : [])]) {
			if (!window.isEmpty(nowMs)) rows.push({ name, ...window.summary(nowMs, sinceMs) });
		}
		return rows;
	}

	#windowOf(name: string, nowMs: number): TrafficWindow {
		const known = this.#groups.get(name);
		if (known) return known;
		if (this.#groups.size >= MAX_GROUPS) this.#sweep(nowMs);
		if (this.#groups.size >= MAX_GROUPS) {
			this.#others ??= new TrafficWindow();
			return this.#others;
		}
		const window = new TrafficWindow();
		this.#groups.set(name, window);
		return window;
	}

	#sweep(nowMs: number): void {
		if (nowMs - this.#sweptMs < SWEEP_MS) return;
		this.#sweptMs = nowMs;
		for (const [name, window] of this.#groups) if (window.isEmpty(nowMs)) this.#groups.delete(name);
	}
}
