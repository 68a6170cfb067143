/** Who watches the server: how each is started, when it is ready, and how many transactions it has logged in the end. */
import { createReadStream, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { root } from "../../tools/workspace.ts";
import { type Program, startProgram } from "./processes.ts";

/** What an observer has to show at the end. */
export interface Harvest {
	readonly logged: number;
	/** Anything that is not as it should be: in words. */
	readonly remarks: readonly string[];
}

/** An observer at work. */
export interface Watch extends AsyncDisposable {
	readonly pid: number;
	/** Ends it by SIGINT and counts what it logged. */
	harvest(): Promise<Harvest>;
}

export interface Observer {
	readonly name: string;
	readonly title: string;
	/** Watches both ends of every connection, so logs each request twice: stands in a table of its own. */
	readonly both?: boolean;
	start(port: number, folder: string): Promise<Watch>;
}

const source = "--conditions=@wirescribe/source";

/** What the agent's ledger file says, as far as it is read here. */
interface LedgerFile {
	readonly operations: { readonly balanced: boolean; readonly lost: Readonly<Record<string, number>> };
	readonly messages: {
		readonly logged: number;
		readonly partial: number;
		readonly unpaired: number;
		readonly balanced: boolean;
	};
	readonly records: { readonly balanced: boolean; readonly lost: Readonly<Record<string, number>> };
}

async function startAgent(port: number, folder: string, args: readonly string[]): Promise<Watch> {
	await using stack = new AsyncDisposableStack();
	const collectorFile = join(import.meta.dirname, "collector-process.ts");
	const listening = /listening on (\S+)/;
	const collector = stack.use(await startProgram([process.execPath, source, collectorFile], { ready: listening }));
	const backend = listening.exec(collector.stderr)?.[1] as string;
	const ledger = join(folder, "ledger.json");
	const main = join(root, "apps/agent/src/main.ts");
	const command = [process.execPath, source, main, "run", "--port", String(port), ...args];
	command.push("--backend", backend, "--ledger", ledger);
	const agent = stack.use(await startProgram(command, { ready: /watching/ }));
	const held = stack.move();
	return {
		pid: agent.pid,
		async harvest() {
			await agent.end();
			await collector.end("SIGTERM");
			return agentHarvest(JSON.parse(readFileSync(ledger, "utf8")), JSON.parse(collector.stdout));
		},
		[Symbol.asyncDispose]: () => held.disposeAsync(),
	};
}

/** Logged is what the collector has: every transaction of the ledger must have come to it. */
function agentHarvest(ledger: LedgerFile, received: { readonly transactions: number }): Harvest {
	const { operations, messages, records } = ledger;
	const remarks: string[] = [];
	const handedOut = messages.logged + messages.partial;
	if (received.transactions !== handedOut) remarks.push(`the collector got ${received.transactions} of ${handedOut}`);
	for (const [name, part] of Object.entries({ operations, messages, records })) {
		if (!part.balanced) remarks.push(`the ledger's ${name} do not balance`);
	}
	for (const [name, { lost }] of Object.entries({ operations, records })) {
		const losses = Object.entries(lost).filter(([, count]) => count > 0);
		if (losses.length > 0) remarks.push(`${name} lost: ${losses.map(([why, count]) => `${count} ${why}`).join(", ")}`);
	}
	if (messages.partial > 0) remarks.push(`${messages.partial} partial`);
	return { logged: Math.min(handedOut, received.transactions), remarks };
}

/** A program that ends on SIGINT and is then asked what it logged. */
function watchOf(program: Program, count: () => Promise<number>): Watch {
	return {
		pid: program.pid,
		async harvest() {
			await program.end();
			return { logged: await count(), remarks: [] };
		},
		[Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
	};
}

async function startConsumer(port: number): Promise<Watch> {
	const arch = process.arch === "arm64" ? "arm64" : "x64";
	const object = join(root, `packages/bpf-programs/prebuilt/${arch}/capture-direct.bpf.o`);
	const consumer = join(root, "bench/c-consumer/consumer");
	const command = [consumer, object, "--seconds", "3600", "--port", String(port), "--role", "server"];
	const program = await startProgram(command, { ready: /attached/ });
	return watchOf(program, async () => (JSON.parse(program.stdout) as { requests: number }).requests);
}

async function startHttpry(port: number, folder: string): Promise<Watch> {
	const file = join(folder, "httpry.log");
	const command = ["httpry", "-i", "lo", "-o", file, `tcp port ${port}`];
	const program = await startProgram(command, { ready: /Starting capture/ });
	// Tab-separated: time, source, destination, direction, method, host, path, …; a request's direction is `>`.
	return watchOf(program, () => distinct(file, (fields) => (fields[3] === ">" ? fields[6] : undefined)));
}

async function startTshark(port: number, folder: string): Promise<Watch> {
	const file = join(folder, "tshark.log");
	const fields = ["frame.time_epoch", "ip.src", "tcp.srcport", "ip.dst", "tcp.dstport", "http.request.method"];
	fields.push("http.request.uri", "http.response.code", "http.response_for.uri");
	const command = ["tshark", "-n", "-i", "lo", "-f", `tcp port ${port}`, "-Y", "http", "-T", "fields"];
	for (const field of fields) command.push("-e", field);
	const program = await startProgram(command, { ready: /Capturing on/, stdoutFile: file });
	// A transaction is a response that was paired with its request.
	return watchOf(program, () => distinct(file, (row) => (row[7] ? row[8] : undefined)));
}

/** How many different values a tab-separated file holds. Every request's path is its own, so this counts transactions. */
async function distinct(file: string, pick: (fields: readonly string[]) => string | undefined): Promise<number> {
	const seen = new Set<string>();
	for await (const line of createInterface({ input: createReadStream(file) })) {
		const value = pick(line.split("\t"));
		if (value) seen.add(value);
	}
	return seen.size;
}

export const OBSERVERS: readonly Observer[] = [
	{
		name: "wirescribe",
		title: "wirescribe, server's side, delivered and acknowledged",
		start: (port, folder) => startAgent(port, folder, ["--role", "server"]),
	},
	{
		name: "c-consumer",
		title: "C consumer of the same programs, counts only",
		start: startConsumer,
	},
	{ name: "httpry", title: "httpry (libpcap, lines, no reassembly)", start: startHttpry },
	{ name: "tshark", title: "tshark -Y http (reassembly and pairing)", start: startTshark },
	{
		name: "wirescribe-both",
		title: "wirescribe, both sides",
		both: true,
		start: (port, folder) => startAgent(port, folder, []),
	},
];
