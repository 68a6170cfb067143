import { describe, expect, test } from "vitest";
import { backoffMs, DEFAULT_RETRY, isRetryable } from "./retry.ts";
import { retryDelayMs } from "./retry-info.ts";
import { UnitBuilder } from "./unit.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("retry", () => {
	test("waits grow by the factor, spread by the jitter, up to the limit", () => {
		const retry = { ...DEFAULT_RETRY, initialMs: 5000, maxMs: 30_000 };
		expect([1, 2, 3].map((n) => backoffMs(retry, n, 0.5))).toEqual([5000, 7500, 11250]);
		expect(backoffMs(retry, 1, 0)).toBe(2500);
		expect(backoffMs(retry, 2, 1)).toBe(11250);
		expect(backoffMs(retry, 1000, 0.5)).toBe(30_000);
	});

	test("classes of status codes", () => {
		const retried = Array.from({ length: 17 }, (_, code) => code).filter((code) => isRetryable(code, null));
		expect(retried).toEqual([1, 4, 10, 11, 14, 15]);
		expect(isRetryable(8, 7000)).toBe(true);
		expect(isRetryable(3, 7000)).toBe(false);
	});
});

describe("retry info", () => {
	const field = (number: number, value: readonly number[]): number[] => [(number << 3) | 2, value.length, ...value];
	const any = (type: string, value: readonly number[]): number[] =>
		field(3, [...field(1, [...bytes(`type.googleapis.com/${type}`)]), ...field(2, value)]);
	const delay = field(1, [0x08, 7, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01]); // 7 s, 500,000,000 ns

	test("is found among other details", () => {
		const status = [0x08, 14, ...field(2, [...bytes("busy")]), ...any("google.rpc.Help", [1, 2])];
		expect(retryDelayMs(Uint8Array.from([...status, ...any("google.rpc.RetryInfo", delay)]))).toBe(7500);
		expect(retryDelayMs(Uint8Array.from(status))).toBeNull();
	});

	test("nonsense is no retry info, and never throws", () => {
		const whole = Uint8Array.from(any("google.rpc.RetryInfo", delay));
		for (let length = 0; length < whole.length; length++) expect(retryDelayMs(whole.slice(0, length))).toBeNull();
		for (let first = 0; first < 256; first++) expect(retryDelayMs(Uint8Array.of(first, 255, 255, 1))).toBeNull();
	});
});

test("a unit's messages: header first, a preamble where key or version changes", () => {
	const builder = new UnitBuilder();
	const header = bytes("H");
	const add = (key: number, version: number, body: string): void =>
		builder.append({ key, version, preamble: bytes(`p${key}v${version}`), body: bytes(body) }, header);
	add(1, 1, "a");
	add(1, 1, "b");
	add(2, 1, "c");
	add(1, 1, "d");
	add(1, 2, "e".repeat(40_000));
	const unit = builder.finish("u");
	const messages = [...unit.ends].map((end, i) =>
		new TextDecoder().decode(unit.frames.subarray((unit.ends[i - 1] ?? 0) + 5, end)),
	);
	const prefixes = [...unit.ends].map((_end, i) => unit.frames.subarray(unit.ends[i - 1] ?? 0).subarray(0, 5));
	expect(prefixes.map((prefix) => prefix[0])).toEqual([0, 0, 0, 0, 0]);
	expect(prefixes.map((prefix) => Buffer.from(prefix).readUInt32BE(1))).toEqual(messages.map((text) => text.length));
	expect(messages).toEqual(["Hp1v1a", "b", "p2v1c", "p1v1d", `p1v2${"e".repeat(40_000)}`]);
	expect(builder.records).toBe(0);
	add(1, 2, "f");
	expect(new TextDecoder().decode(builder.finish("v").frames.subarray(5))).toBe("Hp1v2f");
});
