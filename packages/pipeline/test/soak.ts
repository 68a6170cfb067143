/** `npm run soak:connections`: 1,000,000 short connections, and memory back where it was. `--connections` for another number. */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { shortConnections } from "./short-connections.ts";

/** What may stay: the compiler's and the runtime's own, which does not grow with the connections. */
const MAX_GROWTH_BYTES = 4 << 20;

async function usedBytes(): Promise<number> {
	const { gc } = globalThis as { gc?: () => void };
	if (!gc) throw new Error("Cannot collect garbage: start node with --expose-gc");
	for (let i = 0; i < 3; i++) {
		gc();
		await sleep(20);
	}
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	return heapUsed + arrayBuffers;
}

const { values } = parseArgs({ options: { connections: { type: "string", default: "1000000" } } });
const connections = Number(values.connections);
shortConnections(10_000);
const before = await usedBytes();
const { partition, nowNs } = shortConnections(connections);
partition.tick(nowNs + 60e9);
const grown = (await usedBytes()) - before;
const { tombstonesEvicted } = partition.ledger();
process.stdout.write(
	`${connections} short connections, each answer its own; ${tombstonesEvicted} tombstones evicted; memory ${grown >= 0 ? "+" : ""}${(grown / 1024).toFixed(0)} KiB\n`,
);
if (grown > MAX_GROWTH_BYTES) throw new Error(`Memory grew by ${grown} bytes: at most ${MAX_GROWTH_BYTES} may stay`);
