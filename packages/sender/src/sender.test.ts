import { Metadata, Server, ServerCredentials, type ServerReadableStream, type sendUnaryData } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import type { SenderEvent } from "./events.ts";
import { grpcTransport } from "./grpc.ts";
import { h2Transport } from "./h2.ts";
import type { SenderLedger } from "./ledger.ts";
import { type MemoryUnit, memoryTransport } from "./memory.ts";
import type { SenderOptions } from "./options.ts";
import { createSender } from "./sender.ts";
import type { Sender } from "./sender-interface.ts";
import { type Transport, UNIT_METADATA, type UnitStatus } from "./transport.ts";

/*
 * One suite for every transport. A peer takes streams and answers as it is told; here it is the memory transport itself,
 * or a plain grpc-js server behind the grpc and the h2 transport.
 */
interface Peer {
	readonly transport: Transport;
	readonly units: readonly MemoryUnit[];
}
type Respond = (unit: MemoryUnit, index: number) => Partial<UnitStatus> | Promise<Partial<UnitStatus>>;

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
	for (const step of cleanup.splice(0).reverse()) await step();
});

const PATH = "/test.Sink/take";
const identity = (bytes: Buffer): Buffer => bytes;

type Connect = (options: { readonly target: string; readonly path: string }) => Transport;

/** A plain grpc-js server, and a transport to it. */
async function serverPeer(connect: Connect, respond: Respond): Promise<Peer> {
	const units: MemoryUnit[] = [];
	const server = new Server();
	const take = (call: ServerReadableStream<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void => {
		const messages: Buffer[] = [];
		call.on("data", (bytes: Buffer) => messages.push(bytes));
		call.on("end", async () => {
			const unit = { id: String(call.metadata.get(UNIT_METADATA)[0]), messages };
			units.push(unit);
			const { code = 0, message = "", retryDelayMs = null } = await respond(unit, units.length - 1);
			const metadata = new Metadata();
			if (retryDelayMs !== null) metadata.set("grpc-status-details-bin", retryInfo(retryDelayMs));
			if (code === 0) answer(null, Buffer.alloc(0));
			else answer({ code, details: message, metadata });
		});
	};
	const types = {
		requestStream: true,
		responseStream: false,
		requestSerialize: identity,
		requestDeserialize: identity,
	};
	const definition = { path: PATH, ...types, responseSerialize: identity, responseDeserialize: identity };
	server.addService({ take: definition }, { take });
	const port = await new Promise<number>((resolve, reject) => {
		server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
			error === null ? resolve(bound) : reject(error),
		);
	});
	cleanup.push(() => server.forceShutdown());
	return { transport: connect({ target: `127.0.0.1:${port}`, path: PATH }), units };
}

/** google.rpc.Status with a RetryInfo of less than 128 ms. */
function retryInfo(ms: number): Buffer {
	const type = Buffer.from("type.googleapis.com/google.rpc.RetryInfo");
	let nanos = ms * 1e6;
	const varint: number[] = [];
	for (; nanos > 127; nanos >>>= 7) varint.push((nanos & 127) | 128);
	const duration = Buffer.from([0x10, ...varint, nanos]);
	const info = Buffer.from([0x0a, duration.length, ...duration]);
	const any = Buffer.from([0x0a, type.length, ...type, 0x12, info.length, ...info]);
	return Buffer.from([0x1a, any.length, ...any]);
}

async function memoryPeer(respond: Respond): Promise<Peer> {
	const transport = memoryTransport({ respond });
	return { transport, units: transport.units };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const none = bytes("");
const bodies = (unit: MemoryUnit): string[] => unit.messages.map((message) => new TextDecoder().decode(message));
const lost = (ledger: SenderLedger): number => Object.values(ledger.lost).reduce((sum, n) => sum + n, 0);

function put(sender: Sender, ...texts: string[]): void {
	for (const text of texts) sender.enqueue({ key: 0, version: 0, preamble: none, body: bytes(text) });
}

/** The identity must hold whenever one looks. */
function check(ledger: SenderLedger): SenderLedger {
	expect(ledger.accepted).toBe(ledger.acked + ledger.retained + ledger.spooled + lost(ledger));
	return ledger;
}

const retry = { initialMs: 5, maxMs: 20 };

for (const [name, peerOf] of [
	["memory", memoryPeer],
	["grpc", (respond: Respond) => serverPeer(grpcTransport, respond)],
	["h2", (respond: Respond) => serverPeer(h2Transport, respond)],
] as const) {
	describe(name, () => {
		const events: SenderEvent[] = [];
		async function start(respond: Respond, options: Partial<SenderOptions> = {}) {
			events.length = 0;
			const peer = await peerOf(respond);
			const onEvent = (event: SenderEvent): unknown => check(sender.ledger()) && events.push(event);
			const sender: Sender = createSender({
				transport: peer.transport,
				streams: 1,
				retry,
				maxUnitAgeMs: 5,
				onEvent,
				...options,
			});
			cleanup.push(() => sender.shutdown(0));
			return { peer, sender };
		}
		const types = (): string[] =>
			events.map((event) => event.type).filter((type) => type !== "connected" && type !== "acked");

		test("records arrive in order, in units that begin with the header", async () => {
			const { peer, sender } = await start(() => ({}), { header: () => bytes("H"), maxUnitBytes: 300 });
			const texts = Array.from({ length: 500 }, (_, i) => `record ${i}`);
			put(sender, ...texts);
			check(sender.ledger());
			await sender.flush();
			expect(peer.units.flatMap(bodies).map((text) => text.replace(/^H/, ""))).toEqual(texts);
			for (const unit of peer.units) expect(bodies(unit)[0]).toMatch(/^H/);
			expect(peer.units.length).toBeGreaterThan(10);
			const ledger = check(await sender.shutdown());
			expect(ledger).toMatchObject({ accepted: 500, acked: 500, retained: 0, resent: { units: 0, records: 0 } });
		});

		test("a unit closes by age", async () => {
			const { peer, sender } = await start(() => ({}));
			put(sender, "a");
			await expect.poll(() => peer.units.length).toBe(1);
			await expect.poll(() => sender.ledger().acked).toBe(1);
		});

		test("a passing failure is tried again, same id, before newer units", async () => {
			const { peer, sender } = await start((_unit, index) => (index < 3 ? { code: 14, message: "busy" } : {}));
			put(sender, "a", "b");
			const first = sender.flush();
			put(sender, "c");
			await first;
			await sender.flush();
			expect(peer.units.map(bodies)).toEqual([["a", "b"], ["a", "b"], ["a", "b"], ["a", "b"], ["c"]]);
			expect(new Set(peer.units.slice(0, 4).map((unit) => unit.id)).size).toBe(1);
			expect(check(sender.ledger())).toMatchObject({ acked: 3, resent: { units: 3, records: 6 } });
			expect(types()).toEqual(["retry", "retry", "retry"]);
		});

		test("a refusal for good is counted, the next unit goes on", async () => {
			const { sender } = await start((_unit, index) => (index === 0 ? { code: 3, message: "no" } : {}));
			put(sender, "a", "b");
			await sender.flush();
			put(sender, "c");
			await sender.flush();
			expect(check(sender.ledger())).toMatchObject({ acked: 1, lost: { permanent: 2 }, resent: { units: 0 } });
			expect(events.find((event) => event.type === "lost")).toMatchObject({ reason: "permanent", records: 2 });
		});

		test("an exhausted peer is tried again only when it says when", async () => {
			const delays = [20, 20, null];
			const { sender } = await start((_unit, index) => ({ code: 8, retryDelayMs: delays[index] ?? null }));
			put(sender, "a");
			await sender.flush();
			expect(check(sender.ledger())).toMatchObject({ lost: { permanent: 1 }, resent: { units: 2, records: 2 } });
			const waits = events.flatMap((event) => (event.type === "retry" ? [event.inMs] : []));
			expect(waits.length).toBe(2);
			for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(20);
		});

		test("a unit expires", async () => {
			const limits = { retry: { ...retry, maxElapsedMs: 1 } };
			const { sender } = await start(() => ({ code: 14 }), limits);
			put(sender, "a");
			await sender.flush();
			expect(check(sender.ledger()).lost.expired).toBe(1);
		});

		test("a stream without progress is broken off and tried again", async () => {
			const { sender } = await start((_unit, index) => (index === 0 ? new Promise(() => {}) : {}), {
				noProgressMs: 50,
			});
			put(sender, "a");
			await sender.flush();
			expect(events.find((event) => event.type === "retry")?.message).toContain("no progress for 50 ms");
			expect(check(sender.ledger())).toMatchObject({ acked: 1, resent: { units: 1, records: 1 } });
		});

		test("when the memory is full the oldest unit makes room, the one on its way does not", async () => {
			const { promise: gate, resolve: openGate } = Promise.withResolvers<Partial<UnitStatus>>();
			const limits = { maxUnitBytes: 15, maxRetainedBytes: 60 };
			const { peer, sender } = await start((_unit, index) => (index === 0 ? gate : {}), limits);
			put(sender, "first-----");
			await expect.poll(() => peer.units.length).toBe(1);
			put(sender, "second----", "third-----", "fourth----", "fifth-----");
			expect(check(sender.ledger())).toMatchObject({ retained: 4, lost: { queue: 1 } });
			expect(sender.retainedBytes).toBe(60);
			openGate({});
			await sender.flush();
			expect(peer.units.flatMap(bodies)).toEqual(["first-----", "third-----", "fourth----", "fifth-----"]);
		});

		test("or the new record is refused", async () => {
			const { sender } = await start(() => ({}), { maxRetainedBytes: 15, overflow: "drop-newest" });
			const body = bytes("123456");
			expect(sender.enqueue({ key: 1, version: 1, preamble: none, body })).toBe("accepted");
			expect(sender.enqueue({ key: 1, version: 1, preamble: none, body })).toBe("full");
			expect(check(sender.ledger())).toMatchObject({ accepted: 2, retained: 1, lost: { queue: 1 } });
			await sender.flush();
			expect(sender.enqueue({ key: 1, version: 1, preamble: none, body })).toBe("accepted");
		});

		test("what is too large is not taken; what comes after the end neither", async () => {
			const { sender } = await start(() => ({}), { maxMessageBytes: 10 });
			const record = { key: 1, version: 1, preamble: none, body: new Uint8Array(11) };
			expect(sender.enqueue(record)).toBe("too-large");
			await sender.shutdown();
			expect(sender.enqueue(record)).toBe("closed");
			expect(check(sender.ledger())).toMatchObject({ accepted: 2, lost: { oversize: 1, shutdown: 1 } });
		});

		test("shutdown delivers what is there, and ends a wait for the next try", async () => {
			const slow = { retry: { initialMs: 3_600_000, maxMs: 3_600_000, maxElapsedMs: 0 } };
			const { sender } = await start((_unit, index) => (index === 0 ? { code: 14 } : {}), slow);
			put(sender, "a");
			await expect.poll(types).toEqual(["retry"]);
			put(sender, "b");
			expect(check(await sender.shutdown())).toMatchObject({ acked: 2, retained: 0 });
		});

		test("shutdown ends at its deadline, and counts what is left", async () => {
			const { peer, sender } = await start(() => new Promise(() => {}));
			put(sender, "a");
			await expect.poll(() => peer.units.length).toBe(1);
			put(sender, "b");
			expect(check(await sender.shutdown(20))).toMatchObject({ acked: 0, retained: 0, lost: { shutdown: 2 } });
			expect(events.at(-1)).toMatchObject({ type: "lost", reason: "shutdown", records: 2 });
		});

		test("the caller may use its bytes again at once", async () => {
			const { peer, sender } = await start(() => ({}));
			const body = bytes("kept");
			sender.enqueue({ key: 1, version: 1, preamble: none, body });
			body.fill(0);
			await sender.flush();
			expect(peer.units.flatMap(bodies)).toEqual(["kept"]);
		});
	});
}

test("a limit that makes no sense is refused", () => {
	expect(() => createSender({ transport: memoryTransport(), maxUnitBytes: 0 })).toThrow(RangeError);
});

test.each([
	["grpc", grpcTransport],
	["h2", h2Transport],
])("%s: an OK before the end of the stream is no delivery", async (_name, connect) => {
	const server = new Server();
	let streams = 0;
	const take = (call: ServerReadableStream<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void => {
		if (++streams === 1) call.once("data", () => answer(null, Buffer.alloc(0)));
		else call.on("data", () => {}).on("end", () => answer(null, Buffer.alloc(0)));
	};
	const types = {
		requestStream: true,
		responseStream: false,
		requestSerialize: identity,
		requestDeserialize: identity,
	};
	const definition = { path: PATH, ...types, responseSerialize: identity, responseDeserialize: identity };
	server.addService({ take: definition }, { take });
	const port = await new Promise<number>((resolve) => {
		server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (_error, bound) => resolve(bound));
	});
	cleanup.push(() => server.forceShutdown());
	const transport = connect({ target: `127.0.0.1:${port}`, path: PATH });
	const sender = createSender({ transport, retry, maxUnitBytes: 2 * 1024 * 1024 });
	cleanup.push(() => sender.shutdown(0));
	const body = new Uint8Array(1000);
	for (let i = 0; i < 1000; i++) sender.enqueue({ key: 1, version: 1, preamble: none, body });
	await sender.flush();
	expect(streams).toBe(2);
	expect(check(sender.ledger())).toMatchObject({ acked: 1000, resent: { units: 1 } });
});
