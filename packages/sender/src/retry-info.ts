/*
 * `grpc-status-details-bin` holds a google.rpc.Status; one of its details may be a google.rpc.RetryInfo:
 *
 *   Status    { 3: Any[] details }      Any { 1: string type_url, 2: bytes value }
 *   RetryInfo { 1: Duration delay }     Duration { 1: int64 seconds, 2: int32 nanos }
 *
 * Four tiny messages: read by hand, so that the sender needs no schema.
 */
import { fields } from "./protobuf-fields.ts";

/**
 * The wait that a status asks for, in milliseconds: gRPC's own `grpc-retry-pushback-ms` (gRFC A6: negative or unreadable
 * means no other try, which is Infinity here), else RetryInfo; null when it has neither.
 */
export function askedDelayMs(pushback: string | undefined, statusDetails: Uint8Array | null): number | null {
	if (pushback !== undefined) return /^\d{1,10}$/.test(pushback) ? Number(pushback) : Number.POSITIVE_INFINITY;
	return statusDetails === null ? null : retryDelayMs(statusDetails);
}

/** The wait that RetryInfo asks for, in milliseconds; null when it asks for none. */
export function retryDelayMs(statusDetails: Uint8Array): number | null {
	for (const detail of fields(statusDetails)) {
		if (detail.number !== 3 || typeof detail.value === "number") continue;
		let type = "";
		let info: Uint8Array | null = null;
		for (const { number, value } of fields(detail.value)) {
			if (typeof value === "number") continue;
			if (number === 1) type = new TextDecoder().decode(value);
			if (number === 2) info = value;
		}
		if (type.endsWith("/google.rpc.RetryInfo")) return info === null ? 0 : durationMs(info);
	}
	return null;
}

function durationMs(info: Uint8Array): number {
	let ms = 0;
	for (const delay of fields(info)) {
		if (delay.number !== 1 || typeof delay.value === "number") continue;
		for (const { number, value } of fields(delay.value)) {
			if (typeof value !== "number") continue;
			if (number === 1) ms += value * 1000;
			if (number === 2) ms += value / 1e6;
		}
	}
	return Number.isFinite(ms) ? ms : 0;
}
