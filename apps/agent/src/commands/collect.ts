import process from "node:process";
import {
	type Collector,
	type CollectorEntry,
	collectorJsonLine,
	collectorTextLine,
	startCollector,
} from "@wirescribe/collector";
import { CliError, EXIT, errorCode } from "../cli/errors.ts";
import { helpText, hostPort, type OptionSpecs, oneOf, parseCommand, text } from "../cli/options.ts";
import { untilStopped } from "../live/signals.ts";

const SPECS: OptionSpecs = {
	listen: { type: "string", value: "HOST:PORT", help: "where to listen, default 127.0.0.1:11800" },
	output: { type: "string", value: "text|json", help: "lines on stdout; text on a terminal, else json" },
};

/** `wirescribe collect`: the embedded collector, for machines that have none. */
export async function run(args: readonly string[]): Promise<number> {
	const parsed = parseCommand("collect", args, SPECS, 0);
	if (parsed.values["help"]) {
		process.stdout.write(
			helpText("wirescribe collect [options]", "Receives access logs over gRPC and prints each transaction.", SPECS),
		);
		return EXIT.ok;
	}
	const listen = text(parsed, "listen") ?? "127.0.0.1:11800";
	hostPort("collect", "listen", listen);
	const output = oneOf("collect", parsed, "output", ["text", "json"]) ?? (process.stdout.isTTY ? "text" : "json");
	const color = process.stdout.isTTY === true;
	const line = (entry: CollectorEntry) =>
		output === "json" ? collectorJsonLine(entry) : collectorTextLine(entry, { color });

	let gone: () => void = () => {};
	const readerGone = new Promise<void>((resolve) => {
		gone = resolve;
	});
	process.stdout.on("error", gone);
	const collector = await listening(listen, (entry) => {
		const text = line(entry);
		if (text !== null) process.stdout.write(`${text}\n`);
	});
	process.stderr.write(
		`wirescribe: collecting on ${collector.address}; point an agent at it: --backend ${collector.address}\n`,
	);
	await untilStopped(readerGone);
	await collector.close();
	const { streams, protocolLogs, kernelLogs } = collector.received;
	process.stderr.write(
		`wirescribe: received ${protocolLogs} transactions and ${kernelLogs} kernel logs in ${streams} streams\n`,
	);
	return EXIT.ok;
}

async function listening(listen: string, onEntry: (entry: CollectorEntry) => void): Promise<Collector> {
	try {
		return await startCollector({ listen, onMessage: (_stream, entry) => onEntry(entry) });
	} catch (error) {
		if (errorCode(error)) throw new CliError((error as Error).message, EXIT.runtime, { cause: error });
		throw error;
	}
}
