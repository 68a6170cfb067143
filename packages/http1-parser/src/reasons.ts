/** Why a message is not known completely. */
export type PartialReason =
	| "head-not-captured"
	| "head-lost"
	| "head-too-long"
	| "start-line-too-long"
	| "too-many-headers"
	| "chunk-line-too-long"
	| "body-bytes-lost"
	| "chunk-lines-not-captured"
	| "framing-error"
	| "framing-conflict"
	| "end-not-seen"
	| "cut-by-close"
	| "stopped-by-error";

/** Why a request or a response stands alone. */
export type UnpairedReason =
	| "request-not-seen"
	| "request-lost"
	| "response-lost"
	| "no-response"
	| "order-unknown"
	| "expired"
	| "pipeline-limit"
	| "protocol-switched"
	| "reading-stopped";

/** A reason of either kind. */
export type Reason = PartialReason | UnpairedReason;

/** Every reason with the sentence that explains it. */
export const REASONS: Record<Reason, string> = {
	"head-not-captured": "The head was longer than what is captured of an operation; its rest is not known.",
	"head-lost": "Bytes of the head were lost on the way from the kernel.",
	"head-too-long": "The head is longer than the reader's limit.",
	"start-line-too-long": "The start line is longer than the limit; its target is cut.",
	"too-many-headers": "The head has more fields than the limit; those behind are not told, though they frame the body.",
	"chunk-line-too-long": "A chunk's extension or the trailers are longer than the limit; the message ends there.",
	"body-bytes-lost": "Bytes of the body were lost; its size is known from its framing.",
	"chunk-lines-not-captured":
		"Not every chunk line of the body was seen: the decoded size is not known and the wire size is given.",
	"framing-error": "The body's framing is broken; its size is what was read until then.",
	"framing-conflict": "Content-Length fields disagree; the first one was followed.",
	"end-not-seen":
		"The end of the body was not seen; it was taken to end where the next message begins or reading went on.",
	"cut-by-close": "The connection ended before the message did.",
	"stopped-by-error": "Strict mode: an error was found in the message, and reading stopped there.",
	"request-not-seen": "A response without its request: the request was sent before the capture began.",
	"request-lost": "A response whose request was lost, may have been, or was given up.",
	"response-lost": "A request whose response was lost.",
	"no-response": "A request that had no final response when the connection ended.",
	"order-unknown": "Bytes are missing, and which request and response belong together cannot be told for certain.",
	expired: "A request whose response may have been lost, given up after its time.",
	"pipeline-limit": "More requests than the limit wait for their responses on one connection.",
	"reading-stopped": "Strict mode: a request without a response when an error stopped reading.",
	"protocol-switched": "A request behind one that switched the connection to another protocol.",
};

/** Deviations from the letter of RFC 9112 that were read nevertheless. */
export type Leniency =
	| "leading-crlf"
	| "bare-lf"
	| "obs-fold"
	| "missing-reason"
	| "lowercase-version"
	| "space-in-target"
	| "space-before-colon"
	| "bad-header-line"
	| "bad-header-value"
	| "te-and-content-length"
	| "te-not-final-chunked"
	| "te-in-http-1.0"
	| "duplicate-content-length"
	| "content-length-conflict"
	| "bad-content-length"
	| "length-without-body"
	| "head-response-assumed";

/** The bit of each leniency, in the order of this list. */
export const LENIENCY_NAMES: readonly Leniency[] = [
	"leading-crlf",
	"bare-lf",
	"obs-fold",
	"missing-reason",
	"lowercase-version",
	"space-in-target",
	"space-before-colon",
	"bad-header-line",
	"bad-header-value",
	"te-and-content-length",
	"te-not-final-chunked",
	"te-in-http-1.0",
	"duplicate-content-length",
	"content-length-conflict",
	"bad-content-length",
	"length-without-body",
	"head-response-assumed",
];

/** Bits for the hot path; `LENIENCY_NAMES[n]` is bit n. */
export const LENIENT = {
	leadingCrlf: 1,
	bareLf: 2,
	obsFold: 4,
	missingReason: 8,
	lowercaseVersion: 16,
	spaceInTarget: 32,
	spaceBeforeColon: 64,
	badHeaderLine: 128,
	badHeaderValue: 256,
	teAndContentLength: 512,
	teNotFinalChunked: 1024,
	teInHttp10: 2048,
	duplicateContentLength: 4096,
	contentLengthConflict: 8192,
	badContentLength: 16384,
	lengthWithoutBody: 32768,
	headResponseAssumed: 65536,
} as const;
