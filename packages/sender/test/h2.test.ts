import { execFile, spawn } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { grpcTransport } from "../src/grpc.ts";
import {
	createSender,
	endpointsTransport,
	h2Transport,
	type Sender,
	type Transport,
	UNIT_METADATA,
} from "../src/index.ts";
import { local, runtimes } from "./runtimes.ts";

const path = "/test.Sink/take";

/** A stream as the peer has seen it. */
interface Received {
	readonly headers: Readonly<Record<string, string>>;
	readonly bytes: number;
	readonly hash: string;
	/** Counts connections from 1. */
	readonly connection: number;
	readonly rstCode: number;
}

let addresses: { readonly peer: string; readonly http1: string };
let received: Received[];
const cleanup: (() => unknown)[] = [];
beforeEach(async () => {
	received = [];
	const { bin, flags } = runtimes["node 26"]!;
	const child = spawn(bin, [...flags, local("./strange-peer.ts")], { stdio: ["pipe", "pipe", "inherit"] });
	const exited = once(child, "exit");
	cleanup.push(() => child.kill("SIGKILL") && exited);
	const lines = createInterface({ input: child.stdout });
	const [first] = await once(lines, "line");
	addresses = JSON.parse(first);
	lines.on("line", (line) => received.push(JSON.parse(line)));
});
afterEach(async () => {
	for (const step of cleanup.splice(0).reverse()) await step();
});

function start(transport: Transport, noProgressMs: number = 10_000): Sender {
	const retry = { initialMs: 5, maxMs: 20 };
	const sender = createSender({
		transport,
		streams: 1,
		retry,
		noProgressMs,
		maxUnitAgeMs: 60_000,
		header: () => Buffer.from("H"),
	});
	cleanup.push(() => sender.shutdown(0));
	return sender;
}

test("the bytes of a stream are those that grpc-js sends", async () => {
	const metadata = { scenario: "ok", Authentication: "secret" };
	for (const connect of [grpcTransport, h2Transport]) {
		const sender = start(connect({ target: addresses.peer, path, metadata }));
		for (let n = 0; n < 1000; n++) {
			const body = Buffer.alloc(n % 100 === 99 ? 150_000 + n : (n * 7) % 600, n);
			sender.enqueue({ key: n % 3, version: n % 5, preamble: Buffer.from(`connection ${n % 3}`), body });
		}
		expect(await sender.shutdown(60_000)).toMatchObject({ acked: 1000, resent: { units: 0 } });
	}
	const units = 2;
	await expect.poll(() => received.length).toBe(2 * units);
	for (let n = 0; n < units; n++) {
		const [grpc, h2] = [received[n]!, received[units + n]!];
		expect([h2.bytes, h2.hash]).toEqual([grpc.bytes, grpc.hash]);
		for (const name of [":method", ":path", ":scheme", ":authority", "te", "content-type", "authentication"]) {
			expect(h2.headers[name], name).toBe(grpc.headers[name]);
		}
		expect(h2.headers[UNIT_METADATA]).toMatch(/-\d$/);
		expect(h2.headers["grpc-timeout"]).toBe("20000m");
		expect(h2.headers["user-agent"]).toBe("wirescribe-sender");
	}
});

test("units share a connection; the one after a goodbye goes by a new one", async () => {
	const sender = start(h2Transport({ target: addresses.peer, path, metadata: { scenario: "ok" } }));
	const leaving = start(h2Transport({ target: addresses.peer, path, metadata: { scenario: "leave" } }));
	for (const one of [sender, leaving]) {
		for (let n = 0; n < 3; n++) {
			one.enqueue({ key: 1, version: 1, preamble: Buffer.from("p"), body: Buffer.from("b") });
			await one.flush();
		}
		expect(one.ledger()).toMatchObject({ acked: 3, resent: { units: 0 } });
	}
	await expect.poll(() => received.length).toBe(6);
	expect(received.map(({ connection }) => connection)).toEqual([1, 1, 1, 2, 3, 4]);
});

test("a stalled peer takes a window and no more; the next try goes by a new connection", async () => {
	const sender = start(h2Transport({ target: addresses.peer, path, metadata: { scenario: "stalled" } }), 100);
	for (let n = 0; n < 20; n++) {
		sender.enqueue({ key: 1, version: 1, preamble: Buffer.alloc(0), body: Buffer.alloc(50_000) });
	}
	const flushed = sender.flush();
	await expect.poll(() => received.length).toBeGreaterThan(1);
	await sender.shutdown(0);
	await flushed;
	const [first, second] = received;
	expect(first?.rstCode).toBe(8);
	expect([first?.connection, second?.connection]).toEqual([1, 2]);
	expect(first?.headers[UNIT_METADATA]).toBe(second?.headers[UNIT_METADATA]);
	// The first slab is larger than the peer's window: it has one whole message of 50,000 bytes, no more can have arrived.
	const { resent } = sender.ledger();
	expect(resent.records).toBe(resent.units);
});

test("endpoints of a DNS server's SRV records: the next one takes over for one that is not there", async () => {
	await ensureDebian(["dnsmasq-base"]);
	const dnsPort = await closedPort();
	const absent = await closedPort();
	const record = (port: number | string, priority: number): string =>
		`--srv-host=_grpc._tcp.collectors.test,localhost,${port},${priority},1`;
	const [, port = ""] = addresses.peer.split(":");
	const dns = spawn("dnsmasq", [
		...["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces"],
		...["--pid-file", "--user=", `--port=${dnsPort}`, "--listen-address=127.0.0.1"],
		...[record(absent, 10), record(port, 20)],
	]);
	const exited = once(dns, "exit");
	cleanup.push(() => dns.kill("SIGKILL") && exited);

	const resolver = new Resolver({ timeout: 500 });
	resolver.setServers([`127.0.0.1:${dnsPort}`]);
	const connect = (target: string): Transport => h2Transport({ target, path, metadata: { scenario: "ok" } });
	const tiers = [{ srv: "_grpc._tcp.collectors.test" }];
	const lookup = (name: string): ReturnType<Resolver["resolveSrv"]> => resolver.resolveSrv(name);
	const sender = start(endpointsTransport({ tiers, connect, lookup, initialMs: 10 }));
	for (let n = 0; n < 5; n++)
		sender.enqueue({ key: 1, version: 1, preamble: Buffer.from("p"), body: Buffer.from("b") });
	await sender.flush();
	expect(await sender.shutdown(60_000)).toMatchObject({ acked: 5, resent: { units: 0 } });
	await expect.poll(() => received.length).toBe(1);
	expect(received[0]?.headers[":authority"]).toBe(`localhost:${port}`);
});

const told: Readonly<Record<string, string | RegExp>> = {
	ok: "0 OK null reached true,false",
	leave: "0 OK null reached true,false",
	"status 3": "3 so be it 100% null reached true,false",
	"status 99": "2 so be it 100% null reached true,false",
	busy: "8  1500 reached true,false",
	"only 14": "14 headers only null reached true,false",
	refuse: "14 not now! null reached true,false",
	"no-trailers": "2 the answer ended without a status null reached true,false",
	"no-status": "2 the answer ended without a status null reached true,false",
	"http 404": "12 HTTP status 404 null reached true,false",
	"http 503": "14 HTTP status 503 null reached true,false",
	"http 418": "2 HTTP status 418 null reached true,false",
	"reset 2": "13 stream reset with INTERNAL_ERROR null reached true,false",
	"reset 7": "14 stream reset with REFUSED_STREAM null not reached true,false",
	"reset 8": "1 stream reset with CANCEL null reached true,false",
	"reset 11": "8 stream reset with ENHANCE_YOUR_CALM null reached true,false",
	cut: /^14 connection to 127\.0\.0\.1:\d+ lost.* null reached true,false$/,
	"goaway 11": /^14 connection to 127\.0\.0\.1:\d+ lost: .*GOAWAY 11 \(too_many_pings\) null reached true,false$/,
	silent: "4 no final status within 300 ms null reached true,false",
	flood: "8 answered more than 4194304 bytes null reached true,false",
	"large ok": "0 OK null reached true,false",
	"large refuse": "14 not now! null reached true,false",
	stalled: "1 cancelled null reached true,false",
	"closed port": /^14 no connection to 127\.0\.0\.1:\d+: .*ECONNREFUSED.* null not reached $/,
	// A resolver that cannot be asked says EAI_AGAIN.
	"no such name": /^14 no connection to collector\.invalid:11800: .*(ENOTFOUND|EAI_AGAIN).* null not reached $/,
	"http/1": /^14 connection to 127\.0\.0\.1:\d+ lost: .*Protocol error.* null reached $/,
	"idle 0": "0 OK true",
	"idle 1": "0 OK true,false,true",
};

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const bound = server.address();
	server.close();
	await once(server, "close");
	return typeof bound === "object" ? (bound?.port ?? 0) : 0;
}

for (const [name, { bin, flags }] of Object.entries(runtimes)) {
	test(`${name}: the status of every way a peer can behave`, async () => {
		const args = [
			...flags,
			local("./h2-scenarios.ts"),
			addresses.peer,
			addresses.http1,
			`127.0.0.1:${await closedPort()}`,
		];
		const { stdout } = await promisify(execFile)(bin, args, { timeout: 240_000 });
		const said: Record<string, string> = JSON.parse(stdout);
		expect(Object.keys(said)).toEqual(Object.keys(told));
		for (const [scenario, wanted] of Object.entries(told)) {
			if (typeof wanted === "string") expect(said[scenario], scenario).toBe(wanted);
			else expect(said[scenario], scenario).toMatch(wanted);
		}
	});
}
