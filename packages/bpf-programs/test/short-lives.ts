/**
 * Connections and processes that are over at once, in great number, with the same descriptors, addresses and process ids
 * over and over: each event still tells its own connection. Shared by the endurance test and `npm run soak:capture`.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { FLAG, MESSAGE, ROLE } from "../src/events.ts";
import { lost, skipped } from "../src/index.ts";
import { type Events, Harness, type OperationEvent } from "./harness.ts";
import { entriesOf, objectsOf } from "./kernel-objects.ts";
import { addressOf, libc, listenOn, loopback, ok, readSome, tcpSocket, text, writeAll } from "./libc.ts";
import { attachOpenssl, type Libssl } from "./libssl.ts";

/** Compiles the program that makes short processes without TLS. */
export function compileShortProcesses(into: string): void {
	const source = join(import.meta.dirname, "fixtures/short-processes.c");
	execFileSync("gcc", ["-O2", "-Wall", "-Werror", "-pthread", "-o", into, source], { stdio: "pipe" });
}

/** What was counted, for who wants to print it. */
export interface Endurance {
	/** Sockets told apart. */
	readonly sockets: number;
	/** Processes told apart: fewer than there were where ids came again. */
	readonly pids: number;
	/** Entries of each map before and after. */
	readonly maps: ReadonlyMap<string, readonly [before: number, after: number]>;
}

/** The maps that grow and shrink are back where they were; the machine's other sockets are remembered, too, and few. */
function expectIdle(before: ReadonlyMap<string, number>): Endurance["maps"] {
	const after = entriesOf(objectsOf(process.pid));
	const maps = new Map([...after].map(([name, count]) => [name, [before.get(name) ?? 0, count] as const]));
	for (const [name, [was, is]] of maps) assert(is - was < 100, `the map ${name} had ${was} entries and has ${is}`);
	return maps;
}

function expectNothingLost({ capture }: Harness): void {
	capture.detach();
	const counters = capture.counters();
	assert.equal(counters.seen, skipped(counters) + counters.submitted + lost(counters));
	assert.equal(lost(counters), 0);
}

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

function pathsOf(operations: readonly OperationEvent[], role: number): string[] {
	return operations
		.filter((event) => event.role === role && event.message === MESSAGE.request)
		.map((event) => new TextDecoder().decode(event.captured).split(" ")[1] as string);
}

function pathsFrom(first: number, count: number): string[] {
	return Array.from({ length: count }, (_, i) => `/${first + i}`);
}

function expectOwn(events: Events, first: number, count: number, ids: Set<number>): void {
	assert.deepEqual(pathsOf(events.operations, ROLE.client), pathsFrom(first, count));
	assert.deepEqual(pathsOf(events.operations, ROLE.server), pathsFrom(first, count));
	for (const { socketId, dataId, prevDataId } of events.operations) {
		assert.deepEqual([dataId, prevDataId], [1, 0]);
		ids.add(socketId);
	}
	assert.equal(events.closes.filter((event) => event.cause === 1).length, count * 2);
}

/** That many connections within this process. */
export function shortConnections(count: number): Endurance {
	using harness = new Harness();
	const listener = listenOn("ip4");
	const linger = new Uint8Array(new Int32Array([1, 0]).buffer);
	const ids = new Set<number>();
	const round = 500;
	try {
		const idle = entriesOf(objectsOf(process.pid));
		assert(idle.has("sockets"));
		for (let first = 0; first < count; first += round) {
			for (let i = first; i < first + round; i++) shortConnection(listener, linger, `/${i}`);
			expectOwn(harness.drain(), first, round, ids);
		}
		assert.equal(ids.size, count * 2);
		const maps = expectIdle(idle);
		expectNothingLost(harness);
		const counters = harness.capture.counters();
		assert(counters.sockets_ended >= count * 2);
		return { sockets: ids.size, pids: 1, maps };
	} finally {
		libc.close(listener.fd);
	}
}

/**
 * That many processes, each with one connection to a server, made by a program that takes their number and prints its port;
 * over TLS where it says as well where libssl is.
 */
export async function shortProcesses(count: number, [file = "", ...args]: readonly string[]): Promise<Endurance> {
	const program = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
	const exited = once(program, "exit") as Promise<[number]>;
	try {
		const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
		const { port, ...libssl } = JSON.parse(String((await lines.next()).value)) as { port: number } & Partial<Libssl>;
		const tls = isLibssl(libssl);
		using harness = new Harness({ select: { ports: [port] } });
		using _ = isLibssl(libssl) ? attachOpenssl(harness.capture, libssl) : undefined;
		const idle = entriesOf(objectsOf(process.pid));
		const ids = new Set<number>();
		let pids = 0;
		const round = 250;
		for (let first = 0; first < count; first += round) {
			program.stdin.write("\n");
			pids = Number((await lines.next()).value);
			expectOfProcesses(harness.drain(), first, round, ids, tls);
		}
		assert.equal(ids.size, count * 2);
		program.stdin.end("\n");
		const [code] = await exited;
		assert.equal(code, 0);
		const maps = expectIdle(idle);
		expectNothingLost(harness);
		return { sockets: ids.size, pids, maps };
	} finally {
		program.kill("SIGKILL");
	}
}

function isLibssl(said: Partial<Libssl>): said is Libssl {
	return said.path !== undefined;
}

/** Each request once at each end, in order, and every socket with one request and one response only. */
function expectOfProcesses(events: Events, first: number, count: number, ids: Set<number>, tls: boolean): void {
	const told = events.operations.filter(({ flags }) => Boolean(flags & FLAG.tls_plaintext) === tls);
	assert.deepEqual(pathsOf(told, ROLE.client), pathsFrom(first, count));
	assert.deepEqual(pathsOf(told, ROLE.server), pathsFrom(first, count));
	const operations = new Map<number, string>();
	for (const { socketId, direction, role } of told) {
		operations.set(socketId, `${operations.get(socketId) ?? role} ${direction}`);
	}
	assert.equal(operations.size, count * 2);
	for (const [socketId, what] of operations) {
		assert.equal(what, what.startsWith("1") ? "1 2 1" : "2 1 2");
		ids.add(socketId);
	}
}
