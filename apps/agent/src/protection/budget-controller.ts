import type { Ladder } from "./ladder.ts";

/** How quickly a budget's controller acts, in observations. */
export interface Pace {
	/** After a change so many observations say nothing: work from before is still being done. */
	readonly settle: number;
	/** The budget must have had room for the rung below for so long before it goes down. */
	readonly calm: number;
}

/** Observations that a decision to go up looks back at, at most, and how many it needs at least. */
const WINDOW = 3;
const ENOUGH = 2;
/** So much over the budget, one observation is enough. */
const GRAVE = 1.5;
/** What is left of the budget after going down, at least. */
const ROOM = 0.9;
/** Rungs gone down at once. */
const MOST_DOWN = 4;
/** An observation that is followed by so many quiet ones was no attempt that failed. */
const TRIAL = 20;
const MOST_PATIENCE = 16;
/** So long is nothing watched at all before it is tried again. */
const DETACHED = 30;

/**
 * Where on its ladder a budget is kept. Told of the usage, as a part of the budget, at even intervals; it has no clock and no chance in
 * it.
 *
 * ```
 *   usage > 1     ─► up, as many rungs as the usage is too much for
 *   room for more ─► wait `calm`, then down, as far as the usage would stay below 0.9 at the worst
 *   up again soon ─► wait twice as long next time: it does not flap
 *   at the top    ─► nothing is watched; after a while the rung before is tried
 * ```
 */
export class BudgetController {
	readonly #ladder: Ladder;
	readonly #pace: Pace;
	#position = 0;
	#settling = 0;
	#recent: number[] = [];
	#calm = 0;
	/** How often the times of waiting are doubled. */
	#patience = 1;
	/** Observations since it went down; none yet: long ago. */
	#sinceDown = Number.POSITIVE_INFINITY;
	#detachedFor = 0;

	constructor(ladder: Ladder, pace: Pace) {
		this.#ladder = ladder;
		this.#pace = pace;
	}

	/** The rung, from 0. */
	get position(): number {
		return this.#position;
	}

	/** Takes the usage since the last time, 1 being the whole budget; returns the rung from now on. */
	observe(usage: number): number {
		this.#sinceDown++;
		if (this.#sinceDown === TRIAL) this.#patience = 1;
		if (this.#isDetached) return this.#waitDetached();
		if (this.#settling > 0) {
			this.#settling--;
			return this.#position;
		}
		this.#recent = [...this.#recent, usage].slice(-WINDOW);
		const mean = this.#recent.reduce((sum, one) => sum + one, 0) / this.#recent.length;
		if (this.#isTooMuch(usage, mean)) this.#up(Math.max(usage, mean));
		else this.#perhapsDown(Math.max(usage, mean));
		return this.#position;
	}

	#isTooMuch(usage: number, mean: number): boolean {
		// Nothing is given up for a single outlier.
		if (this.#position >= this.#ladder.length - 2) return this.#recent.length === WINDOW && mean > 1;
		return usage > GRAVE || (this.#recent.length >= ENOUGH && mean > 1);
	}

	get #isDetached(): boolean {
		return this.#ladder[this.#position]?.step === "detached";
	}

	#up(usage: number): void {
		if (this.#sinceDown < TRIAL) this.#patience = Math.min(MOST_PATIENCE, this.#patience * 2);
		const top = this.#ladder.length - 1;
		let to = this.#position;
		for (let left = usage; left > 1 && to < top; ) {
			to++;
			left /= this.#ladder[to]?.relief ?? 1;
			// Nothing is given up before everything else was tried.
			if (to === top - 1) break;
		}
		this.#moveTo(to);
	}

	#perhapsDown(usage: number): void {
		const to = this.#lowest(usage);
		if (to === this.#position) {
			this.#calm = 0;
			return;
		}
		this.#calm++;
		if (this.#calm < this.#pace.calm * this.#patience) return;
		this.#sinceDown = 0;
		this.#moveTo(to);
	}

	/** The lowest rung that keeps the budget at the worst. */
	#lowest(usage: number): number {
		let to = this.#position;
		let worst = usage;
		for (; to > 0 && this.#position - to < MOST_DOWN; to--) {
			worst *= this.#ladder[to]?.relief ?? 1;
			if (worst > ROOM) break;
		}
		return to;
	}

	#waitDetached(): number {
		this.#detachedFor++;
		if (this.#detachedFor >= DETACHED * this.#patience) {
			this.#sinceDown = 0;
			this.#moveTo(this.#position - 1);
		}
		return this.#position;
	}

	#moveTo(position: number): void {
		this.#position = position;
		this.#settling = this.#pace.settle;
		this.#recent = [];
		this.#calm = 0;
		this.#detachedFor = 0;
	}
}
