/**
 * What 10,000 open connections hold that have had one exchange each and now wait for the next: all in all, and by part.
 *
 *     node --expose-gc --conditions=@wirescribe/source packages/pipeline/bench/idle.ts
 */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionTable } from "@wirescribe/connections";
import { Http1Connection } from "@wirescribe/http1-parser";
import { MessageOutput, OutputBuffer, Partition, type RecordOutput } from "../src/index.ts";
import { OperationLog } from "../src/operation-log.ts";
import { BatchBuilder } from "../test/batch-builder.ts";

const CONNECTIONS = 10_000;
const GOAL_BYTES = 1536;
const REQUEST = "GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n";
const RESPONSE = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const PROCESS = { exe: "/usr/sbin/nginx", uid: 33, containerId: "", cgroup: "/system.slice/nginx.service" };

declare const Bun: { gc(force: boolean): void } | undefined;

async function usedBytes(): Promise<number> {
	for (let i = 0; i < 3; i++) {
		const { gc } = globalThis as { gc?: () => void };
		if (typeof Bun !== "undefined") Bun.gc(true);
		else if (gc === undefined) throw new Error("Cannot collect garbage: start the runtime with --expose-gc");
		else gc();
		await sleep(20);
	}
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	return heapUsed + arrayBuffers;
}

/** Bytes for each of what `make` makes 10,000 of; `kept` holds it meanwhile. */
async function bytesEach(make: (i: number) => void, kept: () => unknown, rest = (): void => {}): Promise<number> {
	const before = await usedBytes();
	for (let i = 0; i < CONNECTIONS; i++) make(i);
	rest();
	const after = await usedBytes();
	if (!kept()) throw new Error("nothing was kept");
	return (after - before) / CONNECTIONS;
}

/** One connection in the life of a partition: described, attributed, one exchange, idle. */
function exchange(partition: Partition, frames: OutputBuffer | undefined, i: number): void {
	const batch = new BatchBuilder(i + 1)
		.connection(2, "accept")
		.operation({ direction: 1, id: 1, offset: 100, text: REQUEST, atNs: 2_000, protocol: "http1" })
		.operation({ direction: 2, id: 2, offset: 500, text: RESPONSE, atNs: 3_000, protocol: "http1" })
		.take();
	partition.attribute(i + 1, { process: PROCESS });
	partition.consume(batch, 4_000);
	frames?.take();
}

async function wholePartition(output: RecordOutput, frames?: OutputBuffer): Promise<number> {
	const partition = new Partition({ output });
	exchange(partition, frames, CONNECTIONS);
	return await bytesEach(
		(i) => exchange(partition, frames, i),
		() => partition.ledger().connectionsOpen === CONNECTIONS + 1 && partition.ledger().logged === CONNECTIONS + 1,
		() => partition.tick(5e9),
	);
}

const nothing: RecordOutput = { transaction() {}, operations() {} };
const frames = new OutputBuffer();
const logs: OperationLog[] = new Array(CONNECTIONS);
const parsers: Http1Connection[] = new Array(CONNECTIONS);
const descriptions: object[] = new Array(CONNECTIONS);
const table = new ConnectionTable<object>();
const entry = {};
const sink = { exchange() {}, protocol() {} };

const parts: Record<string, number> = {
	"all, lines": await wholePartition(nothing),
	"all, messages (each with its connection's encoded description)": await wholePartition(
		new MessageOutput(frames),
		frames,
	),
	"  Http1Connection, unused": await bytesEach(
		(i) => {
			parsers[i] = new Http1Connection({}, sink);
		},
		() => parsers,
	),
	"  description": await bytesEach(
		(i) => {
			const end = (last: number): object => ({ ip: `127.0.0.${last}`, port: 8080 + i });
			const names = { socketId: i, version: 2, pid: 77, fd: 5, comm: `server${i}`, role: "server" };
			descriptions[i] = { ...names, local: end(1), remote: end(2), tls: false, protocol: "http/1", process: PROCESS };
		},
		() => descriptions,
	),
	"  OperationLog": await bytesEach(
		(i) => {
			logs[i] = new OperationLog();
		},
		() => logs,
	),
	"  ConnectionTable's entry": await bytesEach(
		(i) => table.set(i, entry),
		() => table.stats().open === CONNECTIONS,
	),
	"  tombstone": await bytesEach(
		(i) => table.close(i, i),
		() => table.stats().closed === CONNECTIONS,
	),
};
for (const [name, bytes] of Object.entries(parts)) process.stdout.write(`${name.padEnd(66)} ${Math.round(bytes)} B\n`);
const whole = Math.max(parts["all, lines"] ?? 0, 0);
process.stdout.write(`goal: at most ${GOAL_BYTES} B: ${whole <= GOAL_BYTES ? "met" : "not met"}\n`);
