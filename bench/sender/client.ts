/**
 * One contender, in a process of its own: `client.ts h2|grpc|baseline|stalled PORT BYTES SECONDS [CA]`. Prints JSON: acked records,
 * seconds from the first to the last acknowledgement, microseconds of CPU, and `all` that was acked since the start; `stalled`:
 * bytes of memory.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { createSender, h2Transport, type Sender } from "@wirescribe/sender";
import { grpcTransport } from "@wirescribe/sender/grpc";

const [contender = "", port = "", bytes = "", runSeconds = "", ca] = process.argv.slice(2);
const target = `127.0.0.1:${port}`;
const path = "/test.Sink/take";
const secure = ca === undefined ? credentials.createInsecure() : credentials.createSsl(readFileSync(ca));
// Node 26 refuses an address as the name to ask for, which is what grpc-js takes from its target.
const channelOptions = ca === undefined ? {} : { "grpc.ssl_target_name_override": "collector.test" };
const body = Buffer.alloc(Number(bytes), "x");
const nothing = new Uint8Array(0);
/** The configured budget of the stalled sender. */
const BUDGET = 16 * 1024 * 1024;

function start(overflow: "block" | "overwrite-oldest"): Sender {
	const transport =
		contender === "grpc"
			? grpcTransport({ target, path, credentials: secure, channelOptions })
			: h2Transport({ target, path, ...(ca === undefined ? {} : { tls: { caFile: ca } }) });
	return createSender({ transport, overflow, maxRetainedBytes: BUDGET });
}

/** Sends for the given time, waits for the acknowledgement of all; answers how many records. */
async function send(endMs: number): Promise<number> {
	const sender = start("block");
	for (let key = 0; performance.now() < endMs; key++) {
		// A pause now and then, as records come from elsewhere.
		if (key % 64 === 0) await new Promise((turn) => setImmediate(turn));
		for (let n = 0; n < 64; n++) {
			while (sender.enqueue({ key, version: 1, preamble: nothing, body }) === "full") await sender.room();
		}
	}
	const { acked, accepted } = await sender.shutdown(60_000);
	if (acked !== accepted) throw new Error(`${accepted - acked} of ${accepted} records were not acknowledged`);
	return acked;
}

/** The ordinary way: one stream, a write for each message, at the peer's pace. */
async function sendPlainly(endMs: number): Promise<number> {
	const client = new Client(target, secure, channelOptions);
	const identity = (message: Buffer): Buffer => message;
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	const call = client.makeClientStreamRequest(path, identity, identity, new Metadata(), (error) =>
		error === null ? resolve() : reject(error),
	);
	let sent = 0;
	while (performance.now() < endMs) {
		sent++;
		if (!call.write(body)) await new Promise<void>((room) => call.once("drain", room));
	}
	call.end();
	await promise;
	client.close();
	return sent;
}

/** What a sender holds whose peer takes nothing, long after its budget is full. */
async function stalled(): Promise<number> {
	const memory = async (): Promise<number> => {
		for (let n = 0; n < 3; n++) {
			globalThis.gc?.();
			await new Promise((turn) => setTimeout(turn, 50));
		}
		const { heapUsed, external } = process.memoryUsage();
		return heapUsed + external;
	};
	const before = await memory();
	const sender = start("overwrite-oldest");
	for (let key = 0; key < 5000; key++) {
		for (let n = 0; n < 64; n++) sender.enqueue({ key, version: 1, preamble: nothing, body });
		if (key % 50 === 0) await new Promise((turn) => setTimeout(turn, 1));
	}
	return (await memory()) - before;
}

if (contender === "stalled") {
	console.log(JSON.stringify({ bytes: await stalled(), budget: BUDGET }));
} else {
	const way = contender === "baseline" ? sendPlainly : send;
	// Once to warm up.
	const before = await way(performance.now() + 500);
	const cpu = process.cpuUsage();
	const startMs = performance.now();
	const records = await way(startMs + Number(runSeconds) * 1000);
	const { user, system } = process.cpuUsage(cpu);
	const seconds = (performance.now() - startMs) / 1000;
	console.log(JSON.stringify({ records, seconds, cpuMicros: user + system, all: before + records }));
}
process.exit();
