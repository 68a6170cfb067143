import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EBPFAccessLogMessage, type Message } from "../generated/schema.generated.js";
import { decodeMessage } from "./decode.ts";
import { encodeConnection, encodeKernelLogs, encodeNode, encodeTransaction } from "./encode.ts";
import { MAX_KERNEL_LOG_BYTES, splitKernelLogs } from "./split.ts";
import type { Connection, NodeInfo, Operation, Transaction } from "./types.ts";
import { Writer } from "./writer.ts";

const text = fc.oneof(
	fc.string({ unit: "grapheme", maxLength: 20 }),
	fc.string({ unit: "grapheme-ascii", maxLength: 300 }),
	fc.constantFrom(
		"",
		"x".repeat(127),
		"x".repeat(128),
		"y".repeat(17_000),
		"é".repeat(64),
		`${"x".repeat(200)}\u{1f600}`,
	),
);
const count = fc.oneof(fc.constantFrom(0, 1, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32), fc.maxSafeNat());
const small = fc.oneof(fc.constantFrom(0, 1, 127, 128), fc.nat());
const address = fc.record({ ip: fc.oneof(fc.ipV4(), fc.ipV6()), port: fc.nat(65535) });

const nodes: fc.Arbitrary<NodeInfo> = fc.record({
	name: text,
	interfaces: fc.array(fc.record({ index: fc.integer({ min: -3 }), mtu: small, name: text }), { maxLength: 4 }),
	bootTime: fc.record({ seconds: fc.integer({ min: -5, max: 2 ** 40 }), nanos: fc.nat(999_999_999) }),
	clusterName: text,
	excludeNamespaces: fc.array(text, { maxLength: 3 }),
});
const workload = fc.record({
	namespace: text,
	pod: fc.oneof(text, fc.constant("")),
	container: text,
	owner: text,
	service: text,
});
const attachment = fc.record({
	realDestinationIp: text,
	by: fc.constantFrom("outbound", "inbound"),
	securityPolicy: fc.constantFrom("mtls", "none"),
	additions: fc.dictionary(text, text, { maxKeys: 3 }),
});
const connections: fc.Arbitrary<Connection> = fc.record(
	{
		socketId: count,
		version: small,
		pid: small,
		fd: small,
		comm: text,
		role: fc.constantFrom("client", "server", "unknown"),
		local: address,
		remote: address,
		peer: address,
		workload,
		remoteProcess: fc.record({ pid: small, comm: text, containerId: text }),
		remoteWorkload: workload,
		attachment,
		tls: fc.boolean(),
		protocol: fc.constantFrom("tcp", "http/1", "http/2"),
	},
	{ requiredKeys: ["socketId", "version", "pid", "fd", "comm", "role", "local", "remote", "tls", "protocol"] },
);
const operations: fc.Arbitrary<Operation> = fc.record({
	kind: fc.constantFrom("connect", "accept", "close", "read", "write"),
	syscall: fc.nat(50),
	startNs: count,
	endNs: count,
	success: fc.boolean(),
	bytes: count,
	segsOut: small,
	retransmits: small,
	srttUs: small,
	lost: small,
	dataId: count,
});
const sizes = fc.option(fc.record({ headerBytes: count, bodyBytes: count }));
const transactions: fc.Arbitrary<Transaction> = fc.record({
	connection: connections,
	startNs: count,
	endNs: count,
	version: fc.constantFrom("http/1.0", "http/1.1", "http/2"),
	method: fc.constantFrom("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"),
	target: text,
	path: text,
	host: fc.option(text),
	status: fc.option(fc.integer({ min: -1, max: 999 })),
	request: sizes,
	response: sizes,
	trace: fc.option(
		fc.record({
			provider: fc.constantFrom("w3c", "zipkin", "skywalking"),
			traceId: text,
			segmentId: text,
			spanId: text,
		}),
	),
	partial: fc.constant([]),
	unpaired: fc.constant(null),
	operations: small,
});

// What the generated encoder is given: the same things said in the schema's words, from the contract's tables.
const when = (offset: number) => ({ offset: { offset } });
const span = (o: { startNs: number; endNs: number }) => ({
	startTime: when(o.startNs || o.endNs),
	endTime: when(o.endNs),
});
const took = (o: Operation) => Math.max(0, o.endNs - (o.startNs || o.endNs));
const readNames: Record<number, number> = { 1: 0, 2: 1, 3: 3, 4: 4, 5: 5, 6: 1, 48: 0 };
const writeNames: Record<number, number> = { 16: 0, 17: 1, 18: 3, 19: 4, 20: 5, 21: 7, 22: 0, 23: 1, 49: 0 };
const methodNames = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "TRACE", "CONNECT"];

function kernelLog(o: Operation) {
	if (o.kind === "read") {
		return { read: { ...span(o), syscall: readNames[o.syscall] ?? 0, l4Metrics: { totalDuration: took(o) } } };
	}
	if (o.kind === "write") {
		const l4Metrics = {
			totalDuration: took(o),
			totalTransmitPackageCount: o.segsOut,
			totalRetransmitPackageCount: o.retransmits,
			lossPackageMetrics: o.lost > 0 ? [{ location: "tcp", count: o.lost }] : [],
			totalPackageSize: o.bytes,
		};
		return { write: { ...span(o), syscall: writeNames[o.syscall] ?? 0, l4Metrics } };
	}
	return { [o.kind]: o.kind === "accept" ? span(o) : { ...span(o), success: o.success } };
}

function connectionOf(c: Connection) {
	const end = ({ ip, port }: { ip: string; port: number }, pod: Connection["workload"], processName: string) =>
		pod?.pod
			? {
					kubernetes: {
						serviceName: pod.service,
						podName: pod.pod,
						containerName: pod.container,
						processName,
						port,
					},
				}
			: { ip: { host: ip, port } };
	const remote = c.role === "server" ? c.remote : (c.peer ?? c.remote);
	const zTunnel = c.attachment && {
		realDestinationIp: c.attachment.realDestinationIp,
		by: c.attachment.by === "inbound" ? 1 : 0,
		securityPolicy: c.attachment.securityPolicy === "none" ? 1 : 0,
		addition: Object.entries(c.attachment.additions).map(([key, value]) => ({ key, value })),
	};
	return {
		local: end(c.local, c.workload, c.comm),
		remote: end(remote, c.remoteWorkload, c.remoteProcess?.comm ?? ""),
		...(zTunnel ? { attachment: { zTunnel } } : {}),
		role: c.role === "server" ? 1 : 0,
		tlsMode: c.tls ? 1 : 0,
		protocol: ["tcp", "http/1", "http/2"].indexOf(c.protocol),
	};
}

function protocolLog(t: Transaction) {
	const size = (m: { headerBytes: number; bodyBytes: number }) => ({
		sizeOfHeadersBytes: m.headerBytes,
		sizeOfBodyBytes: m.bodyBytes,
	});
	const trace = t.trace && {
		provider: t.trace.provider === "skywalking" ? 1 : 0,
		traceId: t.trace.traceId,
		traceSegmentId: t.trace.segmentId,
		spanId: t.trace.spanId,
	};
	const method = Math.max(0, methodNames.indexOf(t.method));
	const request = t.request && { method, path: t.path.split("?")[0]!, ...size(t.request), trace, host: t.host };
	const response = t.response && { statusCode: t.status ?? 0, ...size(t.response) };
	return { http: { ...span(t), version: t.version === "http/2" ? 1 : 0, request, response } };
}

describe("the writer gives the bytes of the generated encoder", () => {
	test("on random messages with every field", () => {
		const w = new Writer(16);
		fc.assert(
			fc.property(nodes, connections, transactions, fc.array(operations, { maxLength: 6 }), (n, c, t, ops) => {
				encodeNode(w, n);
				encodeConnection(w, c);
				encodeTransaction(w, t, ops);
				const { interfaces, excludeNamespaces, ...rest } = n;
				const message = {
					node: { ...rest, netInterfaces: [...interfaces], policy: { excludeNamespaces: [...excludeNamespaces] } },
					connection: connectionOf(c),
					kernelLogs: ops.map(kernelLog),
					protocolLog: protocolLog(t),
				};
				expect(Buffer.from(w.finish()).equals(EBPFAccessLogMessage.encode(message).finish())).toBe(true);
			}),
			{ numRuns: 1500 },
		);
	});

	test("on kernel logs alone", () => {
		const w = new Writer();
		fc.assert(
			fc.property(fc.array(operations), (ops) => {
				w.reset();
				encodeKernelLogs(w, ops);
				const message: Message = { kernelLogs: ops.map(kernelLog) };
				expect(Buffer.from(w.view()).equals(EBPFAccessLogMessage.encode(message).finish())).toBe(true);
			}),
			{ numRuns: 500 },
		);
	});
});

test("decoding gives back what was written, 64-bit fields as numbers", () => {
	fc.assert(
		fc.property(connections, fc.array(operations), (c, ops) => {
			const w = new Writer();
			encodeConnection(w, c);
			encodeKernelLogs(w, ops);
			const message = decodeMessage(w.view());
			const { kubernetes, ip } = message.connection?.local ?? {};
			if (c.workload?.pod) expect(kubernetes?.podName).toBe(c.workload.pod);
			else expect(ip?.host).toBe(c.local.ip);
			expect(message.kernelLogs?.length).toBe(ops.length);
			for (const [i, op] of ops.entries()) {
				const log = message.kernelLogs?.[i]?.[op.kind];
				expect(log?.endTime?.offset?.offset).toBe(op.endNs);
				if (op.kind === "write") expect(message.kernelLogs?.[i]?.write?.l4Metrics?.totalPackageSize).toBe(op.bytes);
			}
		}),
	);
});

test("a lone surrogate becomes U+FFFD", () => {
	const w = new Writer();
	encodeNode(w, {
		name: "a\ud800b",
		interfaces: [],
		bootTime: { seconds: 0, nanos: 0 },
		clusterName: "",
		excludeNamespaces: [],
	});
	expect(decodeMessage(w.view()).node?.name).toBe("a\ufffdb");
});

test("bytes that are no message throw", () => {
	expect(() => decodeMessage(Uint8Array.of(0x12, 0x05, 0x01))).toThrow();
});

describe("splitKernelLogs", () => {
	const biggest: Operation = {
		kind: "write",
		syscall: 21,
		startNs: 1,
		endNs: Number.MAX_SAFE_INTEGER,
		success: true,
		bytes: Number.MAX_SAFE_INTEGER,
		segsOut: Number.MAX_SAFE_INTEGER,
		retransmits: Number.MAX_SAFE_INTEGER,
		srttUs: 1,
		lost: 2 ** 31 - 1,
		dataId: 1,
	};

	test("every part stays within the limit, nothing is left out", () => {
		const parts = splitKernelLogs(new Array<Operation>(1000).fill(biggest), 4096);
		expect(parts.flat().length).toBe(1000);
		for (const part of parts) {
			const w = new Writer();
			encodeKernelLogs(w, part);
			expect(w.length).toBeLessThanOrEqual(4096);
		}
		const w = new Writer();
		encodeKernelLogs(w, [biggest]);
		expect(w.length).toBeLessThanOrEqual(MAX_KERNEL_LOG_BYTES);
	});

	test("one part is the list itself; an impossible limit is refused", () => {
		const list = [biggest];
		expect(splitKernelLogs(list)[0]).toBe(list);
		expect(() => splitKernelLogs(list, 10)).toThrow(RangeError);
	});
});
