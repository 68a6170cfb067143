import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { encodeConnection, encodeNode, encodeTransaction, type Transaction, Writer } from "@wirescribe/access-log";
import { createSender, grpcTransport, type Sender, type SenderEvent } from "@wirescribe/sender";
import { afterEach, expect, test } from "vitest";

const script = fileURLToPath(new URL("./collector-process.ts", import.meta.url));
const collectPath = "/skywalking.v3.EBPFAccessLogService/collect";
const cleanup: (() => unknown)[] = [];
afterEach(async () => {
	for (const step of cleanup.splice(0).reverse()) await step();
});

interface Running {
	readonly address: string;
	/** Lines about the messages that have arrived, by all collectors of the test. */
	kill(): Promise<void>;
}

/** Starts the collector as a process; what it receives is added to `lines`. */
async function startProcess(listen: string, lines: string[]): Promise<Running> {
	const child: ChildProcess = spawn(process.execPath, ["--conditions=@wirescribe/source", script, listen], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	const exited = once(child, "exit");
	const kill = async (): Promise<void> => {
		child.kill("SIGKILL");
		await exited;
	};
	cleanup.push(kill);
	const reader = createInterface({ input: child.stdout! });
	const address = await new Promise<string>((resolve, reject) => {
		reader.on("line", (line) => {
			if (line.startsWith("listening ")) resolve(line.slice("listening ".length));
			else lines.push(line);
		});
		exited.then(() => reject(new Error("the collector has ended before it listened")));
	});
	const drained = once(reader, "close");
	return { address, kill: () => kill().then(() => drained.then(() => {})) };
}

const writer = new Writer();

/** A transaction of one of 8 connections; its path is its number, its connection's remote port 1000 + n % 8. */
function put(sender: Sender, n: number): void {
	const connection = {
		socketId: n % 8,
		version: 1,
		pid: 1,
		fd: 1,
		comm: "x",
		role: "server" as const,
		local: { ip: "127.0.0.1", port: 80 },
		remote: { ip: "127.0.0.1", port: 1000 + (n % 8) },
		tls: false,
		protocol: "http/1" as const,
	};
	const size = { headerBytes: 100, bodyBytes: 0 };
	const path = `/${n}`;
	const tx: Transaction = {
		...{ connection, startNs: 1, endNs: 2, version: "http/1.1", method: "GET", target: path, path, host: "h" },
		...{ status: 200, request: size, response: size, trace: null, partial: [], unpaired: null, operations: 0 },
	};
	encodeConnection(writer, connection);
	const preamble = writer.finish();
	encodeTransaction(writer, tx, []);
	sender.enqueue({ key: connection.socketId, version: connection.version, preamble, body: writer.view() });
	writer.reset();
}

function start(target: string, events: SenderEvent[]): Sender {
	encodeNode(writer, {
		name: "node",
		interfaces: [],
		bootTime: { seconds: 1, nanos: 0 },
		clusterName: "",
		excludeNamespaces: [],
	});
	const header = writer.finish();
	const sender = createSender({
		transport: grpcTransport({ target, path: collectPath }),
		header: () => header,
		maxUnitBytes: 8 * 1024,
		maxUnitAgeMs: 20,
		retry: { initialMs: 50, maxMs: 200 },
		onEvent: (event) => events.push(event),
	});
	cleanup.push(() => sender.shutdown(0));
	return sender;
}

const expected = (count: number): string[] => Array.from({ length: count }, (_, n) => `/${n} ${1000 + (n % 8)} node `);

test("everything arrives once, in order, with its connection and node", async () => {
	const lines: string[] = [];
	const collector = await startProcess("127.0.0.1:0", lines);
	const sender = start(collector.address, []);
	for (let n = 0; n < 5000; n++) put(sender, n);
	const ledger = await sender.shutdown();
	await expect.poll(() => lines.length).toBe(5000);
	expect(lines).toEqual(expected(5000));
	expect(ledger).toMatchObject({ accepted: 5000, acked: 5000, retained: 0, resent: { units: 0, records: 0 } });
});

test("a collector that comes later gets everything, and nothing twice", async () => {
	const lines: string[] = [];
	const before = await startProcess("127.0.0.1:0", lines);
	await before.kill();
	const events: SenderEvent[] = [];
	const sender = start(before.address, events);
	for (let n = 0; n < 500; n++) put(sender, n);
	await expect.poll(() => events.filter((event) => event.type === "retry").length).toBeGreaterThan(2);
	expect(sender.ledger()).toMatchObject({ acked: 0, retained: 500 });
	await startProcess(before.address, lines);
	await sender.flush();
	await expect.poll(() => lines.length).toBe(500);
	expect(lines).toEqual(expected(500));
	expect(sender.ledger()).toMatchObject({ acked: 500, resent: { units: 0, records: 0 } });
	expect(events.at(-1)?.type).toBe("connected");
});

test("a collector killed and restarted in mid-run: everything arrives, the ledger tells what went twice", async () => {
	const lines: string[] = [];
	const first = await startProcess("127.0.0.1:0", lines);
	const events: SenderEvent[] = [];
	const sender = start(first.address, events);
	let n = 0;
	const traffic = setInterval(() => {
		for (let i = 0; i < 100; i++) put(sender, n++);
	}, 2);
	cleanup.push(() => clearInterval(traffic));
	await expect.poll(() => lines.length).toBeGreaterThan(1000);
	await first.kill();
	await expect.poll(() => events.some((event) => event.type === "retry")).toBe(true);
	await startProcess(first.address, lines);
	const restarted = n;
	await expect.poll(() => sender.ledger().acked, { timeout: 20_000 }).toBeGreaterThan(restarted);
	clearInterval(traffic);
	const ledger = await sender.shutdown();
	expect(ledger).toMatchObject({ accepted: n, acked: n, retained: 0 });
	await expect.poll(() => new Set(lines).size).toBe(n);
	expect(new Set(lines)).toEqual(new Set(expected(n)));
	// What arrived twice was sent twice, and the ledger has it; not all that was sent twice had arrived the first time.
	expect(lines.length - n).toBeLessThanOrEqual(ledger.resent.records);
	expect(ledger.resent.units).toBeGreaterThan(0);
	expect(events.map((event) => event.type)).toEqual(expect.arrayContaining(["connected", "disconnected", "retry"]));
});
