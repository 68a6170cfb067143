import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import type { Sender, SenderEvent } from "../src/index.ts";
import { local, runtimes } from "./runtimes.ts";
import { expected, put, startSender, type TransportName } from "./traffic.ts";

const script = fileURLToPath(new URL("./collector-process.ts", import.meta.url));
const cleanup: (() => unknown)[] = [];
afterEach(async () => {
	for (const step of cleanup.splice(0).reverse()) await step();
});

const transports = ["grpc", "h2"] as const;

interface Running {
	readonly address: string;
	/** Takes no more, with its connections open. */
	freeze(): void;
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
	const freeze = (): unknown => child.kill("SIGSTOP");
	return { address, freeze, kill: () => kill().then(() => drained.then(() => {})) };
}

function start(transport: TransportName, target: string, events: SenderEvent[] = []): Sender {
	const sender = startSender(transport, target, (event) => events.push(event));
	cleanup.push(() => sender.shutdown(0));
	return sender;
}

for (const transport of transports) {
	describe(transport, () => {
		test("everything arrives once, in order, with its connection and node", async () => {
			const lines: string[] = [];
			const collector = await startProcess("127.0.0.1:0", lines);
			const sender = start(transport, collector.address);
			for (let n = 0; n < 5000; n++) put(sender, n);
			const ledger = await sender.shutdown(60_000);
			await expect.poll(() => lines.length).toBe(5000);
			expect(lines).toEqual(expected(5000));
			expect(ledger).toMatchObject({ accepted: 5000, acked: 5000, retained: 0, resent: { units: 0, records: 0 } });
		});

		test("a collector that comes later gets everything, and nothing twice", async () => {
			const lines: string[] = [];
			const before = await startProcess("127.0.0.1:0", lines);
			await before.kill();
			const events: SenderEvent[] = [];
			const sender = start(transport, before.address, events);
			for (let n = 0; n < 500; n++) put(sender, n);
			await expect.poll(() => events.filter((event) => event.type === "retry").length).toBeGreaterThan(2);
			expect(sender.ledger()).toMatchObject({ acked: 0, retained: 500 });
			await startProcess(before.address, lines);
			await sender.flush();
			await expect.poll(() => lines.length).toBe(500);
			expect(lines).toEqual(expected(500));
			expect(sender.ledger()).toMatchObject({ acked: 500, resent: { units: 0, records: 0 } });
			expect(events.filter((event) => event.type !== "acked").at(-1)?.type).toBe("connected");
		});

		test("a collector killed and restarted in mid-run: everything arrives, the ledger tells what went twice", async () => {
			const lines: string[] = [];
			const first = await startProcess("127.0.0.1:0", lines);
			const events: SenderEvent[] = [];
			const sender = start(transport, first.address, events);
			let n = 0;
			const traffic = setInterval(() => {
				for (let i = 0; i < 10; i++) put(sender, n++);
			}, 2);
			cleanup.push(() => clearInterval(traffic));
			await expect.poll(() => lines.length).toBeGreaterThan(1000);
			// A unit must be on its way when the collector dies: it waits for its status, and newer ones behind it.
			first.freeze();
			await expect.poll(() => sender.ledger().retained).toBeGreaterThan(500);
			await first.kill();
			await expect.poll(() => events.some((event) => event.type === "retry")).toBe(true);
			await startProcess(first.address, lines);
			const restarted = n;
			await expect.poll(() => sender.ledger().acked).toBeGreaterThan(restarted);
			clearInterval(traffic);
			await sender.flush();
			const ledger = await sender.shutdown(60_000);
			expect(ledger).toMatchObject({ accepted: n, acked: n, retained: 0 });
			await expect.poll(() => new Set(lines).size).toBe(n);
			expect(new Set(lines)).toEqual(new Set(expected(n)));
			// What arrived twice was sent twice, and the ledger has it; not all that was sent twice had arrived the first time.
			expect(lines.length - n).toBeLessThanOrEqual(ledger.resent.records);
			expect(ledger.resent.units).toBeGreaterThan(0);
			expect(events.map((event) => event.type)).toEqual(expect.arrayContaining(["connected", "disconnected", "retry"]));
		});
	});
}

for (const [name, { bin, flags }] of Object.entries(runtimes)) {
	test.each(transports)(`a sender in ${name} delivers over %s`, async (transport) => {
		const lines: string[] = [];
		const collector = await startProcess("127.0.0.1:0", lines);
		const args = [...flags, local("./client-process.ts"), transport, collector.address, "2000"];
		const { stdout } = await promisify(execFile)(bin, args);
		await expect.poll(() => lines.length).toBe(2000);
		expect(lines).toEqual(expected(2000));
		expect(JSON.parse(stdout)).toMatchObject({ accepted: 2000, acked: 2000, resent: { records: 0 } });
	});
}
