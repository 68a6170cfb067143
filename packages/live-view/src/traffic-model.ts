import type { JsonMessage, JsonTransaction } from "@wirescribe/access-log";
import { BothEnds } from "./both-ends.ts";
import { type GroupSummary, GroupTable } from "./group-table.ts";
import { type Grouping, groupOf } from "./grouping.ts";
import { Recent } from "./recent.ts";
import type { Sample, TrafficSummary } from "./traffic-window.ts";

/** Exchanges kept, so that another grouping or filter does not begin with nothing. */
const MAX_HISTORY = 5_000;
/** Exchanges that can be looked at one by one. */
const MAX_SHOWN = 1_000;

/** One exchange as it came. */
export interface Seen {
	/** Counts up. */
	readonly id: number;
	/** When it was over, milliseconds of the model's clock. */
	readonly atMs: number;
	readonly tx: JsonTransaction;
}

/** What decides whether a transaction is looked at. */
export type Predicate = (tx: JsonTransaction) => boolean;

/** No answer, or one that says that the server failed. */
export function isFailed({ status }: JsonTransaction): boolean {
	return status === null || status >= 500;
}

function bytesOf(size: JsonMessage | null): number {
	return size === null ? 0 : size.header_bytes + size.body_bytes;
}

function sampleOf(tx: JsonTransaction): Sample {
	return {
		durationNs: tx.duration_ms * 1e6,
		failed: isFailed(tx),
		requestBytes: bytesOf(tx.request),
		responseBytes: bytesOf(tx.response),
	};
}

/**
 * What the view shows, without how: groups over the last minute, and the newest exchanges. Bounded in memory whatever comes; reads
 * no clock.
 *
 * ```
 * transaction ─► history ─► filter ─► seen from the other end already? ─► group's window, all's window, shown
 *                   └────── again, when filter, grouping or ends change ──────┘
 * ```
 */
export class TrafficModel {
	readonly #history = new Recent<Seen>(MAX_HISTORY);
	readonly #shown = new Recent<Seen>(MAX_SHOWN);
	#table = new GroupTable();
	#ends = new BothEnds();
	#grouping: Grouping = "endpoint";
	#filter: Predicate | undefined;
	#once = true;
	#sinceMs: number | undefined;
	#next = 0;

	get grouping(): Grouping {
		return this.#grouping;
	}

	set grouping(grouping: Grouping) {
		this.#grouping = grouping;
		this.#again();
	}

	set filter(filter: Predicate | undefined) {
		this.#filter = filter;
		this.#again();
	}

	/** A request that was seen from both ends is counted once, as its server saw it. */
	get once(): boolean {
		return this.#once;
	}

	set once(once: boolean) {
		this.#once = once;
		this.#again();
	}

	/** Takes a transaction that was over at `atMs`. */
	add(tx: JsonTransaction, atMs: number): void {
		this.#sinceMs ??= atMs;
		const seen = { id: this.#next++, atMs, tx };
		this.#history.add(seen);
		this.#count(seen);
	}

	/** Rates are over no more time than has passed since: for the start, and after a pause. */
	countSince(ms: number): void {
		this.#sinceMs = ms;
	}

	/** Forgets everything; what follows begins at `sinceMs`. */
	clear(sinceMs: number): void {
		this.#history.clear();
		this.#forget();
		this.#sinceMs = sinceMs;
	}

	groups(nowMs: number): GroupSummary[] {
		return this.#table.rows(nowMs, this.#sinceMs ?? nowMs);
	}

	total(nowMs: number): TrafficSummary {
		return this.#table.total(nowMs, this.#sinceMs ?? nowMs);
	}

	/** The newest exchanges, oldest first: all of them, or one group's. */
	shown(group?: string): readonly Seen[] {
		const all = this.#shown.items();
		return group === undefined ? all : all.filter(({ tx }) => groupOf(tx, this.#grouping) === group);
	}

	#count(seen: Seen): void {
		const { tx, atMs } = seen;
		if (this.#filter && !this.#filter(tx)) return;
		if (this.#once && this.#ends.isSecond(tx)) return;
		this.#table.add(groupOf(tx, this.#grouping), sampleOf(tx), atMs);
		this.#shown.add(seen);
	}

	#again(): void {
		const history = this.#history.items();
		this.#forget();
		for (const seen of history) this.#count(seen);
		// Of what came before, nothing is known any more.
		const oldest = history[0];
		if (oldest && history.length >= MAX_HISTORY) this.#sinceMs = oldest.atMs;
	}

	#forget(): void {
		this.#shown.clear();
		this.#table = new GroupTable();
		this.#ends = new BothEnds();
	}
}
