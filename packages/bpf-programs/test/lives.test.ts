/** Captures of their own: what depends on when a capture starts, on what it selects, and on what it can hold. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import {
	EXEC,
	exec,
	FLAG,
	FRAME_BYTES,
	head,
	KIND,
	MESSAGE,
	nextFrame,
	process as processReader,
	ROLE,
	textAt,
} from "../src/events.ts";
import { isInWatchedPart, lost, openCapture, openRing, skipped, WATCHED_ALL } from "../src/index.ts";
import { type Events, Harness } from "./harness.ts";
import { addressOf, libc, listenOn, loopback, ok, readSome, tcpPair, tcpSocket, text, writeAll } from "./libc.ts";
import { exchange, pass, request, response } from "./traffic.ts";

/** Everything balances once the programs are detached: identity (a), and what was submitted is what was drained. */
function expectBalance(harness: Harness, drained: Events): void {
	harness.capture.detach();
	const rest = harness.drain();
	const counters = harness.capture.counters();
	expect(counters.seen).toBe(skipped(counters) + counters.submitted + lost(counters));
	expect(drained.operations.length + rest.operations.length).toBe(counters.submitted);
	expect(drained.connections.length + rest.connections.length).toBe(counters.connections_submitted);
	expect(drained.closes.length + rest.closes.length).toBe(counters.closes_submitted);
}

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

describe("selection", () => {
	test("by port keeps other connections out, at either end", () => {
		const listener = listenOn("ip4");
		try {
			using harness = new Harness({ select: { ports: [listener.port] } });
			const client = tcpSocket("ip4");
			const address = loopback("ip4", listener.port);
			ok(libc.connect(client, addressOf(address), address.length), "connect");
			const server = ok(libc.accept(listener.fd, 0, 0), "accept");
			using other = tcpPair();
			for (const [from, to] of [
				[client, server],
				[other.client, other.server],
			] as const) {
				writeAll(from, request);
				readSome(to, 4096);
			}
			libc.close(client);
			libc.close(server);
			const events = harness.drain();
			expect(events.operations.map((event) => event.fd)).toEqual([client, server]);
			expect(events.connections).toHaveLength(2);
			expect(events.closes).toHaveLength(4);
			expectBalance(harness, events);
			expect(harness.capture.counters().skipped_not_selected).toBeGreaterThanOrEqual(2);
		} finally {
			libc.close(listener.fd);
		}
	});

	test("by role drops the other end; processes can be added while it runs", () => {
		using harness = new Harness({ select: { pids: [], role: "server" } });
		using pair = tcpPair();
		writeAll(pair.client, request);
		expect(harness.drain().all).toHaveLength(0);
		harness.capture.watch(process.pid);
		readSome(pair.server, 4096);
		writeAll(pair.server, response);
		readSome(pair.client, 4096);
		const events = harness.drain();
		expect(events.operations.map((event) => event.fd)).toEqual([pair.server, pair.server]);
		harness.capture.unwatch(process.pid);
		writeAll(pair.server, response);
		expect(harness.drain().all).toHaveLength(0);
	});
});

describe("reselect", () => {
	/** A request from one end to the other; the descriptors of those whose operations were seen. Process 1 may have its own. */
	const seen = (harness: Harness, pair: { client: number; server: number }): number[] => {
		writeAll(pair.client, request);
		readSome(pair.server, 4096);
		const own = harness.drain().operations.filter(({ tgid }) => tgid === process.pid);
		return own.map(({ fd }) => fd);
	};

	test("changes ports, processes, role and rejection while the programs run", () => {
		using pair = tcpPair();
		using harness = new Harness({ select: { ports: [1] }, reselect: true });
		const both = [pair.client, pair.server];
		expect(seen(harness, pair)).toEqual([]);
		harness.capture.reselect({}, false);
		expect(seen(harness, pair)).toEqual(both);
		harness.capture.reselect({ pids: [1] }, false);
		expect(seen(harness, pair)).toEqual([]);
		harness.capture.reselect({ pids: [1, process.pid], role: "client" }, false);
		expect(seen(harness, pair)).toEqual([pair.client]);
		harness.capture.reselect({ reject: true }, false);
		expect(seen(harness, pair)).toEqual(both);
		harness.capture.reject(process.pid);
		expect(seen(harness, pair)).toEqual([]);
		harness.capture.reselect({}, false);
		expect(seen(harness, pair)).toEqual(both);
		const counters = harness.capture.counters();
		expect(counters.seen).toBe(skipped(counters) + counters.submitted + lost(counters));
	});

	test("reports what is not HTTP when it is asked to", () => {
		using pair = tcpPair();
		using harness = new Harness();
		const other = new Uint8Array(100).fill(120);
		const exchange = (): number => {
			for (let i = 0; i < 12; i++) {
				writeAll(pair.client, other);
				readSome(pair.server, 4096);
			}
			return harness.drain().on(pair.client).length;
		};
		exchange();
		expect(exchange()).toBe(0);
		harness.capture.reselect({}, true);
		expect(exchange()).toBe(12);
		harness.capture.reselect({}, false);
		expect(exchange()).toBe(0);
	});

	test("needs room for what may be rejected", () => {
		using harness = new Harness();
		expect(() => harness.capture.reselect({ reject: true }, false)).toThrow(/open the capture with 'reselect'/);
	});
});

describe("limit", () => {
	const all = { headLimit: 32_768, bodyLimit: 4096, watched: WATCHED_ALL };

	test("copies less while the programs run, and more again", () => {
		using pair = tcpPair();
		using harness = new Harness();
		const bytes = new Uint8Array(8000).fill(120);
		bytes.set(request);
		const captured = (): number => {
			writeAll(pair.client, bytes);
			readSome(pair.server, 8000);
			return harness.drain().on(pair.client)[0]?.captured.length ?? -1;
		};
		expect(captured()).toBe(8000);
		harness.capture.limit({ ...all, headLimit: 600 });
		expect(captured()).toBe(600);
		harness.capture.limit(all);
		expect(captured()).toBe(8000);
		expect(() => harness.capture.limit({ ...all, watched: 1025 })).toThrow(/Cannot limit the capture: 'watched'/);
	});

	test("watches a part of the sockets, the one that their ids tell, and counts the requests of the others", () => {
		const pairs = Array.from({ length: 64 }, () => tcpPair());
		using harness = new Harness();
		const seen = (): { sockets: Set<number>; requests: number } => {
			const before = harness.capture.counters().request_starts_not_watched;
			for (const { client, server } of pairs) {
				writeAll(client, request);
				readSome(server, 4096);
			}
			const sockets = new Set(harness.drain().operations.map(({ socketId }) => socketId));
			return { sockets, requests: harness.capture.counters().request_starts_not_watched - before };
		};
		const everything = seen();
		expect(everything).toMatchObject({ requests: 0, sockets: { size: 128 } });
		for (const watched of [512, 64, 0, 256]) {
			harness.capture.limit({ ...all, watched });
			const { sockets, requests } = seen();
			expect(sockets).toEqual(new Set([...everything.sockets].filter((id) => isInWatchedPart(id, watched))));
			expect(Math.abs(sockets.size - watched / 8)).toBeLessThan(4);
			expect(requests).toBe(128 - sockets.size);
		}
		harness.capture.limit(all);
		expect(seen()).toEqual(everything);
		const counters = harness.capture.counters();
		expect(counters.seen).toBe(skipped(counters) + counters.submitted + lost(counters));
		expect(counters.skipped_not_watched).toBe(counters.request_starts_not_watched);
		for (const pair of pairs) pair[Symbol.dispose]();
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

test("a process that was rejected is left out, others and those of tomorrow are not", () => {
	const listener = listenOn("ip4");
	try {
		using harness = new Harness({ select: { ports: [listener.port], reject: true } });
		const client = tcpSocket("ip4");
		const address = loopback("ip4", listener.port);
		ok(libc.connect(client, addressOf(address), address.length), "connect");
		harness.capture.reject(1);
		writeAll(client, request);
		expect(harness.drain().on(client)).toHaveLength(1);
		harness.capture.reject(process.pid);
		harness.capture.reject(process.pid);
		writeAll(client, request);
		expect(harness.drain().all).toHaveLength(0);
		harness.capture.admit(process.pid);
		writeAll(client, request);
		const events = harness.drain();
		expect(events.on(client)).toHaveLength(1);
		libc.close(client);
	} finally {
		libc.close(listener.fd);
	}
});

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

test("own connections and their other end are never reported", async () => {
	const script = `
		const { createServer } = require("node:http");
		createServer((_, response) => response.end("from the other process")).listen(0, "127.0.0.1", function () {
			console.log(this.address().port);
		});`;
	const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
	const server = createServer((_, answer) => answer.end("from us")).listen(0, "127.0.0.1");
	try {
		const theirs = Number((await once(child.stdout, "data"))[0].toString());
		const ours = (server.address() as AddressInfo).port;
		using harness = new Harness({ excludePids: [process.pid], select: { ports: [theirs, ours] } });
		// We are the client of the child, and the child's runtime is a client of ours.
		await fetchOnce(theirs);
		const client = spawn(process.execPath, ["-e", `require("node:http").get("http://127.0.0.1:${ours}/")`]);
		await once(client, "exit");
		await sleep(50);
		const seen = harness.drain();
		expect(seen.operations.filter((event) => event.tgid === process.pid)).toHaveLength(0);
		expect(seen.all.filter((event) => event.tgid === child.pid)).toHaveLength(0);
		expect(harness.capture.counters().skipped_own).toBeGreaterThan(0);
		expectBalance(harness, seen);
	} finally {
		child.kill();
		await once(child, "exit");
		server.close();
	}
});

function fetchOnce(port: number): Promise<void> {
	return new Promise((resolve, reject) => {
		get({ port, host: "127.0.0.1", agent: false }, (answer) => {
			answer.resume();
			answer.on("end", resolve);
		}).on("error", reject);
	});
}

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

test("processes are reported; a closed capture says so", async () => {
	const capture = openCapture({ select: { pids: [] } });
	const child = spawn(process.execPath, ["-e", "process.exit(3)"]);
	await once(child, "exit");
	await sleep(50);
	const memory = new Uint8Array(1 << 18);
	const view = new DataView(memory.buffer);
	const kinds = new Map<number, number>();
	const length = capture.drainProcesses(memory);
	for (let at = 0; at < length; at = nextFrame(view, at)) {
		const event = at + FRAME_BYTES;
		if (processReader.tgid(view, event) !== child.pid) continue;
		if (processReader.kind(view, event) === KIND.exec) {
			expect(textAt(view, exec.exe(view, event), EXEC.size)).toBe(process.execPath);
		}
		kinds.set(processReader.kind(view, event), processReader.ppid(view, event));
		if (processReader.kind(view, event) === KIND.exit) expect(processReader.exitCode(view, event) >> 8).toBe(3);
	}
	expect([...kinds.keys()]).toEqual([KIND.fork, KIND.exec, KIND.exit]);
	expect(kinds.get(KIND.exec)).toBe(process.pid);
	expect(capture.misses()).toBeGreaterThanOrEqual(0);
	expect(() => capture.handle(1)).toThrow("Cannot hand out ring 1");
	openRing(capture.handle(0)).close();
	capture.close();
	capture.close();
	expect(() => capture.counters()).toThrow(expect.objectContaining({ code: "ERR_CAPTURE_CLOSED" }));
});
