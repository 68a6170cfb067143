import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
	FLAG,
	FRAME_BYTES,
	frameLength,
	head,
	KIND,
	MESSAGE,
	nextFrame,
	OPERATION,
	operation,
	PROTOCOL,
	payloadAt,
} from "../src/events.ts";
import { Harness, type OperationEvent } from "./harness.ts";
import { addressOf, iovecs, libc, readSome, roomFor, tcpPair, text, writeAll } from "./libc.ts";
import { canary, exchange, pass, request, response } from "./traffic.ts";

let harness: Harness;

beforeAll(() => {
	harness = new Harness();
});
afterAll(() => harness[Symbol.dispose]());
beforeEach(() => {
	harness.drain();
});

describe("what is copied", () => {
	test("is what is declared, at every size up to 128 KiB", () => {
		using pair = tcpPair();
		roomFor(pair, 1 << 20);
		exchange(pair);
		harness.drain();
		const sizes = [
			...Array(600).keys(),
			...[
				1023, 4064, 4095, 4096, 4097, 4127, 4128, 4129, 8191, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 131_071,
				131_072,
			],
		];
		for (let size = 700; size < 131_072; size += 1499) sizes.push(size);
		for (const size of sizes.filter((n) => n > 0)) {
			const bytes = canary(size, size);
			writeAll(pair.client, bytes);
			for (let got = 0; got < size; ) got += readSome(pair.server, 1 << 17).length;
			const [event] = harness.drain().on(pair.client) as [OperationEvent];
			expect(event.bytes).toBe(size);
			expect(event.captured.length).toBe(Math.min(size, 4096));
			expect(event.captured).toEqual(bytes.subarray(0, event.captured.length));
			expect(event.tail).toEqual(bytes.subarray(Math.max(event.captured.length, size - 32)));
			expect((event.flags & FLAG.cut) !== 0).toBe(size > 4096);
		}
	});

	test("is never a byte of another connection, nor beyond what is declared", () => {
		using secret = tcpPair();
		using pair = tcpPair();
		exchange(secret);
		exchange(pair);
		harness.drain();
		const memory = new Uint8Array(1 << 20);
		const view = new DataView(memory.buffer);
		for (const size of [1, 31, 32, 33, 511, 512, 513, 4095, 4096, 4097, 4128, 4129, 9000]) {
			pass(secret.client, secret.server, new Uint8Array(8192).fill(0xaa));
			harness.drain();
			memory.fill(0);
			pass(pair.client, pair.server, new Uint8Array(size).fill(0x11));
			const length = harness.rings[0]!.drain(memory);
			for (let at = 0; at < length; at = nextFrame(view, at)) {
				const event = at + FRAME_BYTES;
				if (head.kind(view, event) !== KIND.operation) continue;
				const payload = operation.captured(view, event) + operation.tail(view, event);
				expect(frameLength(view, at)).toBe(OPERATION.size + payload);
				expect(memory.subarray(payloadAt(event), payloadAt(event) + payload)).toEqual(
					new Uint8Array(payload).fill(0x11),
				);
			}
			expect(length).toBeGreaterThan(0);
		}
	});

	test.each([0, 1, 511, 513, 32_768])("ends at the limit of %i bytes that was set for bodies", (bodyLimit) => {
		using limited = new Harness({ bodyLimit, headLimit: 1000 });
		using pair = tcpPair();
		for (const [head, limit] of [
			[text("POST / HTTP/1.1\r\n"), 1000],
			[text("no head at all"), bodyLimit],
		] as const) {
			for (const size of [100, 512, 600, 1001, 5000, 32_769, 40_000]) {
				const bytes = canary(size, size);
				bytes.set(head);
				pass(pair.client, pair.server, bytes);
				const [event] = limited.drain().on(pair.client) as [OperationEvent];
				// What is looked at for the protocol is there already.
				expect(event.captured).toEqual(bytes.subarray(0, Math.min(size, limit)));
				expect(event.tail).toEqual(bytes.subarray(Math.max(event.captured.length, size - 32)));
			}
		}
	});

	test("is up to 32 KiB of an operation that starts a message, and the last 32 bytes", () => {
		using pair = tcpPair();
		for (const size of [32_767, 32_768, 32_769, 32_800, 32_801, 60_000]) {
			const bytes = canary(size, size);
			bytes.set(text("POST /x HTTP/1.1\r\n"));
			pass(pair.client, pair.server, bytes);
			const [event] = harness.drain().on(pair.client) as [OperationEvent];
			expect(event.captured.length).toBe(Math.min(size, 32_768));
			expect(event.captured).toEqual(bytes.subarray(0, event.captured.length));
			expect(event.tail).toEqual(bytes.subarray(Math.max(event.captured.length, size - 32)));
		}
	});

	test("is up to 32 KiB of a head in all, in however many operations it comes", () => {
		using pair = tcpPair();
		roomFor(pair, 1 << 20);
		const bytes = text(`GET /${"l".repeat(40_000)} HTTP/1.1\r\n\r\n`);
		writeAll(pair.client, bytes);
		const sizes = [1024, 9000, 20_000, 5000, 6000];
		for (const size of sizes) readSome(pair.server, size);
		const captured = harness.drain().on(pair.server);
		expect(captured.map((event) => event.captured.length)).toEqual([1024, 9000, 20_000, 4096, 4096]);
	});

	test("is 4 KiB of what follows a head that has ended", () => {
		using pair = tcpPair();
		roomFor(pair, 1 << 20);
		writeAll(pair.client, text("POST / HTTP/1.1\r\nContent-Length: 20000\r\n\r\n"));
		writeAll(pair.client, canary(10_000, 1));
		writeAll(pair.client, canary(10_000, 2));
		expect(
			harness
				.drain()
				.on(pair.client)
				.map((event) => event.captured.length),
		).toEqual([42, 4096, 4096]);
	});

	test("is the same from a list of segments", () => {
		using pair = tcpPair();
		const bytes = canary(50_000, 3);
		bytes.set(text("HTTP/1.1 200 OK\r\n"));
		const cuts = [0, 7, 7, 500, 513, 20_000, 49_990, 50_000];
		const parts = cuts.slice(1).map((end, i) => bytes.subarray(cuts[i], end));
		const list = iovecs(parts);
		expect(libc.writev(pair.server, addressOf(list), parts.length)).toBe(50_000);
		const [event] = harness.drain().on(pair.server) as [OperationEvent];
		expect(event.message).toBe(MESSAGE.response);
		expect(event.captured).toEqual(bytes.subarray(0, 32_768));
		expect(event.tail).toEqual(bytes.subarray(49_968));
	});

	test("stops at a hint: a body up to an offset, then everything", () => {
		using pair = tcpPair();
		exchange(pair);
		const [first] = harness.drain().on(pair.client) as [OperationEvent];
		const body = first.offset + request.length;
		harness.rings[0]!.skip(first.socketId, 2, body + 3000);
		const small = canary(100, 9);
		for (const bytes of [canary(2000, 1), canary(1000, 2), canary(1000, 3), small])
			pass(pair.client, pair.server, bytes);
		const sent = harness.drain().on(pair.client);
		expect(sent.map((event) => event.captured.length)).toEqual([0, 0, 1000, 100]);
		expect(sent.map((event) => event.flags)).toEqual([FLAG.opaque, FLAG.opaque, 0, 0]);
		harness.rings[0]!.skipAll(first.socketId);
		for (let i = 0; i < 3; i++) pass(pair.client, pair.server, canary(1000, i));
		expect(harness.drain().on(pair.client)).toHaveLength(0);
	});
});

describe("protocols", () => {
	test.each([
		["HTTP/2", PROTOCOL.http2, text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")],
		["TLS", PROTOCOL.tls, new Uint8Array([22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3])],
	])("%s is told once and not copied", (_name, protocol, bytes) => {
		using pair = tcpPair();
		for (let i = 0; i < 3; i++) pass(pair.client, pair.server, bytes);
		const sent = harness.drain().on(pair.client);
		expect(sent).toHaveLength(1);
		expect(sent[0]).toMatchObject({ protocol, flags: FLAG.opaque });
		expect(sent[0]?.captured.length).toBe(0);
	});

	test("anything else is given up after eight operations", () => {
		using pair = tcpPair();
		for (let i = 0; i < 12; i++) pass(pair.client, pair.server, text(`*1\r\n$4\r\nPING\r\n no http ${i}`));
		const sent = harness.drain().on(pair.client);
		expect(sent).toHaveLength(9);
		expect(sent.at(-1)?.protocol).toBe(PROTOCOL.other);
	});

	test("a request that comes byte by byte keeps the connection in view", () => {
		using pair = tcpPair();
		for (const byte of request) pass(pair.client, pair.server, new Uint8Array([byte]));
		writeAll(pair.server, response);
		const { operations } = harness.drain();
		expect(operations.filter((event) => event.fd === pair.client)).toHaveLength(request.length);
		expect(operations.at(-1)).toMatchObject({ protocol: PROTOCOL.http1, message: MESSAGE.response });
	});

	test.each(["PROPFIND", "OPTIONS", "CONNECT", "UNSUBSCRIBE", "M-SEARCH", "\r\nGET", "\r\n\r\nPROPPATCH"])(
		"a request by %j is one",
		(method) => {
			using pair = tcpPair();
			pass(pair.client, pair.server, text(`${method} / HTTP/1.1\r\n\r\n`));
			expect(harness.drain().on(pair.client)[0]?.message).toBe(MESSAGE.request);
		},
	);

	test.each(["GETS /", "PROPFINDX / HTTP/1.1", "HTTP/x", "get / HTTP/1.1", "\r\n\r\n\r\nGET / HTTP/1.1"])(
		"%j starts no message",
		(line) => {
			using pair = tcpPair();
			pass(pair.client, pair.server, text(`${line}\r\n\r\n`));
			expect(harness.drain().on(pair.client)[0]?.message).toBe(MESSAGE.other);
		},
	);
});

describe("waiting", () => {
	test("ends at the next event, and only then", () => {
		using pair = tcpPair();
		harness.drain();
		expect(harness.rings[0]!.wait(20)).toBe(false);
		const before = harness.capture.counters().wakeups;
		harness.rings[0]!.setIdle(true);
		for (let i = 0; i < 3; i++) pass(pair.client, pair.server, request);
		expect(harness.capture.counters().wakeups).toBe(before + 1);
		expect(harness.rings[0]!.wait(20)).toBe(true);
		expect(harness.drain().operations).toHaveLength(6);
	});
});
