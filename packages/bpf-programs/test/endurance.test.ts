/** What is left behind: by a killed agent, by a hundred thousand connections, by processes that come and go. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { MESSAGE, ROLE } from "../src/events.ts";
import { lost, skipped } from "../src/index.ts";
import { type Events, Harness } from "./harness.ts";
import { entriesOf, objectsInKernel, objectsOf } from "./kernel-objects.ts";
import { addressOf, libc, listenOn, loopback, ok, readSome, tcpPair, tcpSocket, text, writeAll } from "./libc.ts";
import { exchange } from "./traffic.ts";

test("a killed agent leaves nothing in the kernel, and disturbs nobody beside it", async () => {
	using beside = new Harness();
	const file = join(import.meta.dirname, "agent-to-kill.ts");
	const child = spawn(process.execPath, ["--conditions=@wirescribe/source", file], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	try {
		await once(child.stdout, "data");
		const held = objectsOf(child.pid!);
		expect(held.size).toBeGreaterThan(50);
		child.kill("SIGKILL");
		await once(child, "exit");
		// The kernel takes the programs off their hooks one after another, each with a grace period.
		for (let left = held.size; left > 0; await sleep(100)) {
			const there = objectsInKernel();
			left = [...held].filter((object) => there.has(object)).length;
		}
		using pair = tcpPair();
		exchange(pair);
		expect(beside.drain().operations).toHaveLength(4);
	} finally {
		child.kill("SIGKILL");
	}
}, 60_000);

/** One connection with a request of its own, reset by the server, so that no port waits. */
function shortConnection(listener: { fd: number; port: number }, linger: Uint8Array, path: string): void {
	const client = tcpSocket("ip4");
	const address = loopback("ip4", listener.port);
	ok(libc.connect(client, addressOf(address), address.length), "connect");
	const server = ok(libc.accept4(listener.fd, 0, 0, 0), "accept4");
	writeAll(client, text(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`));
	readSome(server, 256);
	ok(libc.setsockopt(server, 1, 13, addressOf(linger), 8), "SO_LINGER");
	libc.close(server);
	libc.close(client);
}

/** The same descriptors and socket addresses over and over: each event still tells its own connection. */
function expectOwn(events: Events, first: number, count: number, ids: Set<number>): void {
	const paths = (role: number): string[] =>
		events.operations
			.filter((event) => event.role === role && event.message === MESSAGE.request)
			.map((event) => new TextDecoder().decode(event.captured).split(" ")[1] as string);
	const expected = Array.from({ length: count }, (_, i) => `/${first + i}`);
	expect(paths(ROLE.client)).toEqual(expected);
	expect(paths(ROLE.server)).toEqual(expected);
	for (const { socketId, dataId, prevDataId } of events.operations) {
		expect([dataId, prevDataId]).toEqual([1, 0]);
		ids.add(socketId);
	}
	expect(events.closes.filter((event) => event.cause === 1)).toHaveLength(count * 2);
}

test("100,000 short connections leave every map as they found it, and never mix", async () => {
	using harness = new Harness();
	const maps = objectsOf(process.pid);
	const listener = listenOn("ip4");
	const linger = new Uint8Array(new Int32Array([1, 0]).buffer);
	const ids = new Set<number>();
	const round = 500;
	try {
		const idle = entriesOf(maps);
		expect(idle.has("sockets")).toBe(true);
		for (let first = 0; first < 100_000; first += round) {
			for (let i = first; i < first + round; i++) shortConnection(listener, linger, `/${i}`);
			expectOwn(harness.drain(), first, round, ids);
		}
		expect(ids.size).toBe(200_000);
		// The machine's other sockets are remembered, too; they are few.
		const after = entriesOf(maps);
		for (const [name, count] of after) expect(count - (idle.get(name) ?? 0)).toBeLessThan(100);
		harness.capture.detach();
		const counters = harness.capture.counters();
		expect(counters.sockets_ended).toBeGreaterThanOrEqual(200_000);
		expect(counters.sockets_born - counters.sockets_ended).toBe(after.get("sockets"));
		expect(counters.seen).toBe(skipped(counters) + counters.submitted + lost(counters));
		expect(lost(counters)).toBe(0);
	} finally {
		libc.close(listener.fd);
	}
}, 120_000);
