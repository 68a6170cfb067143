import type { SenderEvent } from "./events.ts";
import type { RateLimit } from "./rate.ts";
import type { RetryOptions } from "./retry.ts";
import type { SpoolOptions } from "./spool.ts";
import type { Transport } from "./transport.ts";

export interface SenderOptions {
	/** The way to the peer. With several lanes a function that makes one for each: lanes share no connection. */
	readonly transport: Transport | ((lane: number) => Transport);
	/** What a stream's first message begins with: asked for each unit. */
	readonly header?: () => Uint8Array;
	/** Connections (default 1); `auto`: one for each CPU and each 256 MiB that the cgroup allows, at most 8. */
	readonly lanes?: number | "auto";
	/** Streams at a time on each connection (default 4). With one lane and one stream everything arrives in order. */
	readonly streams?: number;
	/**
	 * Which stream carries what. `key` (default): all records of a key take the same one, in order, whatever is tried again.
	 * `round-robin`, `least-pending`: units go in turn, or where the fewest bytes wait; lanes that fail are avoided, and
	 * records of one key may overtake each other.
	 */
	readonly dispatch?: "key" | "round-robin" | "least-pending";
	/** A unit is closed when it has this many bytes (default 1 MiB) ... */
	readonly maxUnitBytes?: number;
	/** ... or when its first record is this old (default 1000). */
	readonly maxUnitAgeMs?: number;
	/** A longer message is not taken: receivers would refuse it (default 2 MiB). */
	readonly maxMessageBytes?: number;
	/** How long a stream may take (default 20000). A unit that a slow peer cannot take in this time is cut in two. */
	readonly deadlineMs?: number;
	/** A stream is broken off and tried again when it waits for the peer, and nothing has come from there for so long (default 10000). */
	readonly noProgressMs?: number;
	/** The memory for records that are not acked, those on their way included (default 64 MiB). */
	readonly maxRetainedBytes?: number;
	/** The same in units (default 1024). */
	readonly maxRetainedUnits?: number;
	/**
	 * When the memory is full: the oldest unit that is not on its way makes room (default); or the new record is refused and
	 * counted; or (`block`) `enqueue` answers `full`, nothing is counted, and the caller waits for {@link Sender.room}.
	 */
	readonly overflow?: "overwrite-oldest" | "drop-newest" | "block";
	readonly retry?: Partial<RetryOptions>;
	readonly rate?: RateLimit;
	/** A folder for what does not fit into memory, or is left at the end. With it, units are tried for ever unless `retry` says otherwise. */
	readonly spool?: SpoolOptions;
	/** How often a `summary` event tells what was delivered and lost (default 60000). */
	readonly summaryMs?: number;
	readonly onEvent?: (event: SenderEvent) => void;
}

/** The limits, filled in. */
export type SenderLimits = Required<
	Omit<SenderOptions, "transport" | "header" | "retry" | "onEvent" | "rate" | "spool" | "lanes">
>;

const defaults: SenderLimits = {
	streams: 4,
	dispatch: "key",
	maxUnitBytes: 1024 * 1024,
	maxUnitAgeMs: 1000,
	maxMessageBytes: 2 * 1024 * 1024,
	deadlineMs: 20_000,
	noProgressMs: 10_000,
	maxRetainedBytes: 64 * 1024 * 1024,
	maxRetainedUnits: 1024,
	overflow: "overwrite-oldest",
	summaryMs: 60_000,
};
const choices: Readonly<Record<string, readonly string[]>> = {
	dispatch: ["key", "round-robin", "least-pending"],
	overflow: ["overwrite-oldest", "drop-newest", "block"],
};

export function limitsOf(options: SenderOptions): SenderLimits {
	const { transport: _transport, header: _header, retry: _retry, onEvent: _onEvent, ...rest } = options;
	const { rate: _rate, spool: _spool, lanes: _lanes, ...given } = rest;
	const limits = { ...defaults, ...given };
	for (const [name, value] of Object.entries(limits)) {
		const allowed = choices[name];
		if (typeof value === "number" ? !(value > 0) : !allowed?.includes(value)) {
			const wanted = allowed === undefined ? "a positive number" : `one of ${allowed.join(", ")}`;
			throw new RangeError(`Cannot create a sender as '${name}' must be ${wanted}: received ${value}`);
		}
	}
	if (!Number.isInteger(limits.streams)) {
		throw new RangeError(`Cannot create a sender as 'streams' must be a whole number: received ${limits.streams}`);
	}
	return limits;
}
