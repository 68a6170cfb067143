import { unmapped } from "./address.ts";
import type { ConntrackEventSink } from "./conntrack-events.ts";
import type { ConntrackEntry, LookupResult, LookupTuple, Miss } from "./tuple.ts";

/** What a cache asks: a {@linkcode Conntrack}, or anything that answers like one. */
export interface LookupSource {
	lookupAll(tuples: readonly LookupTuple[]): LookupResult[];
}

export interface ConntrackCacheOptions {
	/** Answers to remember; the oldest makes room. 16,384 if not told. */
	readonly capacity?: number;
	/** How long an entry is believed; 60 s if not told. A port may be used again for another connection after that. */
	readonly ttlMs?: number;
	/** How long it is believed that there is none; 2 s if not told. */
	readonly negativeTtlMs?: number;
	/** Milliseconds that only grow; `performance.now` if not told. */
	readonly now?: () => number;
}

export interface ConntrackCacheStats {
	readonly size: number;
	readonly hits: number;
	readonly misses: number;
	/** Left early for lack of room. */
	readonly evicted: number;
}

interface Cell {
	readonly result: LookupResult;
	readonly until: number;
	/** The other tuple of the same connection. */
	readonly twin: string;
}

/**
 * Remembers answers, also that there is none, for a while; found by both tuples of a connection.
 *
 * As a sink of {@linkcode ConntrackEvents} it knows connections before it is asked and forgets them when they end. `busy`
 * is never remembered.
 */
export class ConntrackCache implements ConntrackEventSink {
	readonly #source: LookupSource;
	readonly #capacity: number;
	readonly #ttlMs: number;
	readonly #negativeTtlMs: number;
	readonly #now: () => number;
	readonly #cells: Map<string, Cell> = new Map();
	#hits = 0;
	#misses = 0;
	#evicted = 0;

	constructor(source: LookupSource, options: ConntrackCacheOptions = {}) {
		const { capacity = 16_384, ttlMs = 60_000, negativeTtlMs = 2_000, now = () => performance.now() } = options;
		if (!(Number.isInteger(capacity) && capacity >= 2)) {
			throw new RangeError(
				`Cannot create a conntrack cache: 'capacity' must be an integer of at least 2: received ${capacity}`,
			);
		}
		if (!(ttlMs >= 0 && negativeTtlMs >= 0)) {
			const received = `received ${ttlMs} and ${negativeTtlMs}`;
			throw new RangeError(
				`Cannot create a conntrack cache: 'ttlMs' and 'negativeTtlMs' must not be negative: ${received}`,
			);
		}
		this.#source = source;
		this.#capacity = capacity;
		this.#ttlMs = ttlMs;
		this.#negativeTtlMs = negativeTtlMs;
		this.#now = now;
	}

	lookup(tuple: LookupTuple): LookupResult {
		return this.peek(tuple) ?? this.lookupAll([tuple])[0]!;
	}

	/** One result for each tuple, in order; those that are not known are asked for together. */
	lookupAll(tuples: readonly LookupTuple[]): LookupResult[] {
		const results = tuples.map((tuple) => this.peek(tuple));
		const unknown = tuples.filter((_, i) => results[i] === undefined);
		if (unknown.length === 0) return results as LookupResult[];
		this.#misses += unknown.length;
		const answers = this.#source.lookupAll(unknown);
		answers.forEach((answer, i) => void this.#learn(unknown[i]!, answer));
		let next = 0;
		return results.map((result) => result ?? answers[next++]!);
	}

	/** What is known, without asking anybody. */
	peek(tuple: LookupTuple): LookupResult | undefined {
		const key = keyOf(tuple, tuple.zone ?? 0);
		const cell = this.#cells.get(key);
		if (!cell) return undefined;
		if (cell.until < this.#now()) {
			this.#cells.delete(key);
			return undefined;
		}
		this.#hits++;
		return cell.result;
	}

	created(entry: ConntrackEntry): void {
		const [original, reply] = [keyOf(entry.original, entry.zone), keyOf(entry.reply, entry.zone)];
		const until = this.#now() + this.#ttlMs;
		this.#put(original, { result: entry, until, twin: reply });
		this.#put(reply, { result: entry, until, twin: original });
	}

	destroyed(entry: ConntrackEntry): void {
		for (const tuple of [entry.original, entry.reply]) {
			const key = keyOf(tuple, entry.zone);
			const cell = this.#cells.get(key);
			this.#cells.delete(key);
			if (cell) this.#cells.delete(cell.twin);
		}
	}

	/** Forgets everything: events were lost. */
	overrun(): void {
		this.#cells.clear();
	}

	stats(): ConntrackCacheStats {
		return { size: this.#cells.size, hits: this.#hits, misses: this.#misses, evicted: this.#evicted };
	}

	#learn(tuple: LookupTuple, result: LookupResult | Miss): void {
		if (!("miss" in result)) {
			this.created(result);
			return;
		}
		if (result.miss === "busy") return;
		const key = keyOf(tuple, tuple.zone ?? 0);
		this.#put(key, { result, until: this.#now() + this.#negativeTtlMs, twin: key });
	}

	#put(key: string, cell: Cell): void {
		// Behind the others, also when it was there already.
		this.#cells.delete(key);
		if (this.#cells.size >= this.#capacity) {
			for (const oldest of this.#cells.keys()) {
				this.#cells.delete(oldest);
				this.#evicted++;
				break;
			}
		}
		this.#cells.set(key, cell);
	}
}

function keyOf({ src, dst, sport, dport }: LookupTuple, zone: number): string {
	return String.fromCharCode(zone, sport, dport, ...unmapped(src), ...unmapped(dst));
}
