import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CLOSE_CAUSE, CONNECTION_CAUSE, FLAG, MESSAGE, PROTOCOL, ROLE, SYSCALL } from "../src/events.ts";
import { Harness, type OperationEvent } from "./harness.ts";
import {
	addressOf,
	hasIp6,
	iovecs,
	libc,
	listenOn,
	loopback,
	messages,
	ok,
	readSome,
	tcpPair,
	tcpSocket,
	text,
	writeAll,
} from "./libc.ts";
import { canary, exchange, request, response } from "./traffic.ts";

let harness: Harness;

beforeAll(() => {
	harness = new Harness({ readStarts: true });
});
afterAll(() => harness[Symbol.dispose]());
beforeEach(() => {
	harness.drain();
});

describe("a request and its answer", () => {
	test("are four operations, with ids, offsets, roles and messages", () => {
		using pair = tcpPair();
		exchange(pair);
		const events = harness.drain();
		const [sent, answered] = events.on(pair.client) as [OperationEvent, OperationEvent];
		const [received, answer] = events.on(pair.server) as [OperationEvent, OperationEvent];
		expect(events.operations).toHaveLength(4);
		expect([sent.syscall, received.syscall]).toEqual([SYSCALL.write, SYSCALL.read]);
		expect([sent.direction, received.direction]).toEqual([2, 1]);
		expect([sent.message, received.message, answer.message, answered.message]).toEqual([1, 1, 2, 2]);
		expect([sent.role, received.role]).toEqual([ROLE.client, ROLE.server]);
		expect([sent.dataId, answered.dataId]).toEqual([1, 2]);
		expect([sent.prevDataId, answered.prevDataId]).toEqual([0, 1]);
		expect(sent.captured).toEqual(request);
		expect(received.captured).toEqual(request);
		expect(answered.captured).toEqual(response);
		// Both ends of a stream number its bytes alike.
		expect(received.offset).toBe(sent.offset);
		expect(answered.offset).toBe(answer.offset);
		expect(sent.socketId).not.toBe(received.socketId);
		expect(sent.protocol).toBe(PROTOCOL.http1);
		expect(events.operations.map((event) => event.flags)).toEqual([0, 0, 0, 0]);
		for (const event of events.operations) {
			expect(event.startNs).toBeGreaterThan(0);
			expect(event.endNs).toBeGreaterThanOrEqual(event.startNs);
			expect(event.tgid).toBe(process.pid);
		}
	});

	test("come after the connection's description, and before its end", () => {
		const pair = tcpPair();
		exchange(pair);
		pair.close();
		const events = harness.drain();
		const [client, server] = events.connections;
		expect(client).toMatchObject({ cause: CONNECTION_CAUSE.connect, role: ROLE.client, success: 1, family: 2 });
		expect(server).toMatchObject({ cause: CONNECTION_CAUSE.accept, role: ROLE.server, success: 1, family: 2 });
		expect(client?.remote).toBe(`127.0.0.1:${pair.port}`);
		expect(server?.local).toBe(client?.remote);
		expect(server?.remote).toBe(client?.local);
		expect(client?.comm.length).toBeGreaterThan(0);
		for (const { socketId } of [client!, server!]) {
			const kinds = events.all.filter((event) => event.socketId === socketId).map((event) => event.kind);
			expect(kinds).toEqual([1, 2, 2, 3, 3]);
			const causes = events.closes.filter((event) => event.socketId === socketId).map((event) => event.cause);
			expect(causes).toEqual([CLOSE_CAUSE.called, CLOSE_CAUSE.life_ended]);
		}
	});

	test.each(["ip6", "mapped"] as const)("are seen on %s", (kind) => {
		expect(hasIp6()).toBe(true);
		using pair = tcpPair(kind);
		exchange(pair);
		const { connections, operations } = harness.drain();
		expect(operations).toHaveLength(4);
		expect(connections[0]?.remote).toBe(kind === "ip6" ? `[0:0:0:0:0:0:0:1]:${pair.port}` : `127.0.0.1:${pair.port}`);
		expect(connections[0]?.family).toBe(kind === "ip6" ? 10 : 2);
	});
});

describe("connections", () => {
	test("that are refused are reported with the address that was asked for", () => {
		const closed = listenOn("ip4");
		libc.close(closed.fd);
		const fd = tcpSocket("ip4");
		const address = loopback("ip4", closed.port);
		expect(libc.connect(fd, addressOf(address), address.length)).toBe(-1);
		libc.close(fd);
		const [event] = harness.drain().connections;
		expect(event).toMatchObject({ cause: CONNECTION_CAUSE.connect, success: 0, error: 111 });
		expect(event?.remote).toBe(`127.0.0.1:${closed.port}`);
	});

	test("keep their identity through dup, and end with the last descriptor", () => {
		const pair = tcpPair();
		const other = ok(libc.dup(pair.client), "dup");
		exchange(pair);
		libc.close(pair.client);
		writeAll(other, request);
		const before = harness.drain();
		expect(before.on(other)[0]?.socketId).toBe(before.on(pair.client)[0]?.socketId);
		expect(before.on(other)[0]?.dataId).toBe(3);
		expect(before.closes.map((event) => event.cause)).toEqual([CLOSE_CAUSE.called]);
		libc.close(other);
		libc.close(pair.server);
		const ends = harness.drain().closes.filter((event) => event.cause === CLOSE_CAUSE.life_ended);
		expect(ends).toHaveLength(2);
	});

	test("that were half-closed still show the answer under the same socket", () => {
		using pair = tcpPair();
		writeAll(pair.client, request);
		libc.shutdown(pair.client, 1);
		readSome(pair.server, 4096);
		writeAll(pair.server, response);
		// The server's FIN takes the client's socket to TCP_CLOSE with the answer still unread.
		libc.close(pair.server);
		readSome(pair.client, 4096);
		const [sent, answered] = harness.drain().on(pair.client) as [OperationEvent, OperationEvent];
		expect(answered.captured).toEqual(response);
		expect(answered.socketId).toBe(sent.socketId);
	});

	test("whose end is read together with the last bytes have no hole before these", () => {
		using pair = tcpPair();
		exchange(pair);
		harness.drain();
		writeAll(pair.server, response);
		readSome(pair.client, 10);
		libc.shutdown(pair.server, 1);
		readSome(pair.client, 4096);
		const [sent, ...read] = harness.drain().operations;
		expect(read.map(({ offset, bytes }) => [offset, bytes])).toEqual([
			[sent?.offset, 10],
			[(sent?.offset ?? 0) + 10, response.length - 10],
		]);
	});

	test("that reuse a descriptor are other sockets", () => {
		const ids = new Set<number>();
		for (let i = 0; i < 5; i++) {
			using pair = tcpPair();
			exchange(pair);
			const { connections } = harness.drain();
			for (const event of connections) ids.add(event.socketId);
		}
		expect(ids.size).toBe(10);
	});
});

describe("every kind of call", () => {
	const parts = [text("GET /iov HT"), new Uint8Array(0), text("TP/1.1\r\nHost: "), text("x\r\n\r\n")];
	const whole = text("GET /iov HTTP/1.1\r\nHost: x\r\n\r\n");

	test("writev and readv gather all segments", () => {
		using pair = tcpPair();
		const list = iovecs(parts);
		expect(libc.writev(pair.client, addressOf(list), parts.length)).toBe(whole.length);
		const into = [new Uint8Array(3), new Uint8Array(5), new Uint8Array(100)];
		const intoList = iovecs(into);
		expect(libc.readv(pair.server, addressOf(intoList), into.length)).toBe(whole.length);
		const [sent, received] = harness.drain().operations;
		expect(sent).toMatchObject({ syscall: SYSCALL.writev, captured: whole, message: MESSAGE.request });
		expect(received).toMatchObject({ syscall: SYSCALL.readv, captured: whole, message: MESSAGE.request });
	});

	test("sendto, recvfrom, and a look that moves nothing", () => {
		using pair = tcpPair();
		const into = new Uint8Array(200);
		expect(libc.sendto(pair.client, addressOf(request), request.length, 0, 0, 0)).toBe(request.length);
		expect(libc.recvfrom(pair.server, addressOf(into), into.length, 2, 0, 0)).toBe(request.length);
		// EAGAIN: MSG_DONTWAIT on the end that has nothing to read.
		expect(libc.recvfrom(pair.client, addressOf(into), into.length, 0x40, 0, 0)).toBe(-1);
		expect(libc.recvfrom(pair.server, addressOf(into), into.length, 0, 0, 0)).toBe(request.length);
		const { operations } = harness.drain();
		expect(operations.map((event) => event.syscall)).toEqual([SYSCALL.sendto, SYSCALL.recvfrom]);
		expect(operations.map((event) => event.dataId)).toEqual([1, 1]);
		expect(operations[1]?.captured).toEqual(request);
	});

	test("sendmsg, recvmsg, sendmmsg, recvmmsg", () => {
		using pair = tcpPair();
		const keep: Uint8Array[] = [];
		const one = messages([parts], keep);
		expect(libc.sendmsg(pair.client, addressOf(one), 0)).toBe(whole.length);
		const into = messages([[new Uint8Array(10), new Uint8Array(90)]], keep);
		expect(libc.recvmsg(pair.server, addressOf(into), 0)).toBe(whole.length);
		const two = messages([[whole], [text("second")]], keep);
		expect(libc.sendmmsg(pair.client, addressOf(two), 2, 0)).toBe(2);
		const intoOne = messages([[new Uint8Array(200)]], keep);
		expect(libc.recvmmsg(pair.server, addressOf(intoOne), 1, 0, 0)).toBe(1);
		const { operations } = harness.drain();
		expect(operations.map((event) => event.syscall)).toEqual([
			SYSCALL.sendmsg,
			SYSCALL.recvmsg,
			SYSCALL.sendmmsg,
			SYSCALL.recvmmsg,
		]);
		expect(operations.map((event) => event.bytes)).toEqual([30, 30, 36, 36].map((n) => n + whole.length - 30));
		expect(operations[1]?.captured).toEqual(whole);
		expect(operations[2]?.captured).toEqual(text("GET /iov HTTP/1.1\r\nHost: x\r\n\r\nsecond"));
		expect(operations[3]?.captured.length).toBe(whole.length + 6);
	});

	test("sendfile is counted, and seen by the offset", () => {
		const directory = mkdtempSync(join(tmpdir(), "wirescribe-"));
		try {
			writeFileSync(join(directory, "file"), canary(5000, 1));
			using pair = tcpPair();
			exchange(pair);
			const file = openSync(join(directory, "file"), "r");
			expect(libc.sendfile(pair.server, file, 0, 5000)).toBe(5000);
			closeSync(file);
			writeAll(pair.server, response);
			const [, answer, sent, next] = harness.drain().on(pair.server) as OperationEvent[];
			expect(sent).toMatchObject({ syscall: SYSCALL.sendfile64, bytes: 5000, flags: FLAG.opaque });
			expect(sent?.captured.length).toBe(0);
			expect(sent?.offset).toBe(answer!.offset + response.length);
			expect(next?.offset).toBe(sent!.offset + 5000);
		} finally {
			rmSync(directory, { recursive: true });
		}
	});

	test("writes of up to 1024 segments are gathered", () => {
		using pair = tcpPair();
		for (const count of [31, 32, 33, 257, 1024]) {
			const bytes = canary(count * 3, 5);
			bytes.set(text("POST / HTTP/1.1\r\n"));
			const many = Array.from({ length: count }, (_, i) => bytes.subarray(i * 3, i * 3 + 3));
			const list = iovecs(many);
			expect(libc.writev(pair.client, addressOf(list), count)).toBe(bytes.length);
			readSome(pair.server, 1 << 16);
			expect(harness.drain().on(pair.client)[0]?.captured).toEqual(bytes);
		}
	});
});
