import type { Instant, Transaction } from "./types.ts";
import type { Writer } from "./writer.ts";

/** KeyValue { 1: key, 2: AnyValue { 1: string | 3: int } }. */
export function attribute(w: Writer, field: number, key: string, value: string | number): void {
	const pair = w.open(field);
	w.string(1, key);
	const any = w.open(2);
	// One of several: written also when it is empty or zero.
	if (typeof value === "string") w.element(1, value);
	else if (value === 0) w.raw(zero);
	else w.int(3, value);
	w.close(any);
	w.close(pair);
}

const zero = Uint8Array.of(3 << 3, 0);

const eight = new Uint8Array(8);
const eightView = new DataView(eight.buffer);

/** Nanoseconds since 1970 in 64 bits: too many for a number, so in two halves of which neither loses a bit. */
export function unixTime(w: Writer, field: number, bootTime: Instant, ns: number): void {
	const whole = Math.floor(ns / 1e9);
	const seconds = bootTime.seconds + whole;
	const nanos = bootTime.nanos + (ns - whole * 1e9);
	// seconds * 1e9 + nanos, seconds = high * 2^16 + low.
	const low = (seconds % 65_536) * 1e9 + nanos;
	const high = Math.floor(seconds / 65_536) * 1e9;
	const sum = (high % 65_536) * 65_536 + low;
	eightView.setUint32(0, sum % 2 ** 32, true);
	eightView.setUint32(4, Math.floor(high / 65_536) + Math.floor(sum / 2 ** 32), true);
	w.fixed64(field, eight);
}

/** What joins a transaction to a trace. */
export interface TraceIds {
	readonly traceId: Uint8Array;
	readonly spanId: Uint8Array;
	/** The span that the request's headers name; null: none that OpenTelemetry could know. */
	readonly parentId: Uint8Array | null;
}

/** The ids of a transaction. */
export function traceIds({ trace, connection, startNs, endNs }: Transaction, bootTime: Instant): TraceIds {
	const seed = [bootTime.seconds, connection.socketId, startNs, endNs, connection.role === "server" ? 2 : 1];
	const spanId = derived(seed, 8);
	const traceId = trace === null || trace.provider === "skywalking" ? null : fromHex(trace.traceId, 16);
	if (traceId === null) return { traceId: derived([...seed, 16], 16), spanId, parentId: null };
	return { traceId, spanId, parentId: fromHex(trace?.spanId ?? "", 8) };
}

/** Hexadecimal digits as bytes, shorter ones with zeros in front (64-bit ids of Zipkin); null for anything else, and for zero. */
function fromHex(text: string, length: number): Uint8Array | null {
	if (!/^[0-9a-f]+$/i.test(text) || text.length > 2 * length || /^0+$/.test(text)) return null;
	const digits = text.padStart(2 * length, "0");
	return Uint8Array.from({ length }, (_, n) => Number.parseInt(digits.slice(2 * n, 2 * n + 2), 16));
}

/** Numbers mixed to bytes that look like chance, and are the same for the same numbers. Never all zero. */
function derived(seed: readonly number[], length: number): Uint8Array {
	const bytes = new Uint8Array(length);
	const view = new DataView(bytes.buffer);
	for (let at = 0; at < length; at += 4) {
		let state = 0x9e3779b9 + at;
		for (const number of seed) {
			state = mixed(state ^ (number % 2 ** 32));
			state = mixed(state + Math.floor(number / 2 ** 32));
		}
		view.setUint32(at, state);
	}
	if (bytes.every((byte) => byte === 0)) bytes[0] = 1;
	return bytes;
}

/** Every bit of the result depends on every bit of the number. */
function mixed(number: number): number {
	let state = number | 0;
	state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
	state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
	return state ^ (state >>> 16);
}

/**
 * Whether a trace belongs to the sample, by its last 56 bits, as OpenTelemetry's consistent sampling has it: everybody who
 * asks for the same ratio, or a larger one, keeps the same traces.
 */
export function isSampled(traceId: Uint8Array, ratio: number): boolean {
	let value = 0;
	for (const byte of traceId.subarray(9)) value = value * 256 + byte;
	// 56 bits are more than a number has: two ids that differ in the lowest three are the same here.
	return value >= (1 - ratio) * 2 ** 56;
}
