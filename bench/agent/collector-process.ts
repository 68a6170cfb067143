/**
 * The collector that the agent delivers to, in a process of its own: it counts and acknowledges. Messages are not decoded, as
 * this shares the machine's cores with what is measured; their outermost fields tell what they are. Ends on SIGTERM with its
 * counts.
 */
import { once } from "node:events";
import process from "node:process";
import { startCollector } from "@wirescribe/collector";

/** The field of the service's message that holds a transaction; all its fields are length-delimited. */
const PROTOCOL_LOG = 4;

function holdsProtocolLog(message: Uint8Array): boolean {
	let at = 0;
	while (at < message.length) {
		if ((message[at++] as number) >> 3 === PROTOCOL_LOG) return true;
		let length = 0;
		for (let shift = 0; ; shift += 7) {
			const byte = message[at++] as number;
			length |= (byte & 0x7f) << shift;
			if (byte < 0x80) break;
		}
		at += length;
	}
	return false;
}

let transactions = 0;
const collector = await startCollector({
	listen: "127.0.0.1:0",
	onBytes(_stream, message) {
		if (holdsProtocolLog(message)) transactions++;
	},
});
process.stderr.write(`listening on ${collector.address}\n`);
await once(process, "SIGTERM");
await collector.close();
process.stdout.write(`${JSON.stringify({ transactions, messages: collector.received.messages })}\n`);
