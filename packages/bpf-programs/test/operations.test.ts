/** Calls beyond plain reads and writes: vectors of messages, splice, calls that move nothing, sockets that are no TCP. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CLOSE_CAUSE, CONNECTION_CAUSE, FLAG, MESSAGE, SYSCALL } from "../src/events.ts";
import { Harness, type OperationEvent } from "./harness.ts";
import {
	addressOf,
	iovecs,
	libc,
	listenOn,
	loopback,
	messages,
	ok,
	readSome,
	tcpPair,
	text,
	writeAll,
} from "./libc.ts";
import { canary, exchange, request, response } from "./traffic.ts";

const SOCK_NONBLOCK = 0o4000;
const MSG_DONTWAIT = 0x40;
const MSG_PEEK = 2;
const MSG_TRUNC = 0x20;
const EINPROGRESS = 115;
const ECONNREFUSED = 111;

let harness: Harness;

beforeAll(() => {
	harness = new Harness();
});
afterAll(() => harness[Symbol.dispose]());
beforeEach(() => {
	harness.drain();
});

/** Two descriptors, as pipe2 and socketpair leave them. */
function twoOf(call: (at: bigint) => number): [number, number] {
	const fds = new Int32Array(2);
	ok(call(addressOf(new Uint8Array(fds.buffer))), "two descriptors");
	return [fds[0]!, fds[1]!];
}

describe("vectors of messages", () => {
	const head = text("POST /vector HTTP/1.1\r\nContent-Length: 9999\r\n\r\n");
	/** Messages of several segments each, an empty one among them. */
	const lists = [[head], [canary(100, 1), new Uint8Array(0), canary(7, 2)], [new Uint8Array(0)], [canary(300, 3)]];
	const whole = new Uint8Array(Buffer.concat(lists.flat()));

	test("are captured whole, one operation a call", () => {
		using pair = tcpPair();
		const keep: Uint8Array[] = [];
		const list = messages(lists, keep);
		expect(libc.sendmmsg(pair.client, addressOf(list), lists.length, 0)).toBe(lists.length);
		const [sent] = harness.drain().on(pair.client) as [OperationEvent];
		expect(sent).toMatchObject({ syscall: SYSCALL.sendmmsg, bytes: whole.length, message: MESSAGE.request, flags: 0 });
		expect(sent.captured).toEqual(whole);
		// Buffers larger than what comes: the length of each message counts, not that of its list.
		const into = [[new Uint8Array(10), new Uint8Array(50)], [new Uint8Array(90)], [new Uint8Array(1000)]];
		const intoList = messages(into, keep);
		const got = libc.recvmmsg(pair.server, addressOf(intoList), into.length, MSG_DONTWAIT, 0);
		expect(got).toBe(3);
		const [received] = harness.drain().on(pair.server) as [OperationEvent];
		expect(received).toMatchObject({ syscall: SYSCALL.recvmmsg, bytes: whole.length, offset: sent.offset });
		expect(received.captured).toEqual(whole);
	});

	test("of a thousand messages are counted to the last and copied up to the limit", () => {
		using pair = tcpPair();
		exchange(pair);
		harness.drain();
		const bytes = canary(1000 * 20, 9);
		const keep: Uint8Array[] = [];
		const many = messages(
			Array.from({ length: 1000 }, (_, i) => [bytes.subarray(i * 20, i * 20 + 20)]),
			keep,
		);
		expect(libc.sendmmsg(pair.client, addressOf(many), 1000, 0)).toBe(1000);
		const [sent] = harness.drain().on(pair.client) as [OperationEvent];
		expect(sent).toMatchObject({ bytes: 20_000, flags: FLAG.cut });
		expect(sent.captured).toEqual(bytes.subarray(0, 4096));
		expect(sent.tail).toEqual(bytes.subarray(20_000 - 32));
	});
});

test("preadv2 and pwritev2 on a socket are reads and writes", () => {
	using pair = tcpPair();
	const parts = [request.subarray(0, 5), new Uint8Array(0), request.subarray(5)];
	const list = iovecs(parts);
	expect(libc.pwritev2(pair.client, addressOf(list), parts.length, -1, 0)).toBe(request.length);
	const into = [new Uint8Array(4), new Uint8Array(200)];
	const intoList = iovecs(into);
	expect(libc.preadv2(pair.server, addressOf(intoList), into.length, -1, 0)).toBe(request.length);
	const [sent, received] = harness.drain().operations;
	expect(sent).toMatchObject({ syscall: SYSCALL.pwritev2, captured: request, message: MESSAGE.request, dataId: 1 });
	expect(received).toMatchObject({ syscall: SYSCALL.preadv2, captured: request, message: MESSAGE.request, dataId: 1 });
});

test("splice is counted in both directions, and never copied", () => {
	using pair = tcpPair();
	exchange(pair);
	const [, answered] = harness.drain().on(pair.client) as [OperationEvent, OperationEvent];
	const [out, into] = twoOf((at) => libc.pipe2(at, 0));
	try {
		writeAll(into, canary(3000, 1));
		harness.drain();
		expect(libc.splice(out, 0, pair.server, 0, 3000, 0)).toBe(3000);
		expect(libc.splice(pair.client, 0, into, 0, 3000, 0)).toBe(3000);
		const { operations } = harness.drain();
		expect(
			operations.map(({ fd, syscall, direction, bytes, flags }) => [fd, syscall, direction, bytes, flags]),
		).toEqual([
			[pair.server, SYSCALL.splice, 2, 3000, FLAG.opaque],
			[pair.client, SYSCALL.splice, 1, 3000, FLAG.opaque | FLAG.start_unknown],
		]);
		for (const event of operations) {
			expect(event.captured.length + event.tail.length).toBe(0);
			expect(event.offset).toBe(answered.offset + response.length);
		}
	} finally {
		for (const fd of [out, into]) libc.close(fd);
	}
});

describe("ids", () => {
	test("are not spent by reads that move nothing, and are by writes that move nothing", () => {
		using pair = tcpPair();
		const into = new Uint8Array(200);
		const at = addressOf(into);
		const read = (flags: number, size = 200): number => libc.recvfrom(pair.server, at, size, flags, 0, 0);
		expect(read(MSG_DONTWAIT)).toBe(-1);
		writeAll(pair.client, request);
		expect(read(MSG_PEEK)).toBe(request.length);
		expect(read(0, 0)).toBe(0);
		expect(libc.read(pair.server, 8, 200)).toBe(-1);
		expect(read(0)).toBe(request.length);
		expect(libc.write(pair.server, at, 0)).toBe(0);
		expect(libc.write(pair.server, 8, 200)).toBe(-1);
		writeAll(pair.server, response);
		const events = harness.drain().on(pair.server);
		expect(events.map(({ dataId, prevDataId }) => [dataId, prevDataId])).toEqual([
			[1, 0],
			[4, 1],
		]);
	});

	test("bytes thrown away by MSG_TRUNC are counted, not copied", () => {
		using pair = tcpPair();
		writeAll(pair.client, request);
		expect(libc.recvfrom(pair.server, 0, 4096, MSG_TRUNC, 0, 0)).toBe(request.length);
		const [, thrown] = harness.drain().operations;
		expect(thrown).toMatchObject({ bytes: request.length, flags: FLAG.opaque | FLAG.start_unknown });
		expect(thrown?.captured.length).toBe(0);
	});
});

describe("connections", () => {
	const pollOut = (fd: number): void => {
		const entry = new Int32Array([fd, 4]);
		expect(libc.poll(addressOf(new Uint8Array(entry.buffer)), 1, 2000)).toBe(1);
	};

	test("that are not waited for are in progress, and then as good as any", () => {
		const listener = listenOn("ip4");
		const fd = ok(libc.socket(2, 1 | SOCK_NONBLOCK, 0), "socket");
		const address = loopback("ip4", listener.port);
		expect(libc.connect(fd, addressOf(address), address.length)).toBe(-1);
		pollOut(fd);
		writeAll(fd, request);
		for (const open of [fd, listener.fd]) libc.close(open);
		const { all, connections } = harness.drain();
		expect(connections.map(({ cause, success, error }) => [cause, success, error])).toEqual([
			[CONNECTION_CAUSE.connect, 1, EINPROGRESS],
		]);
		expect(all.find((event) => event.kind === 2)).toMatchObject({ fd, dataId: 1, message: MESSAGE.request, flags: 0 });
	});

	test("that are not waited for and refused end without an operation", () => {
		const listener = listenOn("ip4");
		libc.close(listener.fd);
		const fd = ok(libc.socket(2, 1 | SOCK_NONBLOCK, 0), "socket");
		const address = loopback("ip4", listener.port);
		expect(libc.connect(fd, addressOf(address), address.length)).toBe(-1);
		pollOut(fd);
		const error = new Int32Array([0]);
		const length = new Int32Array([4]);
		libc.getsockopt(fd, 1, 4, addressOf(new Uint8Array(error.buffer)), addressOf(new Uint8Array(length.buffer)));
		expect(error[0]).toBe(ECONNREFUSED);
		libc.close(fd);
		const { connections, operations, closes } = harness.drain();
		expect(connections.map((event) => [event.success, event.error])).toEqual([[1, EINPROGRESS]]);
		expect(operations).toHaveLength(0);
		expect(closes.map((event) => event.cause)).toEqual([CLOSE_CAUSE.called, CLOSE_CAUSE.life_ended]);
	});

	test("tell a shutdown, and live on", () => {
		using pair = tcpPair();
		writeAll(pair.client, request);
		libc.shutdown(pair.client, 1);
		readSome(pair.server, 4096);
		writeAll(pair.server, response);
		expect(readSome(pair.client, 4096)).toEqual(response);
		const { closes, operations } = harness.drain();
		expect(closes.map(({ cause, fd, syscall }) => [cause, fd, syscall])).toEqual([
			[CLOSE_CAUSE.shutdown, pair.client, SYSCALL.shutdown],
		]);
		expect(operations).toHaveLength(4);
	});
});

test.each([
	["AF_UNIX", (at: bigint): number => libc.socketpair(1, 1, 0, at)],
	["a pipe", (at: bigint): number => libc.pipe2(at, 0)],
])("%s is recognised, counted and left alone", (_name, make) => {
	const [one, other] = twoOf(make);
	const before = harness.capture.counters();
	writeAll(other, request);
	readSome(one, 4096);
	const after = harness.capture.counters();
	expect(after.skipped_not_tcp - before.skipped_not_tcp).toBeGreaterThanOrEqual(2);
	expect(harness.drain().all).toHaveLength(0);
	for (const fd of [one, other]) libc.close(fd);
});

test("UDP is recognised, counted and left alone", () => {
	const fd = ok(libc.socket(2, 2, 0), "socket");
	const address = loopback("ip4", 9);
	const before = harness.capture.counters();
	expect(libc.sendto(fd, addressOf(request), request.length, 0, addressOf(address), address.length)).toBe(
		request.length,
	);
	expect(harness.capture.counters().skipped_not_tcp).toBeGreaterThan(before.skipped_not_tcp);
	expect(harness.drain().all).toHaveLength(0);
	libc.close(fd);
});
