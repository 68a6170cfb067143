import { EventQueueError } from "./queue-error.ts";

/** What happens to an event that meets a full queue, where waiting or growing is no way out. */
export type WhenFullNow = "drop-newest" | "overwrite-oldest";

/**
 * What happens to an event that meets a full queue.
 *
 * `block`: it waits, at most `blockTimeoutMs`, then it is refused. `drop-newest`: it is refused. `overwrite-oldest`: the
 * oldest event that nobody has taken yet makes room. `expand`: the bound doubles up to `maxCapacity`, and comes back to
 * `capacity` when nothing is pending; at the ceiling `atCeiling` applies. What is refused or overwritten counts as lost.
 */
export type WhenFull = "block" | WhenFullNow | "expand";

export interface BoundOptions {
	/** Events that may be pending; 65,536 if not told. */
	readonly capacity?: number;
	/** `drop-newest` if not told. */
	readonly whenFull?: WhenFull;
	/** How long `block` waits before it refuses; for ever if not told. */
	readonly blockTimeoutMs?: number;
	/** The ceiling of `expand`; 16 times `capacity` if not told. */
	readonly maxCapacity?: number;
	/** What `expand` does at its ceiling; `drop-newest` if not told. */
	readonly atCeiling?: "block" | WhenFullNow;
}

/** How many may be pending, and what to do when that is reached. */
export class Bound {
	readonly #base: number;
	readonly ceiling: number;
	readonly whenFull: "block" | WhenFullNow;
	readonly blockTimeoutMs: number | undefined;
	#capacity: number;

	constructor(options: BoundOptions) {
		const { capacity = 65_536, whenFull = "drop-newest", atCeiling = "drop-newest" } = options;
		this.#base = capacity;
		this.#capacity = capacity;
		this.ceiling = whenFull === "expand" ? (options.maxCapacity ?? capacity * 16) : capacity;
		this.whenFull = whenFull === "expand" ? atCeiling : whenFull;
		this.blockTimeoutMs = options.blockTimeoutMs;
	}

	get capacity(): number {
		return this.#capacity;
	}

	/** Whether there is room for one more. A bound that may grow grows now. */
	admits(pending: number): boolean {
		if (pending < this.#capacity) return true;
		if (this.#capacity >= this.ceiling) return false;
		this.#capacity = Math.min(this.ceiling, this.#capacity * 2);
		return true;
	}

	/** To be told what is left whenever something went out. */
	settle(pending: number): void {
		if (pending === 0) this.#capacity = this.#base;
	}
}

/** Throws where the bounds of queue `name` contradict each other: at once, not at the first event. */
export function checkBound(name: string, options: BoundOptions): void {
	const fail = (why: string): never => {
		throw new EventQueueError("ERR_QUEUE_OPTIONS", `Cannot create queue '${name}': ${why}`);
	};
	const { capacity = 1, whenFull = "drop-newest", maxCapacity = capacity, blockTimeoutMs = 0, atCeiling } = options;
	const known = ["block", "drop-newest", "overwrite-oldest"];
	if (!Number.isInteger(capacity) || capacity < 1) fail(`'capacity' must be a positive integer: received ${capacity}`);
	if (whenFull !== "expand" && !known.includes(whenFull)) {
		fail(`'whenFull' must be block, drop-newest, overwrite-oldest or expand: received ${String(whenFull)}`);
	}
	if (whenFull !== "expand" && (options.maxCapacity !== undefined || atCeiling !== undefined)) {
		fail(`'maxCapacity' and 'atCeiling' belong to whenFull 'expand', which is '${whenFull}'`);
	}
	if (!Number.isInteger(maxCapacity) || maxCapacity < capacity) {
		fail(`'maxCapacity' must be an integer of at least 'capacity' (${capacity}): received ${maxCapacity}`);
	}
	if (atCeiling !== undefined && !known.includes(atCeiling)) {
		fail(`'atCeiling' must be block, drop-newest or overwrite-oldest: received ${String(atCeiling)}`);
	}
	if (!(blockTimeoutMs >= 0)) fail(`'blockTimeoutMs' must not be negative: received ${blockTimeoutMs}`);
}
