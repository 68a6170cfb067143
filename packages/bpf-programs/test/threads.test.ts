/** Captures and several threads: who writes, who reads, who ends it. */

import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { FLAG, FRAME_BYTES, head, KIND, nextFrame, operation, SYSCALL } from "../src/events.ts";
import { lost, skipped } from "../src/index.ts";
import { Harness } from "./harness.ts";
import { libc, tcpPair, writeAll } from "./libc.ts";
import { canary, exchange, pass, request, response } from "./traffic.ts";

const worker = (file: string, data: object): Worker => new Worker(new URL(file, import.meta.url), { workerData: data });

test.each(["ring", "perf"] as const)("detach ends events and counts under load at once, with %s", async (queue) => {
	using harness = new Harness({ queue });
	using pair = tcpPair();
	const flag = new SharedArrayBuffer(4);
	const { client, server } = pair;
	const busy = worker("./busy-connection.ts", { client, server, flag });
	try {
		await once(busy, "message");
		harness.capture.detach();
		const counters = harness.capture.counters();
		const drained = harness.drain();
		await sleep(50);
		Atomics.store(new Int32Array(flag), 0, 1);
		const [rounds] = (await once(busy, "message")) as [number];
		expect(rounds * 4).toBeGreaterThan(counters.submitted);
		expect(harness.capture.counters()).toEqual(counters);
		expect(harness.drain().all).toHaveLength(0);
		expect(counters.submitted).toBeGreaterThanOrEqual(400);
		expect(counters.seen).toBe(skipped(counters) + counters.submitted + lost(counters));
		expect(drained.operations).toHaveLength(counters.submitted);
		// In order, on whichever CPUs the thread was: each operation names the one before it.
		for (const fd of [client, server]) {
			const chain = drained.on(fd);
			expect(chain.map((event) => event.prevDataId)).toEqual([0, ...chain.slice(0, -1).map((event) => event.dataId)]);
		}
		harness.capture.detach();
	} finally {
		Atomics.store(new Int32Array(flag), 0, 1);
		await busy.terminate();
	}
});

test("a ring is read by another thread, which the first event wakes", async () => {
	using harness = new Harness({ rings: 2 });
	using pair = tcpPair();
	exchange(pair);
	const [first] = harness.drain().on(pair.client);
	const index = first!.socketId % 2;
	// The test's own reader of that ring stays away: a ring has one reader.
	harness.rings[index]!.close();
	const reader = worker("./ring-reader.ts", { handle: harness.capture.handle(index), wanted: 6 });
	try {
		await once(reader, "message");
		for (let i = 0; i < 3; i++) {
			await sleep(20);
			exchange(pair);
		}
		const [fds] = (await once(reader, "message")) as [number[]];
		expect(fds).toEqual([pair.client, pair.client, pair.client, pair.client, pair.client, pair.client]);
		expect(harness.capture.counters().wakeups).toBeGreaterThan(0);
	} finally {
		await reader.terminate();
	}
});

test("of two reads that wait at a time the later one has the flag", async () => {
	using harness = new Harness({ readStarts: true });
	using pair = tcpPair();
	exchange(pair);
	harness.drain();
	const readers = [0, 1].map(() => worker("./blocked-recv.ts", { fd: pair.server }));
	try {
		await Promise.all(readers.map((reader) => once(reader, "message")));
		await sleep(100);
		const answers = readers.map((reader) => once(reader, "message"));
		writeAll(pair.client, request);
		await Promise.race(answers);
		writeAll(pair.client, request);
		expect((await Promise.all(answers)).flat()).toEqual([request.length, request.length]);
		const [one, other] = harness.drain().on(pair.server);
		expect(other!.startNs).toBeLessThan(one!.endNs);
		expect([one!.flags, other!.flags]).toEqual([0, FLAG.overlap]);
		expect(other!.offset).toBe(one!.offset + request.length);
		// What follows alone is in order again.
		pass(pair.client, pair.server, request);
		expect(harness.drain().on(pair.server)[0]?.flags).toBe(0);
	} finally {
		for (const reader of readers) await reader.terminate();
	}
});

test("sendfile keeps its place in its connection's ring, of several", () => {
	const directory = mkdtempSync(join(tmpdir(), "wirescribe-"));
	const memory = new Uint8Array(1 << 20);
	const view = new DataView(memory.buffer);
	using harness = new Harness({ rings: 4 });
	const pairs = Array.from({ length: 5 }, () => tcpPair());
	try {
		const file = join(directory, "file");
		writeFileSync(file, canary(3000, 1));
		for (const { server, client } of pairs) {
			exchange({ server, client });
			const fd = openSync(file, "r");
			expect(libc.sendfile(server, fd, 0, 3000)).toBe(3000);
			closeSync(fd);
			writeAll(server, response);
		}
		const seen = new Map<number, { syscall: number; offset: number; bytes: number; ring: number }[]>();
		for (const ring of harness.rings) {
			const length = ring.drain(memory);
			for (let at = 0; at < length; at = nextFrame(view, at)) {
				const event = at + FRAME_BYTES;
				if (head.kind(view, event) !== KIND.operation || head.direction(view, event) !== 2) continue;
				const what = {
					syscall: head.syscall(view, event),
					offset: operation.offset(view, event),
					bytes: operation.bytes(view, event),
					ring: ring.index,
				};
				const fd = head.fd(view, event);
				seen.set(fd, [...(seen.get(fd) ?? []), what]);
			}
		}
		for (const { server } of pairs) {
			const [answer, sent, next] = seen.get(server)!;
			expect([answer, sent, next].map((event) => event?.syscall)).toEqual([
				SYSCALL.write,
				SYSCALL.sendfile64,
				SYSCALL.write,
			]);
			expect(sent).toMatchObject({ offset: answer!.offset + response.length, bytes: 3000, ring: answer!.ring });
			expect(next).toMatchObject({ offset: sent!.offset + 3000, ring: answer!.ring });
		}
		// Ten sockets in a row are in all four rings; the five servers' in two at least.
		expect(new Set([...seen.values()].flat().map((event) => event.ring)).size).toBeGreaterThan(1);
	} finally {
		for (const pair of pairs) pair.close();
		rmSync(directory, { recursive: true });
	}
});

test("selection by the main thread's name", () => {
	const comm = `/proc/${process.pid}/comm`;
	const before = readFileSync(comm, "latin1").trimEnd();
	// 20 characters: the kernel keeps 15, and so does the selection.
	const name = "wirescribe-selection";
	using harness = new Harness({ select: { comms: ["nobody-of-this-name", name] } });
	try {
		using stranger = tcpPair();
		exchange(stranger);
		expect(harness.drain().all).toHaveLength(0);
		expect(harness.capture.counters().skipped_not_selected).toBeGreaterThanOrEqual(4);
		writeFileSync(comm, name);
		using pair = tcpPair();
		exchange(pair);
		const { operations, connections } = harness.drain();
		expect(operations.map((event) => event.fd)).toEqual([pair.client, pair.server, pair.server, pair.client]);
		expect(connections.map((event) => event.comm)).toEqual([name.slice(0, 15), name.slice(0, 15)]);
	} finally {
		writeFileSync(comm, before);
	}
});
