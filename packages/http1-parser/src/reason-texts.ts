import type { Reason } from "./reasons.ts";

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
