/** The collector that the agent delivers to, in a process of its own: it counts and acknowledges. Ends on SIGTERM with its counts. */
import { once } from "node:events";
import process from "node:process";
import { startCollector } from "@wirescribe/collector";

const collector = await startCollector({ listen: "127.0.0.1:0", onBytes: () => {} });
process.stderr.write(`listening on ${collector.address}\n`);
await once(process, "SIGTERM");
await collector.close();
process.stdout.write(`${JSON.stringify(collector.received)}\n`);
