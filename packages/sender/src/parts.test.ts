import { describe, expect, test } from "vitest";
import { backoffMs, DEFAULT_RETRY, verdictOn } from "./retry.ts";
import { askedDelayMs, retryDelayMs } from "./retry-info.ts";
import { SlabPool } from "./slabs.ts";
import { UnitBuilder } from "./unit-builder.ts";
import { joinSlabs, messagesOf, splitUnit, type UnitBytes } from "./unit-bytes.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("retry", () => {
	test("waits grow by the factor up to the limit, drawn between nothing and the whole", () => {
		const retry = { ...DEFAULT_RETRY, initialMs: 5000, maxMs: 30_000 };
		expect([1, 2, 3].map((n) => backoffMs(retry, n, 0))).toEqual([5000, 7500, 11250]);
		expect(backoffMs(retry, 1, 0.5)).toBe(2500);
		expect(backoffMs(retry, 2, 1)).toBe(0);
		expect(backoffMs(retry, 1000, 0)).toBe(30_000);
		expect(backoffMs({ ...retry, jitter: 0 }, 1, 0.7)).toBe(5000);
	});

	test("classes of status codes", () => {
		const status = { code: 0, message: "", retryDelayMs: null, reached: true };
		const retried = Array.from({ length: 17 }, (_, code) => code).filter(
			(code) => verdictOn({ ...status, code }) === "retry",
		);
		expect(retried).toEqual([1, 4, 10, 11, 14, 15]);
		expect(verdictOn({ ...status, code: 8, retryDelayMs: 7000 })).toBe("retry");
		expect(verdictOn({ ...status, code: 3, retryDelayMs: 7000 })).toBe("final");
		expect(verdictOn({ ...status, code: 14, retryDelayMs: Number.POSITIVE_INFINITY })).toBe("final");
		expect(verdictOn({ ...status, code: 13 })).toBe("final");
		expect(verdictOn({ ...status, code: 13, broken: true })).toBe("retry");
	});

	test("a unit that is too large is told by the sentences of gRPC's servers", () => {
		const verdict = (code: number, message: string): string =>
			verdictOn({ code, message, retryDelayMs: null, reached: true });
		for (const [code, message] of [
			[8, "Received message larger than max (5000000 vs. 4194304)"],
			[8, "grpc: received message larger than max (5000000 vs. 4194304)"],
			[8, "gRPC message exceeds maximum size 4194304: 5000000"],
			[11, "Error, decoded message length too large: found 5000000 bytes, the limit is: 4194304 bytes"],
			[8, "HTTP status 413"],
		] as const) {
			expect(verdict(code, message), message).toBe("too-large");
		}
		expect(verdict(8, "quota used up")).toBe("final");
		expect(verdict(3, "larger than max")).toBe("final");
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

	test("gRPC's own push-back comes first; negative or unreadable, it forbids another try", () => {
		const details = Uint8Array.from(any("google.rpc.RetryInfo", delay));
		expect(askedDelayMs("30", details)).toBe(30);
		expect(askedDelayMs(undefined, details)).toBe(7500);
		expect(askedDelayMs(undefined, null)).toBeNull();
		for (const no of ["-1", "", "soon"]) expect(askedDelayMs(no, details)).toBe(Number.POSITIVE_INFINITY);
	});

	test("nonsense is no retry info, and never throws", () => {
		const whole = Uint8Array.from(any("google.rpc.RetryInfo", delay));
		for (let length = 0; length < whole.length; length++) expect(retryDelayMs(whole.slice(0, length))).toBeNull();
		for (let first = 0; first < 256; first++) expect(retryDelayMs(Uint8Array.of(first, 255, 255, 1))).toBeNull();
	});
});

test("a unit's messages: header first, a preamble where key or version changes", () => {
	const builder = new UnitBuilder(new SlabPool());
	const header = bytes("H");
	const add = (key: number, version: number, body: string): void =>
		builder.append({ key, version, preamble: bytes(`p${key}v${version}`), body: bytes(body) }, header);
	add(1, 1, "a");
	add(1, 1, "b");
	add(2, 1, "c");
	add(1, 1, "d");
	add(1, 2, "e".repeat(40_000));
	const unit = builder.finish();
	const messages = read(unit);
	expect(messages).toEqual(["Hp1v1a", "b", "p2v1c", "p1v1d", `p1v2${"e".repeat(40_000)}`]);
	expect(builder.records).toBe(0);
	add(1, 2, "f");
	expect(read(builder.finish())).toEqual(["Hp1v2f"]);
});

/** What a peer reads of a unit, and what a transport without frames of its own is given: the same. */
function read(unit: UnitBytes): string[] {
	const frames = Buffer.from(joinSlabs(unit));
	const text: string[] = [];
	for (let at = 0; at < frames.length; ) {
		const end = at + 5 + frames.readUInt32BE(at + 1);
		expect(frames[at]).toBe(0);
		text.push(frames.toString("utf8", at + 5, end));
		at = end;
	}
	expect([...messagesOf(unit)].map((message) => new TextDecoder().decode(message))).toEqual(text);
	return text;
}

test("a unit cut in two, down to single messages, loses nothing, and each part stands by itself", () => {
	const builder = new UnitBuilder(new SlabPool());
	const wanted: string[] = [];
	for (let n = 0; n < 37; n++) {
		const key = Math.floor(n / 5) % 3;
		const body = bytes(`<${n}>`);
		wanted.push(`H${key === 2 ? "" : `p${key}`}<${n}>`);
		builder.append({ key, version: 1, preamble: bytes(key === 2 ? "" : `p${key}`), body }, bytes("H"));
	}
	const parts: UnitBytes[] = [builder.finish()];
	for (let at = 0; at < parts.length; ) {
		const part = parts[at]!;
		if (part.preambles.length === 1) at++;
		else parts.splice(at, 1, ...splitUnit(part));
	}
	expect(parts.flatMap(read)).toEqual(wanted);
});

test("a record out of a larger buffer makes the same bytes, across slabs too", () => {
	const [easy, lean] = [new UnitBuilder(new SlabPool()), new UnitBuilder(new SlabPool())];
	for (let n = 0; n < 3000; n++) {
		const buffer = Uint8Array.from({ length: 20 + ((n * 37) % 900) }, (_, at) => n + at);
		const [start, bodyStart, end] = [n % 7, (n % 7) + (n % 5), buffer.length - (n % 3)];
		const [key, version] = [Math.floor(n / 4) % 9, Math.floor(n / 50)];
		const record = { key, version, preamble: buffer.subarray(start, bodyStart), body: buffer.subarray(bodyStart, end) };
		easy.append(record, bytes("header"));
		lean.appendFrom(buffer, start, bodyStart, end, key, version, bytes("header"));
	}
	const unit = easy.finish();
	expect(unit.slabs.length).toBeGreaterThan(10);
	expect(lean.finish()).toEqual(unit);
	expect(read(unit).length).toBe(3000);
});
