import { Tombstones } from "./tombstones.ts";

export interface ConnectionTableOptions<T> {
	/** Open connections to keep; the one added first makes room. 1,000,000 if not told. */
	readonly capacity?: number;
	/** Closed connections to remember. 262,144 if not told. */
	readonly tombstones?: number;
	/** How long a closed connection is remembered. 20 s if not told. */
	readonly keepClosedNs?: number;
	/** Takes leave of an open connection that had to make room. */
	readonly onEvict?: (socketId: number, entry: T) => void;
}

/** Where a connection is in its life. */
export type ConnectionState = "open" | "closed" | "unknown";

export interface ConnectionTableStats {
	readonly open: number;
	readonly closed: number;
	readonly evictedOpen: number;
	readonly evictedClosed: number;
	/** What the closed ones take up, in bytes. */
	readonly tombstoneBytes: number;
}

/**
 * The connections of one partition, by socket id.
 *
 * A closed connection is forgotten at once but for its id and time of death: events that come late find that it is
 * closed and do not open it again. The table has no clock: `close` and `expire` are told the time.
 */
export class ConnectionTable<T> {
	readonly #open: Map<number, T> = new Map();
	readonly #closed: Tombstones;
	#capacity: number;
	readonly #keepClosedNs: number;
	readonly #onEvict: ((socketId: number, entry: T) => void) | undefined;
	#evictedOpen = 0;

	constructor(options: ConnectionTableOptions<T> = {}) {
		this.#capacity = positive("capacity", options.capacity ?? 1_000_000);
		this.#closed = new Tombstones(positive("tombstones", options.tombstones ?? 262_144));
		this.#keepClosedNs = options.keepClosedNs ?? 20e9;
		this.#onEvict = options.onEvict;
	}

	get(socketId: number): T | undefined {
		return this.#open.get(socketId);
	}

	state(socketId: number): ConnectionState {
		if (this.#open.has(socketId)) return "open";
		return this.#closed.closedAt(socketId) === undefined ? "unknown" : "closed";
	}

	/** When it was closed, while that is remembered. */
	closedAt(socketId: number): number | undefined {
		return this.#closed.closedAt(socketId);
	}

	/** Adds or replaces an open connection. False: it is closed already, and stays so. */
	set(socketId: number, entry: T): boolean {
		if (!this.#open.has(socketId)) {
			if (this.#closed.closedAt(socketId) !== undefined) return false;
			if (this.#open.size >= this.#capacity) this.#evict();
		}
		this.#open.set(socketId, entry);
		return true;
	}

	/** Changes how many open connections are kept: those that were added first make room. */
	limit(capacity: number): void {
		this.#capacity = positive("capacity", capacity);
		while (this.#open.size > capacity) this.#evict();
	}

	/** Closes a connection, known or not; hands its entry back. */
	close(socketId: number, nowNs: number): T | undefined {
		const entry = this.#open.get(socketId);
		this.#open.delete(socketId);
		this.#closed.add(socketId, nowNs);
		return entry;
	}

	/** Forgets connections that were closed long enough ago; says how many. */
	expire(nowNs: number): number {
		return this.#closed.expire(nowNs - this.#keepClosedNs);
	}

	/** The open connections, oldest first. They may be closed while this runs. */
	entries(): MapIterator<[socketId: number, entry: T]> {
		return this.#open.entries();
	}

	stats(): ConnectionTableStats {
		return {
			open: this.#open.size,
			closed: this.#closed.size,
			evictedOpen: this.#evictedOpen,
			evictedClosed: this.#closed.evicted,
			tombstoneBytes: this.#closed.byteLength,
		};
	}

	#evict(): void {
		for (const [socketId, entry] of this.#open) {
			this.#open.delete(socketId);
			this.#evictedOpen++;
			this.#onEvict?.(socketId, entry);
			return;
		}
	}
}

function positive(name: string, value: number): number {
	if (Number.isInteger(value) && value > 0) return value;
	throw new RangeError(`Cannot create a connection table: '${name}' must be a positive integer, received ${value}`);
}
