import { createServer } from "node:net";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import type { Connection, NodeInfo, Operation, Transaction } from "@wirescribe/access-log";
import {
	decodeMessage,
	encodeConnection,
	encodeKernelLogs,
	encodeNode,
	encodeTransaction,
	Writer,
} from "@wirescribe/access-log";
import { afterEach, expect, test } from "vitest";
import { COLLECT_PATH } from "./collect-path.ts";
import { type Collector, startCollector } from "./collector.ts";
import type { CollectorEntry } from "./collector-stream.ts";
import { CollectorStream } from "./collector-stream.ts";
import { collectorJsonLine, collectorTextLine } from "./lines.ts";

const node: NodeInfo = {
	name: "node-1",
	interfaces: [],
	bootTime: { seconds: 1_795_225_445, nanos: 5 },
	clusterName: "",
	excludeNamespaces: [],
};
const connection: Connection = {
	socketId: 1,
	version: 1,
	pid: 5,
	fd: 3,
	comm: "curl",
	role: "server",
	local: { ip: "::1", port: 80 },
	remote: { ip: "::1", port: 5000 },
	tls: false,
	protocol: "http/1",
};
const operation: Operation = {
	kind: "read",
	syscall: 1,
	startNs: 1_000_000_000,
	endNs: 1_001_000_000,
	success: true,
	bytes: 10,
	segsOut: 0,
	retransmits: 0,
	srttUs: 0,
	lost: 0,
	dataId: 1,
};
const transaction: Transaction = {
	connection,
	startNs: 1_000_000_000,
	endNs: 1_002_000_000,
	version: "http/1.1",
	method: "POST",
	target: "/a?b=c",
	path: "/a?b=c",
	host: "h",
	status: 201,
	request: { headerBytes: 10, bodyBytes: 20 },
	response: { headerBytes: 30, bodyBytes: 40 },
	trace: { provider: "w3c", traceId: "t", segmentId: "", spanId: "s" },
	partial: [],
	unpaired: null,
	operations: 2,
};

function message(build: (w: Writer) => void): Uint8Array {
	const w = new Writer();
	build(w);
	return w.finish();
}
const first = message((w) => {
	encodeNode(w, node);
	encodeConnection(w, connection);
	encodeKernelLogs(w, [operation]);
});
const second = message((w) => encodeTransaction(w, transaction, [operation, operation]));

const open: { close(): unknown }[] = [];
afterEach(async () => {
	for (const thing of open.splice(0)) await thing.close();
});

async function start(options: Partial<Parameters<typeof startCollector>[0]> = {}): Promise<Collector> {
	const collector = await startCollector({ listen: "127.0.0.1:0", ...options });
	open.push(collector);
	return collector;
}

function deliver(
	target: string,
	messages: readonly Uint8Array[],
	metadata: Metadata = new Metadata(),
): Promise<ServiceError | null> {
	const client = new Client(target, credentials.createInsecure());
	open.push(client);
	return new Promise((resolve) => {
		const call = client.makeClientStreamRequest(
			COLLECT_PATH,
			(bytes: Uint8Array) => Buffer.from(bytes),
			(bytes: Buffer) => bytes,
			metadata,
			(error: ServiceError | null) => resolve(error),
		);
		for (const bytes of messages) call.write(bytes);
		call.end();
	});
}

test("without the token nothing is taken", async () => {
	const collector = await start({ authentication: "a secret" });
	for (const given of [null, "a guess", "a secret"]) {
		const metadata = new Metadata();
		if (given !== null) metadata.set("Authentication", given);
		const refused = await deliver(collector.address, [first], metadata);
		expect(refused?.code, `${given}`).toBe(given === "a secret" ? undefined : status.UNAUTHENTICATED);
	}
	expect(collector.received).toMatchObject({ streams: 1, messages: 1 });
});

test("each message comes with its node and connection, and is counted", async () => {
	const entries: CollectorEntry[] = [];
	const ends: boolean[] = [];
	const collector = await start({
		onMessage: (_stream, entry) => entries.push(entry),
		onStreamEnd: (_stream, ok) => ends.push(ok),
	});
	expect(await deliver(collector.address, [first, second])).toBeNull();
	expect(entries.map((entry) => entry.connection?.remote?.ip?.port)).toEqual([5000, 5000]);
	expect(entries[1]?.node?.name).toBe("node-1");
	expect(collector.received).toEqual({
		streams: 1,
		acknowledged: 1,
		messages: 2,
		bytes: first.length + second.length,
		kernelLogs: 3,
		protocolLogs: 1,
		violations: 0,
	});
	expect(ends).toEqual([true]);
	expect(entries.map(collectorJsonLine)[0]).toBeNull();
	expect(JSON.parse(collectorJsonLine(entries[1]!)!)).toEqual({
		time: "2026-11-21T01:44:06.000000005Z",
		duration_ms: 2,
		pid: null,
		comm: null,
		role: "server",
		local: "[::1]:80",
		remote: "[::1]:5000",
		tls: false,
		protocol: "http/1",
		method: "POST",
		path: "/a",
		host: "h",
		status: 201,
		request: { header_bytes: 10, body_bytes: 20 },
		response: { header_bytes: 30, body_bytes: 40 },
		operations: 2,
		trace: { provider: "zipkin", trace_id: "t", segment_id: null, span_id: "s" },
		partial: [],
	});
	expect(collectorTextLine(entries[1]!, { color: false })).toBe(
		"01:44:06.000Z [::1]:5000 -> [::1]:80  POST /a 201  2.0ms  30B > 70B",
	);
});

test("without onMessage nothing is decoded", async () => {
	const sizes: number[] = [];
	const collector = await start({ onBytes: (_stream, bytes) => sizes.push(bytes.length) });
	expect(await deliver(collector.address, [Uint8Array.of(0xff), second])).toBeNull();
	expect(sizes).toEqual([1, second.length]);
	expect(collector.received.kernelLogs).toBe(0);
});

test("what cannot be decoded is refused for good", async () => {
	const collector = await start({ onMessage: () => {} });
	const error = await deliver(collector.address, [Uint8Array.of(0x12, 0x05, 0x01)]);
	expect(error?.code).toBe(status.INVALID_ARGUMENT);
	expect(error?.details).toContain("message 1 cannot be decoded");
});

test("a message above the limit is refused", async () => {
	const collector = await start({ maxMessageBytes: 10 });
	expect((await deliver(collector.address, [second]))?.code).toBe(status.RESOURCE_EXHAUSTED);
	expect(collector.received.acknowledged).toBe(0);
});

test("a busy port is one clear error", async () => {
	const other = createServer();
	await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
	open.push(other);
	const address = other.address();
	const port = typeof address === "object" ? address?.port : 0;
	await expect(start({ listen: `127.0.0.1:${port}` })).rejects.toMatchObject({
		code: "EADDRINUSE",
		message: `Cannot listen on 127.0.0.1:${port}: another program listens there; stop it, or choose another port (EADDRINUSE)`,
	});
	await expect(start({ listen: "11800" })).rejects.toMatchObject({ code: "ERR_BAD_ADDRESS" });
	await expect(start({ listen: "127.0.0.1:99999" })).rejects.toMatchObject({ code: "ERR_BAD_ADDRESS" });
});

test("rules of a stream: what breaks them is named and handed on", () => {
	const bare = new CollectorStream();
	expect(bare.accept(decodeMessage(second)).violation).toBe("no-node");
	const rules = new CollectorStream();
	const nodeOnly = message((w) => encodeNode(w, node));
	expect(rules.accept(decodeMessage(nodeOnly)).violation).toBeNull();
	expect(rules.accept(decodeMessage(second)).violation).toBe("no-connection");
	expect(rules.accept(decodeMessage(nodeOnly)).violation).toBe("node-again");
	expect(rules.accept(decodeMessage(first)).connection?.local?.ip?.port).toBe(80);
});
