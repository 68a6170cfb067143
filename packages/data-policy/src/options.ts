import type { RateLimit } from "./rate-limiter.ts";

/** A data policy as plain data: it crosses threads, and a configuration file can hold it. What is left out is as it is by default. */
export interface DataPolicyOptions {
	/** Only transactions that this filter means. */
	readonly filter?: string;
	/** Headers that are logged: names and globs. Those that hold secrets by custom are masked unless they are named exactly. */
	readonly headers?: readonly string[];
	/** The beginnings of bodies are logged. */
	readonly bodies?: {
		readonly prefixBytes: number;
		/** Media types, globs too; `DEFAULT_BODY_TYPES` where it is left out. */
		readonly types?: readonly string[];
	};
	/** Rules such as `header:x-user-*`, `json:$..card`, `path:tokens`, `regex:…`. */
	readonly redact?: readonly string[];
	/** Query values are shown. */
	readonly queryValues?: boolean;
	/** Of these names they are shown; globs. */
	readonly queryAllow?: readonly string[];
	readonly sampling?: {
		/** 0 to 1; 1 where it is left out. */
		readonly ratio?: number;
		/** The first rule whose filter matches decides. */
		readonly rules?: readonly { readonly filter: string; readonly ratio: number }[];
		/** Errors are sampled, too, instead of being kept always. */
		readonly errors?: boolean;
	};
	readonly rateLimits?: readonly RateLimit[];
}

/** The longest beginning of a body that can be asked for. */
export const MAX_PREFIX_BYTES: number = 64 << 10;
