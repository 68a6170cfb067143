/*
 * OpenTelemetry's export messages, the same for log records and for spans:
 *
 *   request  { 1: { 1: Resource, 2: { 1: Scope, 2: record, 2: record ... } } }      Scope { 1: name, 2: version }
 *   response { 1: partial success { 1: rejected, 2: why } }
 */
import { fields } from "./protobuf-fields.ts";

const SCOPE_NAME = new TextEncoder().encode("wirescribe");

function varint(value: number): Uint8Array {
	const bytes: number[] = [];
	let rest = value;
	for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
	return Uint8Array.from([...bytes, rest]);
}

/** A field that holds the parts, one behind the other: tag, length, and they. */
function field(number: number, parts: readonly Uint8Array[]): readonly Uint8Array[] {
	const length = parts.reduce((sum, part) => sum + part.length, 0);
	return [Uint8Array.of((number << 3) | 2), varint(length), ...parts];
}

/** Records as one request. */
export function exportRequest(resource: Uint8Array, records: readonly Uint8Array[]): Uint8Array {
	const scope = field(1, field(1, [SCOPE_NAME]));
	const scoped = field(2, [...scope, ...records.flatMap((record) => field(2, [record]))]);
	return Buffer.concat(field(1, [...field(1, [resource]), ...scoped]));
}

/** What a response says about records that the peer did not want. */
export function partialSuccess(response: Uint8Array): { rejected: number; why: string } {
	const found = { rejected: 0, why: "" };
	for (const { number, value } of fields(response)) {
		if (number !== 1 || typeof value === "number") continue;
		for (const inner of fields(value)) {
			if (inner.number === 1 && typeof inner.value === "number") found.rejected = inner.value || 0;
			if (inner.number === 2 && typeof inner.value !== "number") found.why = new TextDecoder().decode(inner.value);
		}
	}
	return found;
}
