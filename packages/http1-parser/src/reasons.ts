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
const LENIENCY_NAMES: readonly Leniency[] = [
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

/** The names of some bits of `lenient.ts`. */
export function leniencyNames(bits: number): Leniency[] {
	return LENIENCY_NAMES.filter((_, bit) => bits & (1 << bit));
}
