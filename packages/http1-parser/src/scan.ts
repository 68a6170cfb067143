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
} as const;

/** What one scan found; offsets count from the head's first byte. One object, filled again by each scan. */
export interface HeadScan {
	response: boolean;
	methodEnd: number;
	targetStart: number;
	targetEnd: number;
	/** 0 or 1 of HTTP/1.x. */
	minor: number;
	status: number;
	reasonStart: number;
	reasonEnd: number;
	headersStart: number;
	headerCount: number;
	hostStart: number;
	hostEnd: number;
	fields: number;
	lenient: number;
	/** -1: none. */
	contentLength: number;
	lengthConflict: boolean;
	/** 0: no Transfer-Encoding, 1: ends in chunked, 2: does not. */
	transferEncoding: number;
	/** The start line is whole, also when the head is not. */
	startLine: boolean;
	/** Set by the caller: lines that are no fields make the head invalid. For places where a head is only guessed. */
	strict: boolean;
}

/** The scratch object that `scanHead` fills. */
export const scan: HeadScan = {
	response: false,
	methodEnd: 0,
	targetStart: 0,
	targetEnd: 0,
	minor: 0,
	status: 0,
	reasonStart: 0,
	reasonEnd: 0,
	headersStart: 0,
	headerCount: 0,
	hostStart: 0,
	hostEnd: 0,
	fields: 0,
	lenient: 0,
	contentLength: -1,
	lengthConflict: false,
	transferEncoding: 0,
	startLine: false,
	strict: false,
};
