import type { HolePlace } from "./decisions.ts";
import type { ErrorCode } from "./errors.ts";
import type { HttpMessage } from "./http-message.ts";
import type { Reader } from "./reader.ts";

/** What a reader asks and tells its connection. */
export interface ReaderHost {
	/** May this reader's messages be of that kind? The first whole head decides for both directions. */
	learn(reader: Reader, response: boolean): boolean;
	/** False: a response whose request may still come, or a request that responses go before; it is asked for again later. */
	admit(firstDataId: number, response: boolean): boolean;
	/** A head was read. The request of a response is known afterwards. */
	begin(reader: Reader, message: HttpMessage): void;
	/** The message is over. */
	ended(reader: Reader, message: HttpMessage): void;
	/**
	 * Messages may be missing in the next `length` bytes, and until a head is read: -1: nobody knows how many bytes. `begun`:
	 * one at least had its beginning there. `lost` false: the bytes are only not captured.
	 */
	lost(reader: Reader, begun: boolean, length: number, lost: boolean): void;
	/** Bytes before this position are of no use. */
	skip(reader: Reader, position: number): void;
	/** Bytes are missing at the read position, or `behind` it; -1: an unknown number. `lost` false: only not captured. */
	hole?(reader: Reader, within: HolePlace, behind: number, length: number, lost: boolean): void;
	/** Nothing is missing before the first bytes of its stream after all. */
	isFirst?(reader: Reader): boolean;
	/** A head is believed at the read position, though messages do not follow each other there for certain. */
	resync?(reader: Reader): void;
	/** Strict mode: reading stops here. */
	fail?(reader: Reader, code: ErrorCode): void;
	/** These bytes are not HTTP/1. False: they must be, because HTTP/1 was read before. */
	foreign(reader: Reader, kind: "http/2" | "broken"): boolean;
}

/** Reads heads as `scanHead` does; those that must be scanned it leaves. */
export interface HeadScan {
	scan(
		reader: Reader,
		head: HttpMessage,
		bytes: Uint8Array,
		from: number,
		to: number,
		resume: number,
	): number | undefined;
	/** A reader has ended: its memory is let go. */
	forget(): void;
}

/** Limits of one reader. */
export interface ReaderLimits {
	readonly maxHeaderBytes: number;
	/** Stop at the first error instead of naming it and reading on. */
	readonly strict?: boolean;
	/** Heads to compare with. */
	readonly templates?: HeadScan | undefined;
	/** Judge every name while it is scanned. */
	readonly thorough?: boolean;
	readonly maxHeaders: number;
	readonly maxStartLine: number;
	readonly maxChunkLine: number;
	readonly maxTrailerBytes: number;
	readonly maxUnsyncedBytes: number;
	readonly skipHintBytes: number;
	readonly maxPausedBytes: number;
}
