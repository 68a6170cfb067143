/*
 * Every gRPC transport against servers of three stacks. Records are numbered; what has arrived is read from the peer's own
 * account of the streams that it answered OK.
 */
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { grpcTransport } from "../src/grpc.ts";
import {
	type Compression,
	createSender,
	h2Transport,
	type Sender,
	type SenderEvent,
	type SenderOptions,
	type TlsOptions,
	type Transport,
} from "../src/index.ts";
import { type Authority, type Certificates, makeCertificates } from "./certificates.ts";
import { type Peer, type Peers, preparePeers, stacks, type TakenStream } from "./start-peer.ts";

const path = "/test.Sink/take";

interface Connect {
	readonly target: string;
	readonly scenario?: string;
	readonly tls?: TlsOptions;
}

function overH2(compression?: Compression): (to: Connect) => Transport {
	return ({ target, scenario = "ok", tls }) =>
		h2Transport({
			...{ target, path, metadata: { scenario } },
			...(tls === undefined ? {} : { tls }),
			...(compression === undefined ? {} : { compression }),
		});
}

const transports: Readonly<Record<string, (to: Connect) => Transport>> = {
	h2: overH2(),
	"h2 gzip": overH2("gzip"),
	"h2 zstd": overH2("zstd"),
	"h2 snappy": overH2("snappy"),
	// Node 26 refuses an address as the name to ask for, which is what grpc-js takes from its target.
	"grpc-js": ({ target, scenario = "ok", tls }) =>
		grpcTransport({
			...{ target, path, metadata: { scenario } },
			...(tls === undefined ? {} : { tls: { ...tls, serverName: "collector.test" } }),
		}),
};

/** Only Go's peer knows these. */
const unusual: readonly string[] = ["h2 zstd", "h2 snappy"];
/** Deno 2.9.5's `node:http2` crashes under grpc-js; `EXCEPTIONS` of tools/suites.ts names it. */
const unfit: readonly string[] = "Deno" in globalThis ? ["grpc-js"] : [];
const tested: readonly string[] = Object.keys(transports).filter((name) => !unfit.includes(name));

let peers: Peers;
let certificates: Certificates;
let authority: Authority;
const cleanup: (() => unknown)[] = [];
beforeAll(async () => {
	peers = await preparePeers();
	certificates = await makeCertificates();
	authority = await certificates.authority("first");
}, 600_000);
afterAll(async () => {
	await peers?.[Symbol.asyncDispose]();
	await certificates?.[Symbol.asyncDispose]();
});
afterEach(async () => {
	for (const step of cleanup.splice(0).reverse()) await step();
});

function start(transport: Transport, options: Partial<SenderOptions> = {}): { sender: Sender; events: SenderEvent[] } {
	const events: SenderEvent[] = [];
	const sender = createSender({
		transport,
		retry: { initialMs: 20, maxMs: 100 },
		maxUnitBytes: 20_000,
		maxUnitAgeMs: 50,
		onEvent: (event) => events.push(event),
		...options,
	});
	cleanup.push(() => sender.shutdown(0));
	return { sender, events };
}

const keyOf = (n: number): number => n % 11;
const filler = "x".repeat(300);

/** Record n: its number is the last thing in it. */
function put(sender: Sender, n: number): void {
	const body = Buffer.from(`${filler}${String(n).padStart(8, "0")}`);
	sender.enqueue({ key: keyOf(n), version: 1, preamble: Buffer.from(`connection ${keyOf(n)} `), body });
}

const numbers = (streams: readonly TakenStream[]): number[] =>
	streams.filter(({ code }) => code === 0).flatMap(({ tails }) => tails.map(Number));

/** The numbers of a key, as they arrived first. */
function inOrder(arrived: readonly number[]): boolean {
	const last = new Map<number, number>();
	return [...new Set(arrived)].every((n) => {
		const before = last.get(keyOf(n)) ?? -1;
		last.set(keyOf(n), n);
		return n > before;
	});
}

/** Waits for the peer's own account of it: everything arrived, in order for each key. */
async function expectAll(peer: Peer, count: number): Promise<void> {
	await expect.poll(() => new Set(numbers(peer.taken)).size).toBe(count);
	expect(inOrder(numbers(peer.taken))).toBe(true);
}

describe.each(stacks)("server %s", (stack) => {
	async function startPeer(options: Readonly<Record<string, string | number>> = {}): Promise<Peer> {
		const peer = await peers.start(stack, options);
		cleanup.push(() => peer.stop());
		return peer;
	}

	const offered = tested.filter((name) => stack === "Go" || !unusual.includes(name));
	describe.each(offered)("transport %s", (name) => {
		const connect = transports[name]!;

		test("several streams at a time bring everything once, in order for each key", async () => {
			const peer = await startPeer();
			const { sender } = start(connect({ target: peer.target }));
			for (let n = 0; n < 2000; n++) put(sender, n);
			expect(await sender.shutdown(60_000)).toMatchObject({ accepted: 2000, acked: 2000, resent: { units: 0 } });
			await expectAll(peer, 2000);
			expect(numbers(peer.taken).length).toBe(2000);
		});

		test("every status code: lost at once and counted, or tried again until it is OK", async () => {
			const peer = await startPeer();
			for (let code = 1; code <= 16; code++) {
				const { sender, events } = start(connect({ target: peer.target, scenario: `once ${code}` }));
				for (let n = 0; n < 20; n++) put(sender, n);
				const ledger = await sender.shutdown(60_000);
				const retried = [1, 4, 10, 11, 14, 15].includes(code);
				expect(ledger, `${code}`).toMatchObject(retried ? { acked: 20 } : { acked: 0, lost: { permanent: 20 } });
				const told = events.find((event) => event.type === (retried ? "retry" : "lost"));
				expect(told?.message).toContain(`answered ${code} (so be it)`);
			}
		});

		test("a refusal before the messages are read is tried again", async () => {
			const peer = await startPeer();
			const { sender } = start(connect({ target: peer.target, scenario: "early 14" }));
			for (let n = 0; n < 300; n++) put(sender, n);
			expect(await sender.shutdown(60_000)).toMatchObject({ acked: 300 });
			await expectAll(peer, 300);
		});

		test("push-back is waited for", async () => {
			const peer = await startPeer();
			const { sender, events } = start(connect({ target: peer.target, scenario: "pushback" }));
			for (let n = 0; n < 20; n++) put(sender, n);
			await sender.flush();
			const waits = events.flatMap((event) => (event.type === "retry" ? [event.inMs] : []));
			expect(waits.length).toBeGreaterThan(0);
			for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(60);
			expect(await sender.shutdown(60_000)).toMatchObject({ acked: 20 });
		});

		test("a peer that allows one stream at a time gets one at a time", async () => {
			const peer = await startPeer({ concurrent: 1 });
			const { sender } = start(connect({ target: peer.target }));
			for (let n = 0; n < 500; n++) put(sender, n);
			expect(await sender.shutdown(60_000)).toMatchObject({ acked: 500 });
			await expectAll(peer, 500);
		});

		test("connections that get GOAWAY again and again lose nothing", async () => {
			const peer = await startPeer({ age: 60 });
			const { sender, events } = start(connect({ target: peer.target }), { maxUnitAgeMs: 5 });
			for (let n = 0; n < 600; n++) {
				put(sender, n);
				if (n % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
			}
			expect(await sender.shutdown(60_000)).toMatchObject({ acked: 600 });
			await expectAll(peer, 600);
			expect(events.filter((event) => event.type === "connected").length).toBeGreaterThan(1);
		});

		test("a peer that does not answer in time is asked again", async () => {
			const peer = await startPeer();
			const { sender, events } = start(connect({ target: peer.target, scenario: "hang" }), { deadlineMs: 400 });
			for (let n = 0; n < 20; n++) put(sender, n);
			await sender.flush();
			expect(events.find((event) => event.type === "retry")?.code).toBe(4);
			expect(await sender.shutdown(60_000)).toMatchObject({ acked: 20 });
			await expectAll(peer, 20);
		});

		test("a slow reader is waited for", async () => {
			const peer = await startPeer();
			const { sender } = start(connect({ target: peer.target, scenario: "slow" }), { maxUnitBytes: 200_000 });
			for (let n = 0; n < 400; n++) put(sender, n);
			expect(await sender.shutdown(30_000)).toMatchObject({ acked: 400, resent: { units: 0 } });
			await expectAll(peer, 400);
		});

		test("what is too large for the peer is found among the rest", async () => {
			const peer = await startPeer();
			const limits = { maxMessageBytes: 8e6, maxUnitBytes: 8e6, streams: 1 };
			const { sender } = start(connect({ target: peer.target }), limits);
			for (let n = 0; n < 30; n++) {
				if (n === 13) {
					// gzip cannot make this small.
					const body = Buffer.from(Uint8Array.from({ length: 5_000_000 }, () => Math.random() * 256));
					sender.enqueue({ key: 1, version: 1, preamble: Buffer.alloc(0), body });
				} else put(sender, n);
			}
			await expect.poll(() => sender.ledger().acked).toBe(29);
			// Where the status gets lost with a reset, the record is tried until it expires.
			const { retained, lost } = sender.ledger();
			expect([retained + lost.oversize, lost.permanent]).toEqual([1, 0]);
			await expect.poll(() => new Set(numbers(peer.taken)).size).toBe(29);
		});

		test("TLS, and a client's certificate where the peer wants one", async () => {
			const { ca, server, client } = authority;
			const peer = await startPeer({ cert: server.cert, key: server.key, ca });
			const tls = { caFile: ca, certFile: client.cert, keyFile: client.key };
			const { sender } = start(connect({ target: peer.target, tls }));
			for (let n = 0; n < 500; n++) put(sender, n);
			expect(await sender.shutdown(60_000)).toMatchObject({ acked: 500 });
			await expectAll(peer, 500);

			// Without the certificate nothing is sent, and nothing is lost before its time.
			const { sender: stranger, events } = start(connect({ target: peer.target, tls: { caFile: ca } }));
			put(stranger, 0);
			await expect.poll(() => events.filter((event) => event.type === "retry").length).toBeGreaterThan(1);
			expect(stranger.ledger()).toMatchObject({ acked: 0, retained: 1 });
		});
	});

	test.each(tested.filter((name) => !unusual.includes(name)))(
		"%s: certificates are rotated under a living sender",
		async (name) => {
			const files = { ca: join(certificates.folder, `${stack} ca`) };
			const next = await certificates.authority("second");
			await copyFile(authority.ca, files.ca);
			const before = await startPeer({ ...authority.server });
			const { sender, events } = start(transports[name]!({ target: before.target, tls: { caFile: files.ca } }));
			for (let n = 0; n < 50; n++) put(sender, n);
			await sender.flush();
			await expectAll(before, 50);
			await before.stop();
			const after = await startPeer({ ...next.server, port: before.port });
			for (let n = 50; n < 100; n++) put(sender, n);
			await expect.poll(() => events.some((event) => event.type === "retry")).toBe(true);
			await copyFile(next.ca, files.ca);
			await sender.flush();
			expect(await sender.shutdown(60_000)).toMatchObject({ acked: 100 });
			await expect.poll(() => new Set([...numbers(before.taken), ...numbers(after.taken)]).size).toBe(100);
		},
	);
});
