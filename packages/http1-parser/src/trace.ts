/** The trace that a request belongs to, as its headers say. */
export interface Trace {
	/** Whose header it was: traceparent, b3 or x-b3-*, sw8. */
	readonly provider: "w3c" | "zipkin" | "skywalking";
	/** Hexadecimal digits; of SkyWalking the decoded text. */
	readonly traceId: string;
	/** SkyWalking: the id of the calling segment. */
	readonly segmentId: string | undefined;
	/** The calling span: hexadecimal digits; of SkyWalking its number. */
	readonly spanId: string;
}

/** Looks a header up; the first of that name. */
export type HeaderLookup = (name: string) => string | undefined;

/** Reads the trace context of the first well-formed scheme: sw8, traceparent, b3, x-b3-*. Malformed ones give none. */
export function readTrace(get: HeaderLookup): Trace | undefined {
	return readSw8(get("sw8")) ?? readTraceparent(get("traceparent")) ?? readB3(get("b3")) ?? readXB3(get);
}

/** `1-<base64 trace id>-<base64 segment id>-<span>-…`, eight parts. */
function readSw8(value: string | undefined): Trace | undefined {
	const parts = value?.split("-");
	if (parts?.length !== 8 || (parts[0] !== "0" && parts[0] !== "1") || !isDigits(parts[3]!)) return undefined;
	const traceId = fromBase64(parts[1]!);
	const segmentId = fromBase64(parts[2]!);
	if (!traceId || !segmentId) return undefined;
	return { provider: "skywalking", traceId, segmentId, spanId: parts[3]! };
}

/** `00-<32 hex>-<16 hex>-<2 hex>`; later versions may have more behind it. */
function readTraceparent(value: string | undefined): Trace | undefined {
	const parts = value?.split("-");
	if (parts === undefined || parts.length < 4) return undefined;
	const [version, traceId, spanId, flags] = parts as [string, string, string, string];
	if (!isHex(version, 2, true) || version === "ff" || (version === "00" && parts.length !== 4)) return undefined;
	if (!isHex(traceId, 32, true) || !isHex(spanId, 16, true) || !isHex(flags, 2, true)) return undefined;
	if (isZeros(traceId) || isZeros(spanId)) return undefined;
	return { provider: "w3c", traceId, segmentId: undefined, spanId };
}

/** `<trace>-<span>[-<sampled>[-<parent>]]`; a lone `0` only says "not sampled". */
function readB3(value: string | undefined): Trace | undefined {
	const parts = value?.split("-");
	if (parts === undefined || parts.length < 2 || parts.length > 4) return undefined;
	return zipkin(parts[0]!, parts[1]!);
}

function readXB3(get: HeaderLookup): Trace | undefined {
	const traceId = get("x-b3-traceid");
	const spanId = get("x-b3-spanid");
	return traceId === undefined || spanId === undefined ? undefined : zipkin(traceId, spanId);
}

function zipkin(traceId: string, spanId: string): Trace | undefined {
	if ((!isHex(traceId, 16, false) && !isHex(traceId, 32, false)) || !isHex(spanId, 16, false)) return undefined;
	return { provider: "zipkin", traceId, segmentId: undefined, spanId };
}

function isHex(text: string, length: number, lower: boolean): boolean {
	if (text.length !== length) return false;
	for (let i = 0; i < length; i++) {
		const c = text.charCodeAt(i);
		const digit = (c >= 48 && c <= 57) || (c >= 97 && c <= 102) || (!lower && c >= 65 && c <= 70);
		if (!digit) return false;
	}
	return true;
}

function isZeros(text: string): boolean {
	for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== 48) return false;
	return true;
}

function isDigits(text: string): boolean {
	for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 48 || text.charCodeAt(i) > 57) return false;
	return text.length > 0;
}

/** The decoded text, or undefined when it is no base64. */
function fromBase64(text: string): string | undefined {
	try {
		return atob(text);
	} catch {
		return undefined;
	}
}
