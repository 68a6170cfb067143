import process from "node:process";
import {
	type Collector,
	type CollectorEntry,
	type CollectorOptions,
	collectorJsonLine,
	collectorTextLine,
	startCollector,
} from "@wirescribe/collector";
import { CliError, EXIT, errorCode } from "../cli/errors.ts";
import { readOption, tokenOf } from "../cli/files.ts";
import {
	helpText,
	hostPort,
	type OptionSpecs,
	oneOf,
	type ParsedArguments,
	parseCommand,
	text,
	usageError,
} from "../cli/options.ts";
import { untilStopped } from "../live/signals.ts";

const SPECS: OptionSpecs = {
	listen: { type: "string", value: "HOST:PORT", help: "where to listen, default 127.0.0.1:11800" },
	output: { type: "string", value: "text|json", help: "lines on stdout; text on a terminal, else json" },
	cert: { type: "string", value: "FILE", help: "take TLS only, with this certificate, PEM" },
	key: { type: "string", value: "FILE", help: "its key" },
	ca: { type: "string", value: "FILE", help: "take agents with a certificate of this authority only" },
	token: { type: "string", value: "FILE", help: "a file with the Authentication header that agents must send" },
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
	const collector = await listening({
		...{ listen, ...security(parsed) },
		onMessage: (_stream, entry) => {
			const text = line(entry);
			if (text !== null) process.stdout.write(`${text}\n`);
		},
	});
	const stopped = untilStopped(readerGone);
	process.stderr.write(
		`wirescribe: collecting on ${collector.address}; point an agent at it: --backend ${collector.address}\n`,
	);
	await stopped;
	await collector.close();
	const { streams, protocolLogs, kernelLogs } = collector.received;
	process.stderr.write(
		`wirescribe: received ${protocolLogs} transactions and ${kernelLogs} kernel logs in ${streams} streams\n`,
	);
	return EXIT.ok;
}

function security(parsed: ParsedArguments): Pick<CollectorOptions, "tls" | "authentication"> {
	const [certFile, keyFile, caFile, tokenFile] = ["cert", "key", "ca", "token"].map((name) => text(parsed, name));
	if ((certFile === undefined) !== (keyFile === undefined)) throw usageError("collect", "--cert and --key go together");
	if (caFile !== undefined && certFile === undefined) throw usageError("collect", "--ca needs --cert and --key");
	for (const file of [certFile, keyFile, caFile]) if (file !== undefined) readOption(file);
	return {
		...(certFile && keyFile ? { tls: { certFile, keyFile, ...(caFile === undefined ? {} : { caFile }) } } : {}),
		...(tokenFile === undefined ? {} : { authentication: tokenOf("token", tokenFile) }),
	};
}

async function listening(options: CollectorOptions): Promise<Collector> {
	try {
		return await startCollector(options);
	} catch (error) {
		if (errorCode(error)) throw new CliError((error as Error).message, EXIT.runtime, { cause: error });
		throw error;
	}
}
