import { type ChildProcess, spawn } from "node:child_process";
import { extname } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { collectorTextLine, startCollector } from "@wirescribe/collector";
import { CliError, EXIT } from "../cli/errors.ts";
import { helpText, type OptionSpecs, parseCommand, text, wholeNumber } from "../cli/options.ts";
import { WATCH_DEFAULTS } from "../cli/watch-options.ts";
import { startSession } from "../live/session.ts";
import { untilStopped } from "../live/signals.ts";
import { reportLedger } from "../output/ledger-report.ts";

const SPECS: OptionSpecs = {
	seconds: { type: "string", value: "N", help: "how long, default 10" },
};

/** `wirescribe demo`: a server, a client, a collector and the agent; ends by itself with the ledger. */
export async function run(args: readonly string[]): Promise<number> {
	const parsed = parseCommand("demo", args, SPECS, 0);
	if (parsed.values["help"]) {
		process.stdout.write(helpText("wirescribe demo", "Shows real traffic as a collector receives it.", SPECS));
		return EXIT.ok;
	}
	const seconds = wholeNumber("demo", "seconds", text(parsed, "seconds") ?? "10", 1, 600);
	const children = new Children();
	try {
		return await show(children, seconds);
	} finally {
		await children.end();
	}
}

async function show(children: Children, seconds: number): Promise<number> {
	const { child: server, firstLine } = await children.start("server", []);
	const port = await firstLine;
	const color = process.stdout.isTTY === true;
	const collector = await startCollector({
		listen: "127.0.0.1:0",
		onMessage: (_stream, entry) => {
			const line = collectorTextLine(entry, { color });
			if (line !== null) process.stdout.write(`${line}\n`);
		},
	});
	const { child: client } = await children.start("client", [port], false);
	const session = await startSession({
		...WATCH_DEFAULTS,
		backend: { host: "127.0.0.1", port: collector.port },
		selection: { ...WATCH_DEFAULTS.selection, pids: [server.pid as number, client.pid as number] },
	});
	process.stderr.write(
		`wirescribe demo: a server on port ${port} (pid ${server.pid}), a client (pid ${client.pid}), a collector on ${collector.address};\n` +
			`each request is seen twice, from both ends; ${seconds} s, then the ledger\n`,
	);
	await untilStopped(new Promise((resolve) => setTimeout(resolve, seconds * 1000)));
	await children.end();
	const ledger = await session.stop();
	await collector.close();
	reportLedger(ledger, undefined);
	session.close();
	process.stderr.write("\nNow watch this machine: wirescribe run\n");
	return ledger.messages.logged > 0 ? EXIT.ok : EXIT.runtime;
}

/** The demo's processes: started from files beside this one, ended by closing their stdin. */
class Children {
	readonly #children: ChildProcess[] = [];

	async start(
		name: string,
		args: readonly string[],
		waitForLine = true,
	): Promise<{ child: ChildProcess; firstLine: Promise<string> }> {
		const file = fileURLToPath(new URL(`../demo/${name}${extname(import.meta.url)}`, import.meta.url));
		const runtime = "Deno" in globalThis ? ["run", "-A", file] : [file];
		const child = spawn(process.execPath, [...runtime, ...args], { stdio: ["pipe", "pipe", "inherit"] });
		this.#children.push(child);
		const firstLine = waitForLine ? readLine(child, name) : Promise.resolve("");
		await firstLine;
		return { child, firstLine };
	}

	async end(): Promise<void> {
		await Promise.all(
			this.#children.splice(0).map((child) => {
				child.stdin?.end();
				return child.exitCode === null ? new Promise((resolve) => child.once("exit", resolve)) : undefined;
			}),
		);
	}
}

function readLine(child: ChildProcess, name: string): Promise<string> {
	return new Promise((resolve, reject) => {
		child.stdout?.once("data", (data) => resolve(String(data).trim()));
		child.once("exit", (code) =>
			reject(new CliError(`the demo's ${name} ended with code ${code} before it was ready`)),
		);
		child.once("error", (error) => reject(new CliError(`cannot start the demo's ${name}: ${error.message}`)));
	});
}
