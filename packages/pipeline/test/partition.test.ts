import type { Connection, Operation, Transaction } from "@wirescribe/access-log";
import { describe, expect, it } from "vitest";
import { describedConnections, Partition, type PartitionOptions, type RecordOutput } from "../src/index.ts";
import { BatchBuilder } from "./batch-builder.ts";

const REQUEST = "GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n";
const RESPONSE = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Keeps what a partition hands out, in order. */
class Kept implements RecordOutput {
	readonly transactions: { transaction: Transaction; ids: number[] }[] = [];
	readonly plain: { connection: Connection; kinds: string[]; ids: number[] }[] = [];
	readonly order: string[] = [];

	transaction(transaction: Transaction, operations: readonly Operation[]): void {
		this.transactions.push({ transaction, ids: operations.map(({ dataId }) => dataId) });
		this.order.push(`${transaction.method} ${transaction.status}`);
	}

	operations(connection: Connection, operations: readonly Operation[]): void {
		this.plain.push({
			connection,
			kinds: operations.map(({ kind }) => kind),
			ids: operations.map(({ dataId }) => dataId),
		});
		this.order.push(operations.map(({ kind }) => kind).join());
	}
}

function partition(options: Partial<PartitionOptions> = {}): { kept: Kept; partition: Partition } {
	const kept = new Kept();
	return { kept, partition: new Partition({ output: kept, ...options }) };
}

describe("Partition", () => {
	it("gives a server's transaction with exactly its operations", () => {
		const { kept, partition: p } = partition();
		const batch = new BatchBuilder(1)
			.connection(2, "accept")
			.operation({ direction: 1, id: 1, offset: 100, text: REQUEST, atNs: 2_000 })
			.operation({ direction: 2, id: 2, offset: 500, text: RESPONSE, atNs: 3_000 })
			.close("called", 4_000)
			.close("life_ended", 5_000);
		expect(p.consume(batch.take(), 6_000)).toBe(5);
		expect(kept.order).toEqual(["accept", "GET 200", "close"]);
		expect(kept.transactions[0]).toMatchObject({
			ids: [1, 2],
			transaction: {
				connection: {
					pid: 77,
					comm: "server",
					role: "server",
					local: { ip: "127.0.0.1", port: 8080 },
					protocol: "http/1",
				},
				startNs: 1_900,
				endNs: 3_000,
				version: "http/1.1",
				method: "GET",
				path: "/a?b=c",
				host: "h",
				status: 200,
				request: { headerBytes: REQUEST.length, bodyBytes: 0 },
				response: { bodyBytes: 2 },
				operations: 2,
				partial: [],
				unpaired: null,
			},
		});
		expect(p.ledger()).toMatchObject({
			requestStartsRead: 1,
			logged: 1,
			open: 0,
			lost: 0,
			operationsDrained: 2,
			connectionsOpen: 0,
		});
	});

	it("says what was looked up about a connection in every record from its description on", () => {
		const peer = { ip: "10.0.0.9", port: 80 };
		const { kept, partition: p } = partition();
		const batch = new BatchBuilder(7)
			.connection(1, "connect")
			.operation({ direction: 2, id: 1, offset: 1, text: REQUEST, atNs: 2_000 })
			.operation({ direction: 1, id: 2, offset: 1, text: RESPONSE, atNs: 3_000 })
			.take();
		expect(describedConnections(batch)).toMatchObject([{ socketId: 7, role: "client", netns: 0, uid: 0 }]);
		p.attribute(7, { peer });
		p.attribute(8, { peer });
		p.consume(batch, 4_000);
		expect(kept.plain[0]?.connection.peer).toEqual(peer);
		expect(kept.transactions[0]?.transaction.connection).toMatchObject({ peer, protocol: "http/1" });
		// It was for that batch only.
		p.consume(new BatchBuilder(8).connection(1, "connect").take(), 5_000);
		expect(kept.plain[1]?.connection).not.toHaveProperty("peer");
	});

	it("describes anew what is known later; records that were handed out, and what the kernel says again, keep it", () => {
		const { kept, partition: p } = partition();
		const builder = new BatchBuilder(7);
		const exchange = (id: number, atNs: number): Uint8Array =>
			builder
				.operation({ direction: 1, id, offset: ((id - 1) / 2) * REQUEST.length, text: REQUEST, atNs })
				.operation({
					direction: 2,
					id: id + 1,
					offset: ((id - 1) / 2) * RESPONSE.length,
					text: RESPONSE,
					atNs: atNs + 1,
				})
				.take();
		p.consume(builder.connection(2, "accept").take(), 1_000);
		p.consume(exchange(1, 2_000), 2_100);
		const remoteProcess = { pid: 9, comm: "curl", containerId: "" };
		p.attribute(7, { remoteProcess });
		p.consume(builder.connection(2, "changed").take(), 2_200);
		p.consume(exchange(3, 3_000), 3_100);
		const [before, after] = kept.transactions.map(({ transaction }) => transaction.connection);
		expect(before).not.toHaveProperty("remoteProcess");
		expect(after).toMatchObject({ remoteProcess, protocol: "http/1", pid: 77 });
		expect(after?.version).toBeGreaterThan(before?.version ?? 0);
	});

	it("lets transactions wait for a process that is told of later, also when the connection has ended meanwhile", () => {
		const { kept, partition: p } = partition();
		const lives = (id: number): BatchBuilder =>
			new BatchBuilder(id)
				.connection(2, "accept")
				.operation({ direction: 1, id: 1, offset: 100, text: REQUEST, atNs: 2_000 })
				.operation({ direction: 2, id: 2, offset: 500, text: RESPONSE, atNs: 3_000 });
		const ends = (id: number): BatchBuilder => lives(id).close("called", 4_000).close("life_ended", 5_000);
		const process = { exe: "/usr/bin/curl", uid: 0, containerId: "", cgroup: "/" };
		for (const builder of [lives(1), ends(2), ends(3), ends(4)]) {
			p.hold(builder.socketId);
			p.consume(builder.take(), 6_000);
		}
		expect(kept.transactions).toEqual([]);
		expect(p.ledger()).toMatchObject({ requestStartsRead: 4, logged: 4, connectionsOpen: 1 });
		for (const id of [1, 2]) p.attribute(id, { process });
		p.attribute(3, { remoteProcess: { pid: 1, comm: "init", containerId: "" } });
		expect(kept.transactions.map(({ transaction }) => transaction.connection)).toMatchObject([
			{ process },
			{ process },
		]);
		// Nobody tells of the third: it goes out as it is.
		p.tick(900_000_000);
		expect(kept.transactions).toHaveLength(2);
		p.tick(1_300_000_000);
		p.close(1_400_000_000);
		expect(kept.transactions).toHaveLength(4);
		expect(kept.order.filter((kind) => kind === "close")).toHaveLength(3);
		expect(p.ledger()).toMatchObject({ requestStartsRead: 4, logged: 4, connectionsClosed: 4, connectionsOpen: 0 });
	});

	it("hands out what waits on a connection that a new selection leaves out, and takes the connection back later", () => {
		const { kept, partition: p } = partition();
		const exchange = (id: number, offset: number): Uint8Array =>
			new BatchBuilder(1)
				.operation({ direction: 1, id, offset, text: REQUEST, atNs: id * 1000 })
				.operation({ direction: 2, id: id + 1, offset: offset + 400, text: RESPONSE, atNs: id * 1000 + 500 })
				.take();
		p.consume(new BatchBuilder(1).connection(2, "accept").take(), 1);
		p.consume(exchange(1, 100), 2000);
		p.consume(
			new BatchBuilder(1).operation({ direction: 1, id: 3, offset: 133, text: REQUEST, atNs: 3000 }).take(),
			3000,
		);
		p.reselect({ select: () => false, keeps: () => false }, 4000);
		expect(kept.order).toEqual(["accept", "GET 200", "GET null"]);
		p.consume(exchange(5, 300), 6000);
		expect(p.ledger()).toMatchObject({ operationsNotSelected: 2 });
		p.reselect({ keeps: () => true }, 7000);
		p.consume(exchange(7, 500), 9000);
		p.close(10_000);
		expect(kept.order.slice(3)).toEqual(["GET 200"]);
		expect(p.ledger()).toMatchObject({ requestStartsRead: 3, logged: 2, unpaired: 1, open: 0, lost: 0 });
	});

	it("leaves out what is not selected, tells the kernel, and counts it", () => {
		const skipped: unknown[] = [];
		const { kept, partition: p } = partition({
			select: ({ process }) => process?.exe === "/usr/bin/curl",
			skip: (...hint) => skipped.push(hint),
		});
		const request = { direction: 1, id: 1, offset: 1, text: REQUEST, atNs: 2_000 } as const;
		const [wanted, other, later] = [1, 2, 3].map((id) =>
			new BatchBuilder(id).connection(2, "accept").operation(request),
		);
		const process = { exe: "/usr/bin/curl", uid: 0, containerId: "", cgroup: "/" };
		p.attribute(1, { process });
		p.attribute(3, { process });
		for (const builder of [wanted, later]) p.consume(builder!.take(), 2_100);
		p.consume(other!.close("called", 2_050).close("life_ended", 2_060).take(), 2_100);
		expect(kept.order).toEqual(["accept"]);
		expect(skipped).toEqual([
			[3, 1, "all", false],
			[2, 1, "all", false],
		]);
		// Known now, of a connection that was left out: what comes from here on is read.
		p.attribute(3, { process });
		p.consume(later!.operation({ ...request, id: 2, offset: 200, atNs: 3_000 }).take(), 3_100);
		p.close(4_000);
		expect(kept.order.filter((text) => text.startsWith("GET"))).toHaveLength(2);
		expect(p.ledger()).toMatchObject({ operationsNotSelected: 2, requestStartsRead: 2, connectionsClosed: 3 });
	});

	it("corrects the role when it is learned, and goes back to TCP when HTTP breaks: each a version of its own", () => {
		const { kept, partition: p } = partition();
		const builder = new BatchBuilder(7);
		const unknown = 0 as 1;
		builder
			.connection(unknown, "first_seen")
			.operation({ direction: 1, id: 1, offset: 0, text: REQUEST, atNs: 2_000 })
			.operation({ direction: 2, id: 2, offset: 0, text: RESPONSE, atNs: 3_000 })
			.operation({
				direction: 1,
				id: 3,
				offset: REQUEST.length,
				text: "no HTTP at all",
				atNs: 4_000,
				protocol: "other",
			})
			.close("called", 5_000)
			.close("life_ended", 6_000);
		p.consume(builder.take(), 7_000);
		const first = kept.transactions[0]?.transaction.connection;
		const last = kept.plain.at(-1)?.connection;
		expect(first).toMatchObject({ role: "server", protocol: "http/1" });
		expect(last).toMatchObject({ role: "server", protocol: "tcp" });
		expect(last?.version).toBeGreaterThan(first?.version ?? 0);
		expect(kept.plain.at(-1)?.kinds).toEqual(["close"]);
	});

	it("ends a connection whose end was lost, once, and knows which are idle", () => {
		const { kept, partition: p } = partition();
		p.consume(new BatchBuilder(1).connection(2, "accept", 1_000).take(), 1_500);
		p.consume(new BatchBuilder(2).connection(2, "accept", 1_100).take(), 1_500);
		expect([...p.open()]).toEqual([
			[1, 1_000],
			[2, 1_100],
		]);
		for (let i = 0; i < 2; i++) p.endUnseen(1, 2_000);
		expect([...p.open()]).toEqual([[2, 1_100]]);
		expect(p.ledger()).toMatchObject({ connectionsEndedUnseen: 1, connectionsClosed: 1, connectionsOpen: 1 });
		// Late events of it do not open it again.
		p.consume(
			new BatchBuilder(1).operation({ direction: 1, id: 1, offset: 1, text: REQUEST, atNs: 1_900 }).take(),
			2_100,
		);
		expect(p.ledger()).toMatchObject({ connectionsOpen: 1, operationsLate: 1 });
		expect(kept.transactions).toEqual([]);
	});

	it("does not look at the batch again once consume has returned", () => {
		const { kept, partition: p } = partition();
		const half = new BatchBuilder(1)
			.connection(2, "accept")
			.operation({ direction: 1, id: 1, offset: 100, text: REQUEST.slice(0, 12), atNs: 2_000 })
			.take();
		p.consume(half, 2_500);
		half.fill(0x2a);
		const rest = new BatchBuilder(1)
			.operation({ direction: 1, id: 2, offset: 112, text: REQUEST.slice(12), atNs: 2_600 })
			.operation({ direction: 2, id: 3, offset: 500, text: RESPONSE, atNs: 3_000 })
			.take();
		p.consume(rest, 3_500);
		expect(kept.transactions[0]).toMatchObject({ ids: [1, 2, 3], transaction: { path: "/a?b=c" } });
	});

	it("hands out a request without a response when the connection ends, and its operations", () => {
		const { kept, partition: p } = partition();
		p.consume(
			new BatchBuilder(1)
				.connection(1, "connect")
				.operation({ direction: 2, id: 1, offset: 1, text: REQUEST, atNs: 2_000 })
				.close("life_ended", 3_000)
				.take(),
			4_000,
		);
		expect(kept.transactions[0]).toMatchObject({
			ids: [1],
			transaction: { method: "GET", status: null, unpaired: "no-response" },
		});
		expect(p.ledger()).toMatchObject({ requestStartsRead: 1, unpaired: 1, logged: 0, reasons: { "no-response": 1 } });
	});

	it("sends operations that no transaction claimed after 10 s, and drops those of other protocols", () => {
		const { kept, partition: p } = partition();
		p.consume(
			new BatchBuilder(1)
				.connection(2, "accept")
				.operation({ direction: 1, id: 1, offset: 1, text: REQUEST, atNs: 2_000 })
				.operation({ direction: 2, id: 2, offset: 9, text: RESPONSE, atNs: 3_000 })
				.operation({ direction: 1, id: 3, offset: 1 + REQUEST.length, text: "\r\n", atNs: 4_000 })
				.take(),
			5_000,
		);
		p.consume(
			new BatchBuilder(2)
				.connection(2, "accept")
				.operation({ direction: 1, id: 1, offset: 1, text: "SSH-2.0-x\r\n", atNs: 4_500 })
				.take(),
			5_000,
		);
		p.tick(10_000_003_999);
		expect(kept.plain).toHaveLength(2);
		p.tick(10_000_004_501);
		expect(kept.plain.slice(2)).toMatchObject([{ kinds: ["read"], ids: [3] }]);
		expect(p.ledger()).toMatchObject({ operationsPlain: 1, operationsNotHttp: 1, operationsAttributed: 2 });
	});

	it("waits for the event that describes a connection, then says who it was", () => {
		const { kept, partition: p } = partition();
		const batch = new BatchBuilder(1);
		p.consume(
			batch
				.operation({ direction: 1, id: 1, offset: 1, text: REQUEST, atNs: 2_000 })
				.operation({ direction: 2, id: 2, offset: 9, text: RESPONSE, atNs: 3_000 })
				.take(),
			3_000,
		);
		expect(kept.transactions).toHaveLength(0);
		p.consume(batch.connection(2, "first_seen").take(), 4_000);
		expect(kept.transactions[0]?.transaction.connection).toMatchObject({ comm: "server", role: "server" });
	});

	it("does not open a closed connection again for a late event", () => {
		const { kept, partition: p } = partition();
		const batch = new BatchBuilder(1);
		p.consume(batch.connection(2, "accept").close("life_ended", 2_000).take(), 3_000);
		p.consume(batch.operation({ direction: 1, id: 1, offset: 1, text: REQUEST, atNs: 1_500 }).take(), 4_000);
		p.close(5_000);
		expect(kept.transactions).toHaveLength(0);
		expect(p.ledger()).toMatchObject({ operationsDrained: 1, operationsLate: 1, connectionsOpen: 0 });
	});

	it("counts frames that are no events, and goes on", () => {
		const { kept, partition: p } = partition();
		const batch = new BatchBuilder(1).connection(2, "accept").raw(new Uint8Array(20)).raw(new Uint8Array(60).fill(9));
		batch.operation({ direction: 1, id: 1, offset: 1, text: REQUEST, atNs: 2_000 });
		batch.operation({ direction: 2, id: 2, offset: 9, text: RESPONSE, atNs: 3_000 });
		p.consume(batch.take(), 4_000);
		expect(kept.transactions).toHaveLength(1);
		expect(p.ledger().malformedEvents).toBe(2);
	});

	it("reads only the sockets that it owns", () => {
		const { kept, partition: p } = partition({ owns: (socketId) => socketId % 2 === 0 });
		p.consume(new BatchBuilder(0).raw(new Uint8Array(4)).take(), 1_000);
		expect(p.ledger().malformedEvents).toBe(1);
		for (const socketId of [1, 2]) {
			p.consume(
				new BatchBuilder(socketId)
					.connection(2, "accept")
					.operation({ direction: 1, id: 1, offset: 1, text: REQUEST, atNs: 2_000 })
					.operation({ direction: 2, id: 2, offset: 9, text: RESPONSE, atNs: 3_000 })
					.take(),
				4_000,
			);
		}
		expect(kept.transactions.map(({ transaction }) => transaction.connection.socketId)).toEqual([2]);
	});

	it("reads the plaintext of TLS, whatever its ciphertext does beside it", () => {
		const { kept, partition: p } = partition({ tcpOperations: true });
		const plain = { tls: "plaintext" } as const;
		const cipher = { tls: "ciphertext", text: "GET /not/this HTTP/1.1\r\n\r\n" } as const;
		const batch = new BatchBuilder(1)
			.connection(2, "accept")
			.operation({ ...cipher, direction: 1, id: 1, offset: 7_000, atNs: 2_000 })
			.operation({ ...cipher, direction: 1, id: 2, offset: 7_026, atNs: 2_100 })
			.operation({ ...plain, direction: 1, id: 3, prev: 0, offset: 0, text: REQUEST.slice(0, 9), atNs: 2_200 })
			.operation({ ...plain, direction: 1, id: 4, offset: 9, text: REQUEST.slice(9), atNs: 2_300 })
			.operation({ ...cipher, direction: 2, id: 6, offset: 9_000, atNs: 2_400 })
			.operation({ ...plain, direction: 2, id: 5, offset: 0, text: RESPONSE, atNs: 2_500 })
			.close("life_ended", 5_000);
		p.consume(batch.take(), 6_000);
		expect(kept.transactions).toHaveLength(1);
		expect(kept.transactions[0]).toMatchObject({
			ids: [3, 4, 5],
			transaction: {
				connection: { tls: true, protocol: "http/1", role: "server" },
				path: "/a?b=c",
				status: 200,
				request: { headerBytes: REQUEST.length },
				response: { bodyBytes: 2 },
				partial: [],
			},
		});
		expect(kept.plain.flatMap(({ ids }) => ids)).toEqual([0, 1, 2, 6]);
		expect(p.ledger()).toMatchObject({
			operationsDrained: 6,
			operationsAttributed: 3,
			operationsNotHttp: 3,
			logged: 1,
			tlsConnections: 1,
			tlsConnectionsRead: 1,
		});
	});

	it("counts a TLS connection without plaintext as one that was not read", () => {
		const { kept, partition: p } = partition();
		const cipher = { tls: "ciphertext", text: "x", direction: 1, offset: 5, atNs: 2_000 } as const;
		p.consume(
			new BatchBuilder(1)
				.connection(2, "accept")
				.operation({ ...cipher, id: 1 })
				.take(),
			3_000,
		);
		expect(p.ledger()).toMatchObject({ operationsNotHttp: 1, tlsConnections: 1, tlsConnectionsRead: 0 });
		p.close(4_000);
		expect(p.ledger()).toMatchObject({ tlsConnections: 1, tlsConnectionsRead: 0, connectionsClosed: 1 });
		expect(kept.transactions).toHaveLength(0);
	});
});
