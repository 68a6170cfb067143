/** Every limit of a connection. Reaching one never throws: a message gets a reason, a hole is given up, a half is handed out. */
export interface Http1Limits {
	/** Longest start line, bytes with its line end; of a longer one the target is cut ("start-line-too-long"). */
	readonly maxStartLineBytes: number;
	/** Longest head, bytes; the rest of a longer one is not read ("head-too-long"). */
	readonly maxHeaderBytes: number;
	/** Most fields of a head; those behind are not told, though they frame the body ("too-many-headers"). */
	readonly maxHeaders: number;
	/** Longest chunk line with its extension, bytes; a longer one ends the message ("chunk-line-too-long"). */
	readonly maxChunkLineBytes: number;
	/** Longest trailer section, bytes; a longer one ends the message ("chunk-line-too-long"). */
	readonly maxTrailerBytes: number;
	/** Bytes without any head after which a connection that never had one is "broken". */
	readonly maxUnsyncedBytes: number;
	/** Chunks kept per direction while something is waited for; beyond, the first hole is given up. */
	readonly maxPendingChunks: number;
	/** The same in bytes. */
	readonly maxRetainedBytes: number;
	/** Requests that wait for their responses ("pipeline-limit"). */
	readonly maxPipelined: number;
	/** How long a request whose response may be lost is kept, nanoseconds ("expired"). Others wait until the end. */
	readonly expireNs: number;
	/** How long holes stay open and responses wait for their requests, nanoseconds. */
	readonly reorderWindowNs: number;
	/** Body bytes that must be outstanding for a skip hint. */
	readonly skipHintBytes: number;
}

/** The limits that hold where an option is left out. */
export const DEFAULT_LIMITS: Http1Limits = {
	maxStartLineBytes: 16384,
	maxHeaderBytes: 65536,
	maxHeaders: 256,
	maxChunkLineBytes: 4096,
	maxTrailerBytes: 16384,
	maxUnsyncedBytes: 262144,
	maxPendingChunks: 8192,
	maxRetainedBytes: 1048576,
	maxPipelined: 1000,
	expireNs: 30e9,
	reorderWindowNs: 20e6,
	skipHintBytes: 16384,
};

/** The options over the defaults; an option that is given as undefined counts as left out. */
export function limitsOf(options: Partial<Http1Limits>): Http1Limits {
	const limits: Record<string, number> = { ...DEFAULT_LIMITS };
	for (const name of NAMES) limits[name] = options[name as keyof Http1Limits] ?? limits[name]!;
	return limits as unknown as Http1Limits;
}

/** What a connection's readers ask for beside. */
export interface ConnectionLimits extends Http1Limits {
	readonly maxPausedBytes: number;
	/** The buffer's name for `maxPendingChunks`. */
	readonly maxPieces: number;
	readonly strict: boolean;
}

let latest: ConnectionLimits | undefined;

/** The limits of a connection; connections with the same ones, made one after another, share an object. */
export function connectionLimitsOf(options: Partial<Http1Limits> & { readonly mode?: string }): ConnectionLimits {
	const strict = options.mode === "strict";
	const same = (name: string) =>
		(options[name as keyof Http1Limits] ?? DEFAULT_LIMITS[name as keyof Http1Limits]) ===
		latest![name as keyof Http1Limits];
	if (latest?.strict !== strict || !NAMES.every(same)) {
		const limits = limitsOf(options);
		latest = { ...limits, maxPausedBytes: 65536, maxPieces: limits.maxPendingChunks, strict };
	}
	return latest;
}

const NAMES: readonly string[] = Object.keys(DEFAULT_LIMITS);
