/** Fields that the reader or the access log asks for; the scan notes which are there. */
export const FIELD = {
	host: 1,
	traceparent: 2,
	b3: 4,
	xb3: 8,
	sw8: 16,
	contentLength: 32,
	transferEncoding: 64,
	upgrade: 128,
	expect: 256,
	/** One that a client sends the same with each of its requests. */
	constant: 512,
} as const;
