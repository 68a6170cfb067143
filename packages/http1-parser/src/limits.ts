import type { Http1Options } from "./exchange.ts";
import type { HeadScan } from "./reader-host.ts";

/** Every limit of a connection. Reaching one never throws: a message gets a reason, a hole is given up, a half is handed out. */
export interface Http1Limits {
	/** Longest start line, bytes with its line end; of a longer one the target is cut ("start-line-too-long"). */
	readonly maxStartLine: number;
	/** Longest head, bytes; the rest of a longer one is not read ("head-too-long"). */
	readonly maxHeaderBytes: number;
	/** Most fields of a head; those behind are not told, though they frame the body ("too-many-headers"). */
	readonly maxHeaders: number;
	/** Longest chunk line with its extension, bytes; a longer one ends the message ("chunk-line-too-long"). */
	readonly maxChunkLine: number;
	/** Longest trailer section, bytes; a longer one ends the message ("chunk-line-too-long"). */
	readonly maxTrailerBytes: number;
	/** Bytes without any head after which a connection that never had one is "broken". */
	readonly maxUnsyncedBytes: number;
	/** Chunks kept per direction while something is waited for; beyond, the first hole is given up. */
	readonly maxPendingFragments: number;
	/** The same in bytes. */
	readonly maxPendingBytes: number;
	/** Requests that wait for their responses ("pipeline-limit"). */
	readonly maxPipelined: number;
	/** How long a request whose response may be lost is kept, nanoseconds ("expired"). Others wait until the end. */
	readonly expireNs: number;
	/** How long holes stay open and responses wait for their requests, milliseconds. */
	readonly reorderWindowMs: number;
	/** Body bytes that must be outstanding for a skip hint. */
	readonly skipHintBytes: number;
}

/** The limits that hold where an option is left out. */
export const DEFAULT_LIMITS: Http1Limits = {
	maxStartLine: 16384,
	maxHeaderBytes: 65536,
	maxHeaders: 256,
	maxChunkLine: 4096,
	maxTrailerBytes: 16384,
	maxUnsyncedBytes: 262144,
	maxPendingFragments: 8192,
	maxPendingBytes: 1048576,
	maxPipelined: 1000,
	expireNs: 30e9,
	reorderWindowMs: 20,
	skipHintBytes: 16384,
};

/** The options over the defaults; an option that is given as undefined counts as left out. */
export function limitsOf(options: Partial<Http1Limits>): Http1Limits {
	const limits: { -readonly [name in keyof Http1Limits]: number } = { ...DEFAULT_LIMITS };
	for (const name of NAMES) limits[name] = options[name] ?? limits[name];
	return limits;
}

/** What a connection's readers ask for beside. */
export interface ConnectionLimits extends Http1Limits {
	readonly maxPausedBytes: number;
	/** The buffer's names for `maxPendingFragments`, `maxPendingBytes` and `reorderWindowMs`. */
	readonly maxPieces: number;
	readonly maxRetainedBytes: number;
	readonly reorderWindowNs: number;
	readonly strict: boolean;
	readonly thorough: boolean;
	readonly templates: HeadScan | undefined;
}

let latest: ConnectionLimits | undefined;

/** The limits of a connection; connections with the same ones, made one after another, share an object. */
export function connectionLimitsOf(options: Http1Options): ConnectionLimits {
	const strict = options.mode === "strict";
	const thorough = options.onAnomaly !== undefined;
	const templates = options.templates as HeadScan | undefined;
	const same = (name: keyof Http1Limits) => (options[name] ?? DEFAULT_LIMITS[name]) === latest![name];
	if (
		latest?.strict !== strict ||
		latest.thorough !== thorough ||
		latest.templates !== templates ||
		!NAMES.every(same)
	) {
		const limits = limitsOf(options);
		const { maxPendingFragments: maxPieces, maxPendingBytes: maxRetainedBytes } = limits;
		const buffer = { maxPieces, maxRetainedBytes, reorderWindowNs: limits.reorderWindowMs * 1e6 };
		latest = { ...limits, ...buffer, maxPausedBytes: 65536, strict, thorough, templates };
	}
	return latest;
}

const NAMES: readonly (keyof Http1Limits)[] = Object.keys(DEFAULT_LIMITS) as (keyof Http1Limits)[];
