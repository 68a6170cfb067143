import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { FLAG, MESSAGE, ROLE } from "../src/events.ts";
import { lost, skipped } from "../src/index.ts";
import { type Events, expectBalance, Harness } from "./harness.ts";
import { readSome, tcpPair, writeAll } from "./libc.ts";
import { exchange, pass, request, response } from "./traffic.ts";

describe("connections older than the capture", () => {
	test("show their next request, with the role, and a recv that was blocked already", async () => {
		using pair = tcpPair();
		writeAll(pair.client, request);
		readSome(pair.server, 4096);
		const worker = new Worker(new URL("./blocked-recv.ts", import.meta.url), { workerData: { fd: pair.server } });
		try {
			await once(worker, "message");
			await sleep(100);
			using harness = new Harness();
			const received = once(worker, "message");
			writeAll(pair.client, request);
			expect((await received)[0]).toBe(request.length);
			writeAll(pair.server, response);
			const events = harness.drain();
			const [blocked, answer] = events.on(pair.server);
			expect(blocked?.captured).toEqual(request);
			expect(blocked).toMatchObject({ startNs: 0, message: MESSAGE.request, role: ROLE.server });
			expect(blocked?.flags).toBe(FLAG.start_unknown | FLAG.mid_stream);
			expect(answer?.flags).toBe(FLAG.mid_stream);
			// The role of an accepted socket is known without having seen the accept.
			expect(events.connections.map((event) => [event.fd, event.role, event.cause])).toEqual([
				[pair.client, ROLE.client, 3],
				[pair.server, ROLE.server, 3],
			]);
			expectBalance(harness, events);
		} finally {
			await worker.terminate();
		}
	});

	test.each(["request", "response"] as const)("show one role only, when their next message is a %s", (next) => {
		using pair = tcpPair();
		exchange(pair);
		if (next === "response") pass(pair.client, pair.server, request);
		using harness = new Harness({ select: { pids: [process.pid], role: "server" } });
		if (next === "request") pass(pair.client, pair.server, request);
		pass(pair.server, pair.client, response);
		const events = harness.drain();
		const messages = next === "request" ? [MESSAGE.request, MESSAGE.response] : [MESSAGE.response];
		expect(events.operations.map(({ fd, message }) => [fd, message])).toEqual(
			messages.map((message) => [pair.server, message]),
		);
		expect(events.connections.map(({ fd, role }) => [fd, role])).toEqual([[pair.server, ROLE.server]]);
		expectBalance(harness, events);
		const counters = harness.capture.counters();
		expect([counters.request_starts_seen, counters.response_starts_seen]).toEqual([messages.length - 1, 1]);
		expect(counters.skipped_not_selected).toBeGreaterThanOrEqual(messages.length);
	});

	test("are seen again after a body the capture met in its middle", () => {
		using pair = tcpPair();
		using harness = new Harness();
		const events = (): Events => harness.drain();
		// Made before the capture could know: the state of a stranger.
		const body = new Uint8Array(1000).fill(120);
		for (let i = 0; i < 12; i++) {
			writeAll(pair.client, body);
			readSome(pair.server, 4096);
		}
		expect(events().on(pair.client)).toHaveLength(9);
		writeAll(pair.client, request);
		readSome(pair.server, 4096);
		expect(events().on(pair.client)[0]?.message).toBe(MESSAGE.request);
	});
});

test("a capture that was suspended sees nothing, and goes on with sockets as if they were new", async () => {
	using pair = tcpPair();
	using harness = new Harness();
	const exchange = (): Events => {
		writeAll(pair.client, request);
		readSome(pair.server, 4096);
		return harness.drain();
	};
	const before = exchange();
	const { attached } = harness.capture;
	harness.capture.suspend();
	expect(harness.capture.attached.every((name) => name.startsWith("sched_process_"))).toBe(true);
	const { seen } = harness.capture.counters();
	expect(exchange().all).toEqual([]);
	expect(harness.capture.counters().seen).toBe(seen);
	while (!harness.capture.resume()) await sleep(50);
	expect(harness.capture.attached).toHaveLength(attached.length);
	const after = exchange();
	expect(after.connections).toHaveLength(2);
	expect(after.operations).toHaveLength(2);
	expect(after.connections.every(({ cause }) => cause === 3)).toBe(true);
	const ids = before.operations.map(({ socketId }) => socketId);
	expect(after.operations.filter(({ socketId }) => ids.includes(socketId))).toEqual([]);
	const counters = harness.capture.counters();
	expect(counters.seen).toBe(skipped(counters) + counters.submitted + lost(counters));
	// Those of the machine are remembered, too.
	expect(counters.sockets_born).toBeGreaterThanOrEqual(4);
});
