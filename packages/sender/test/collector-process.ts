/*
 * The real collector as a process of its own, to be killed: `collector-process.ts HOST:PORT`. Prints `listening ADDRESS`,
 * then one line for each protocol log, its path, as soon as it has arrived.
 */
import { writeSync } from "node:fs";
import { startCollector } from "@wirescribe/collector";

const collector = await startCollector({
	listen: process.argv[2] ?? "127.0.0.1:0",
	onMessage(_stream, { node, connection, protocolLog, violation }) {
		if (protocolLog === null) return;
		const told = [protocolLog.request?.path, connection?.remote?.ip?.port, node?.name, violation];
		writeSync(1, `${told.join(" ")}\n`);
	},
});
writeSync(1, `listening ${collector.address}\n`);
