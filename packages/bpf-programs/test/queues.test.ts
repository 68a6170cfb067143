import { expect, test } from "vitest";
import { FRAME_BYTES, head, KIND, MESSAGE, nextFrame } from "../src/events.ts";
import { expectBalance, Harness } from "./harness.ts";
import { readSome, tcpPair, text, writeAll } from "./libc.ts";
import { request, response } from "./traffic.ts";

test("the sockets that live can be asked for, also when their end was lost in a full ring", () => {
	using harness = new Harness({ ringBytes: 4096 });
	const pairs = Array.from({ length: 50 }, () => tcpPair());
	const described: number[] = [];
	for (const pair of pairs) {
		writeAll(pair.client, request);
		readSome(pair.server, 4096);
		described.push(...harness.drain().connections.map(({ socketId }) => socketId));
	}
	const ring = harness.rings[0]!;
	expect(described).toHaveLength(100);
	expect(described.filter((id) => !ring.socketIds().has(id))).toEqual([]);
	for (const pair of pairs) pair[Symbol.dispose]();
	const ended = harness.drain().closes.filter(({ cause }) => cause === 1);
	expect(ended.length).toBeLessThan(100);
	expect(harness.capture.counters().closes_lost).toBeGreaterThan(0);
	expect(described.filter((id) => ring.socketIds().has(id))).toEqual([]);
});

test("a full ring loses operations, and says how many of which kind", () => {
	using harness = new Harness({ ringBytes: 4096 });
	using pair = tcpPair();
	for (let i = 0; i < 50; i++) {
		writeAll(pair.client, request);
		readSome(pair.server, 4096);
		writeAll(pair.server, response);
		readSome(pair.client, 4096);
	}
	const events = harness.drain();
	expectBalance(harness, events);
	const counters = harness.capture.counters();
	expect(counters.request_starts_seen).toBe(100);
	expect(counters.response_starts_seen).toBe(100);
	expect(counters.lost_ring_full_request + counters.lost_ring_full_response).toBe(200 - counters.submitted);
	expect(counters.lost_ring_full_other).toBe(0);
	expect(counters.submitted).toBeGreaterThan(0);
	const requests = events.operations.filter((event) => event.message === MESSAGE.request).length;
	expect(requests + counters.lost_ring_full_request).toBe(counters.request_starts_seen);
});

test("a full map of sockets is counted", () => {
	using harness = new Harness({ maxSockets: 1, ringBytes: 1 << 16 });
	using first = tcpPair();
	using second = tcpPair();
	for (const pair of [first, second]) {
		writeAll(pair.client, request);
		readSome(pair.server, 4096);
	}
	expectBalance(harness, harness.drain());
	expect(harness.capture.counters().lost_map_full).toBeGreaterThanOrEqual(3);
});

test("the same events come through perf buffers", () => {
	using harness = new Harness({ queue: "perf", ringBytes: 1 << 18 });
	using pair = tcpPair();
	for (let size = 1; size < 200; size += 13) {
		const bytes = text(`POST /${"p".repeat(size)} HTTP/1.1\r\n\r\n`);
		writeAll(pair.client, bytes);
		readSome(pair.server, 4096);
	}
	const events = harness.drain();
	expect(events.on(pair.client)).toHaveLength(16);
	for (const event of events.operations) expect(event.captured.length).toBe(event.bytes);
	expectBalance(harness, events);
});

test("sockets spread over rings, each always in the same one; all operations can be asked for", () => {
	using harness = new Harness({ rings: 3, allOperations: true });
	const pairs = Array.from({ length: 6 }, () => tcpPair());
	const memory = new Uint8Array(1 << 20);
	const view = new DataView(memory.buffer);
	try {
		for (const pair of pairs) {
			for (let i = 0; i < 20; i++) {
				writeAll(pair.client, text(`no http at all ${i}`));
				readSome(pair.server, 4096);
			}
		}
		let operations = 0;
		for (const ring of harness.rings) {
			const length = ring.drain(memory);
			expect(length).toBeGreaterThan(0);
			for (let at = 0; at < length; at = nextFrame(view, at)) {
				const event = at + FRAME_BYTES;
				if (head.kind(view, event) === KIND.operation) operations++;
				expect(head.socketId(view, event) % 3).toBe(ring.index);
			}
		}
		expect(operations).toBe(6 * 40);
	} finally {
		for (const pair of pairs) pair.close();
	}
});
