import type { Direction } from "@wirescribe/buffer";
import type { HttpMessage } from "./http-message.ts";
import * as LENIENT from "./lenient.ts";

/** Why reading stopped in strict mode. Names of llhttp ("HPE_") where the meaning is the same. */
export type ErrorCode =
	| "HPE_INVALID_METHOD"
	| "HPE_INVALID_CONSTANT"
	| "HPE_INVALID_HEADER_TOKEN"
	| "HPE_INVALID_CONTENT_LENGTH"
	| "HPE_UNEXPECTED_CONTENT_LENGTH"
	| "HPE_INVALID_TRANSFER_ENCODING"
	| "HPE_INVALID_CHUNK_SIZE"
	| "HPE_LF_EXPECTED"
	| "HPE_HEADER_OVERFLOW"
	| "HPE_INVALID_EOF_STATE"
	| "BARE_LF"
	| "OBS_FOLD"
	| "TE_AND_CL"
	| "DUPLICATE_CL"
	| "GAP_KNOWN"
	| "GAP_UNKNOWN"
	| "LIMIT_START_LINE"
	| "LIMIT_HEADERS"
	| "LIMIT_CHUNK_LINE";

/** What stopped reading, and where. */
export interface Http1Error {
	/** Tells it from other values of a union. */
	readonly type: "error";
	/** What is wrong. */
	readonly code: ErrorCode;
	/** The direction that was read: 1 in, 2 out. */
	readonly direction: Direction;
	/** The operation at whose bytes it was found; 0: at the end. */
	readonly dataId: number;
	/** The stream position (u32) reading had reached: of a head its first byte or the one behind it. */
	readonly position: number;
}

/** Leniencies that strict mode does not have, in the order in which they are judged. The others RFC 9112 allows a reader. */
export const OBJECTIONS: readonly (readonly [bits: number, code: ErrorCode])[] = [
	[LENIENT.lowercaseVersion | LENIENT.spaceInTarget, "HPE_INVALID_CONSTANT"],
	[LENIENT.bareLf, "BARE_LF"],
	[LENIENT.obsFold, "OBS_FOLD"],
	[LENIENT.spaceBeforeColon | LENIENT.badHeaderLine | LENIENT.badHeaderValue, "HPE_INVALID_HEADER_TOKEN"],
	[LENIENT.badContentLength, "HPE_INVALID_CONTENT_LENGTH"],
	[LENIENT.contentLengthConflict, "HPE_UNEXPECTED_CONTENT_LENGTH"],
	[LENIENT.duplicateContentLength, "DUPLICATE_CL"],
	[LENIENT.teAndContentLength, "TE_AND_CL"],
	// A response whose coding does not end in chunked ends with the connection.
	[LENIENT.teNotFinalChunked, "HPE_INVALID_TRANSFER_ENCODING"],
];

/** What strict mode objects to in a head whose framing is known. */
export function objection(message: HttpMessage): ErrorCode | undefined {
	const { lenient, partial } = message;
	const allowed = message.response ? LENIENT.teNotFinalChunked : 0;
	for (const [bits, code] of OBJECTIONS) if ((lenient & bits & ~allowed) !== 0) return code;
	if (partial.includes("start-line-too-long")) return "LIMIT_START_LINE";
	return partial.includes("too-many-headers") ? "LIMIT_HEADERS" : undefined;
}
