import type { IncomingHttpHeaders } from "node:http2";
import { askedDelayMs } from "./retry-info.ts";
import type { UnitStatus } from "./transport.ts";

const OK = 0;
export const CANCELLED = 1;
const UNKNOWN = 2;
export const DEADLINE_EXCEEDED = 4;
const PERMISSION_DENIED = 7;
export const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
export const INTERNAL = 13;
export const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** A status that is ours, not the peer's word: the stream or its connection broke. */
export function ownStatus(code: number, message: string, reached: boolean, broken: boolean = true): UnitStatus {
	return { code, message, retryDelayMs: null, reached, broken };
}

/** A header that may be there several times counts once: its first value. */
function only(headers: IncomingHttpHeaders, name: string): string | undefined {
	const value = headers[name];
	return typeof value === "string" ? value.split(",")[0] : value?.[0];
}

/** The peer's final status, from its trailers or from headers that are all it answers; null: none in there. */
export function grpcStatus(headers: IncomingHttpHeaders): UnitStatus | null {
	const text = only(headers, "grpc-status");
	if (text === undefined) return null;
	const code = /^\d{1,2}$/.test(text) && Number(text) <= UNAUTHENTICATED ? Number(text) : UNKNOWN;
	const message = headers["grpc-message"];
	return {
		code,
		message: code === OK ? "OK" : typeof message === "string" ? unescapeMessage(message) : "",
		retryDelayMs: askedDelayMs(only(headers, "grpc-retry-pushback-ms"), detailsOf(headers)),
		reached: true,
	};
}

function detailsOf(headers: IncomingHttpHeaders): Uint8Array | null {
	const details = only(headers, "grpc-status-details-bin");
	return details === undefined ? null : Buffer.from(details, "base64");
}

/** What is not percent-encoded UTF-8 stays as it is. */
function unescapeMessage(text: string): string {
	return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (part) => {
		try {
			return decodeURIComponent(part);
		} catch {
			return part;
		}
	});
}

const httpCodes: Readonly<Record<number, number>> = {
	400: INTERNAL,
	401: UNAUTHENTICATED,
	403: PERMISSION_DENIED,
	404: UNIMPLEMENTED,
	413: RESOURCE_EXHAUSTED,
	429: UNAVAILABLE,
	502: UNAVAILABLE,
	503: UNAVAILABLE,
	504: UNAVAILABLE,
};

/** Somebody answered without a gRPC status: a proxy, or a server of something else. gRPC's own table. */
export function httpStatus(status: number | undefined): UnitStatus {
	const message = status === 200 ? "the answer ended without a status" : `HTTP status ${status}`;
	// An answer that just ends is a connection or a proxy that broke; any other HTTP status is somebody's word.
	return ownStatus(httpCodes[status ?? 0] ?? UNKNOWN, message, true, status === 200);
}

const REFUSED_STREAM = 7;

/** HTTP/2's codes of a reset, and the class that gRPC gives them. */
const resets: readonly (readonly [name: string, code: number])[] = [
	["NO_ERROR", INTERNAL],
	["PROTOCOL_ERROR", INTERNAL],
	["INTERNAL_ERROR", INTERNAL],
	["FLOW_CONTROL_ERROR", INTERNAL],
	["SETTINGS_TIMEOUT", INTERNAL],
	["STREAM_CLOSED", INTERNAL],
	["FRAME_SIZE_ERROR", INTERNAL],
	["REFUSED_STREAM", UNAVAILABLE],
	["CANCEL", CANCELLED],
	["COMPRESSION_ERROR", INTERNAL],
	["CONNECT_ERROR", INTERNAL],
	["ENHANCE_YOUR_CALM", RESOURCE_EXHAUSTED],
	["INADEQUATE_SECURITY", PERMISSION_DENIED],
];

/**
 * The peer has broken the stream off. Whatever the code, nobody has judged the unit: another try can help, except where the
 * peer wants a safer connection.
 */
export function resetStatus(rstCode: number): UnitStatus {
	const [name, code] = resets[rstCode] ?? [String(rstCode), INTERNAL];
	// A refused stream is the one thing of which HTTP/2 promises that nobody has looked at it.
	return ownStatus(code, `stream reset with ${name}`, rstCode !== REFUSED_STREAM, code !== PERMISSION_DENIED);
}
