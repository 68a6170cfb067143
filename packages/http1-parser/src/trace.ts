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
	const [sample, trace, segment, spanId, ...rest] = value?.split("-") ?? [];
	if (rest.length !== 4 || !/^[01]$/.test(sample!) || !/^\d+$/.test(spanId!)) return undefined;
	const traceId = fromBase64(trace!);
	const segmentId = fromBase64(segment!);
	return traceId && segmentId ? { provider: "skywalking", traceId, segmentId, spanId: spanId! } : undefined;
}

/** `00-<32 hex>-<16 hex>-<2 hex>`; later versions may have more behind it. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}(-|$)/;

function readTraceparent(value: string = ""): Trace | undefined {
	const [, version, traceId, spanId, more] = TRACEPARENT.exec(value) ?? [];
	if (version === undefined || (version === "00" && more !== "")) return undefined;
	return { provider: "w3c", traceId: traceId!, segmentId: undefined, spanId: spanId! };
}

/** `<trace>-<span>[-<sampled>[-<parent>]]`; a lone `0` only says "not sampled". */
const B3 = /^((?:[\da-f]{16}){1,2})-([\da-f]{16})(?:-[^-]*){0,2}$/i;

function readB3(value: string = ""): Trace | undefined {
	const [, traceId, spanId] = B3.exec(value) ?? [];
	return traceId === undefined ? undefined : { provider: "zipkin", traceId, segmentId: undefined, spanId: spanId! };
}

function readXB3(get: HeaderLookup): Trace | undefined {
	const spanId = get("x-b3-spanid");
	return spanId?.length === 16 ? readB3(`${get("x-b3-traceid")}-${spanId}`) : undefined;
}

/** The decoded text, or undefined when it is no base64. */
function fromBase64(text: string): string | undefined {
	try {
		return atob(text);
	} catch {
		return undefined;
	}
}
