/** What a capture watches and how much of it, when it starts and while it runs; what is never reported. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { isInWatchedPart, lost, skipped, WATCHED_ALL } from "../src/index.ts";
import { expectBalance, Harness } from "./harness.ts";
import { addressOf, libc, listenOn, loopback, ok, readSome, tcpPair, tcpSocket, writeAll } from "./libc.ts";
import { request, response } from "./traffic.ts";

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
