import {
	type Address,
	type Connection,
	hiddenPeer,
	type MessageSize,
	type NodeInfo,
	type Operation,
	type Trace,
	type Transaction,
	type TunnelAttachment,
	type Workload,
} from "./types.ts";
import type { Writer } from "./writer.ts";

/*
 * The hot path: fields of one EBPFAccessLogMessage, written by hand, byte for byte what the schema's generated encoder
 * writes (encode.test.ts compares them on random messages). Numbers are field numbers of schema/access-log.proto.
 *
 *   message = [1 node, first message of a stream] [2 connection, when it changes] [3 kernel log]* [4 protocol log]
 *
 * Every function appends whole fields, so a message is put together by calling them, or by joining their bytes.
 */

/** Our number of a read-like call -> the contract's. What the contract has no name for is Read. */
const readSyscalls: Readonly<Record<number, number>> = { 1: 0, 2: 1, 3: 3, 4: 4, 5: 5, 6: 1 };
/** Our number of a write-like call -> the contract's. What the contract has no name for is Write. */
const writeSyscalls: Readonly<Record<number, number>> = { 16: 0, 17: 1, 18: 3, 19: 4, 20: 5, 21: 7, 23: 1 };

const methods: ReadonlyMap<string, number> = new Map([
	["GET", 0],
	["POST", 1],
	["PUT", 2],
	["DELETE", 3],
	["HEAD", 4],
	["PATCH", 5],
	["OPTIONS", 6],
	["TRACE", 7],
	["CONNECT", 8],
]);

/** Field 1: the node. In a stream's first message only. */
export function encodeNode(w: Writer, node: NodeInfo): void {
	const message = w.open(1);
	w.string(1, node.name);
	for (const { index, mtu, name } of node.interfaces) {
		const item = w.open(2);
		w.int(1, index);
		w.int(2, mtu);
		w.string(3, name);
		w.close(item);
	}
	const bootTime = w.open(3);
	w.int(1, node.bootTime.seconds);
	w.int(2, node.bootTime.nanos);
	w.close(bootTime);
	w.string(4, node.clusterName);
	const policy = w.open(5);
	for (const namespace of node.excludeNamespaces) w.element(1, namespace);
	w.close(policy);
	w.close(message);
}

/** Field 2: the connection that this message and those that follow are about. */
export function encodeConnection(w: Writer, connection: Connection): void {
	const message = w.open(2);
	end(w, 1, connection.local, connection.workload, connection.comm);
	// The contract has one remote: the real one.
	const remote = hiddenPeer(connection) ?? connection.remote;
	end(w, 2, remote, connection.remoteWorkload, connection.remoteProcess?.comm ?? "");
	// The contract knows no "unknown": it is a client's until it is known to be a server's.
	w.uint(3, connection.role === "server" ? 1 : 0);
	w.bool(4, connection.tls);
	w.uint(5, connection.protocol === "http/1" ? 1 : connection.protocol === "http/2" ? 2 : 0);
	if (connection.attachment) attachment(w, connection.attachment);
	w.close(message);
}

/** ConnectionAttachment { 1: ZTunnelAttachmentEnvironment }. */
function attachment(w: Writer, { realDestinationIp, by, securityPolicy, additions }: TunnelAttachment): void {
	const message = w.open(6);
	const tunnel = w.open(1);
	w.string(1, realDestinationIp);
	w.uint(2, by === "inbound" ? 1 : 0);
	w.uint(3, securityPolicy === "none" ? 1 : 0);
	for (const [key, value] of Object.entries(additions)) {
		const pair = w.open(4);
		w.string(1, key);
		w.string(2, value);
		w.close(pair);
	}
	w.close(tunnel);
	w.close(message);
}

/** Fields 3: kernel logs on their own, in the order given. Many of them: see `splitKernelLogs`. */
export function encodeKernelLogs(w: Writer, operations: readonly Operation[]): void {
	for (const operation of operations) encodeKernelLog(w, operation);
}

/** Fields 3 and 4: a transaction with the kernel logs of its own operations. */
export function encodeTransaction(w: Writer, tx: Transaction, operations: readonly Operation[]): void {
	encodeKernelLogs(w, operations);
	const log = w.open(4);
	const http = w.open(1);
	const { request, response } = tx;
	times(w, tx.startNs, tx.endNs);
	w.uint(3, tx.version.startsWith("http/2") ? 1 : 0);
	if (request !== null) encodeRequest(w, tx, request);
	if (response !== null) {
		const message = w.open(5);
		w.int(1, tx.status ?? 0);
		w.uint(3, response.headerBytes);
		w.uint(4, response.bodyBytes);
		w.close(message);
	}
	w.close(http);
	w.close(log);
}

function encodeRequest(w: Writer, tx: Transaction, size: MessageSize): void {
	const message = w.open(4);
	// The contract's list of methods has no "other": what is not in it goes as Get.
	w.uint(1, methods.get(tx.method) ?? 0);
	w.string(2, withoutQuery(tx.path));
	w.uint(3, size.headerBytes);
	w.uint(4, size.bodyBytes);
	if (tx.trace !== null) encodeTrace(w, tx.trace);
	if (tx.host !== null) w.string(6, tx.host);
	w.close(message);
}

function withoutQuery(path: string): string {
	const query = path.indexOf("?");
	return query === -1 ? path : path.slice(0, query);
}

function encodeTrace(w: Writer, trace: Trace): void {
	const message = w.open(5);
	// The contract names Zipkin and SkyWalking; a W3C trace id has Zipkin's form.
	w.uint(1, trace.provider === "skywalking" ? 1 : 0);
	w.string(2, trace.traceId);
	w.string(3, trace.segmentId);
	w.string(4, trace.spanId);
	w.close(message);
}

function encodeKernelLog(w: Writer, operation: Operation): void {
	const log = w.open(3);
	switch (operation.kind) {
		case "connect":
			plain(w, 1, operation, operation.success);
			break;
		case "accept":
			plain(w, 2, operation, false);
			break;
		case "close":
			plain(w, 3, operation, operation.success);
			break;
		case "read":
			read(w, operation);
			break;
		case "write":
			write(w, operation);
	}
	w.close(log);
}

function plain(w: Writer, field: number, operation: Operation, success: boolean): void {
	const message = w.open(field);
	times(w, operation.startNs, operation.endNs);
	w.bool(3, success);
	w.close(message);
}

/** The contract has no place for the bytes of a read but layer 2, whose packets were not counted: none is invented. */
function read(w: Writer, operation: Operation): void {
	const message = w.open(4);
	times(w, operation.startNs, operation.endNs);
	w.uint(3, readSyscalls[operation.syscall] ?? 0);
	const l4 = w.open(6);
	w.uint(1, duration(operation));
	w.close(l4);
	w.close(message);
}

function write(w: Writer, operation: Operation): void {
	const message = w.open(5);
	times(w, operation.startNs, operation.endNs);
	w.uint(3, writeSyscalls[operation.syscall] ?? 0);
	const l4 = w.open(4);
	w.uint(1, duration(operation));
	w.uint(2, operation.segsOut);
	w.uint(3, operation.retransmits);
	if (operation.lost > 0) {
		const loss = w.open(4);
		w.string(1, "tcp");
		w.uint(2, operation.lost);
		w.close(loss);
	}
	w.uint(5, operation.bytes);
	w.close(l4);
	w.close(message);
}

function duration(operation: Operation): number {
	return operation.startNs === 0 ? 0 : operation.endNs - operation.startNs;
}

/** Fields 1 and 2 of every log. An unknown start is the end: as an offset, 0 would mean the boot of the machine. */
function times(w: Writer, startNs: number, endNs: number): void {
	time(w, 1, startNs === 0 ? endNs : startNs);
	time(w, 2, endNs);
}

/** EBPFTimestamp { 1: EBPFOffsetTimestamp { 1: ns } }. Six of them in a transaction: both lengths are one byte, always. */
function time(w: Writer, field: number, ns: number): void {
	w.reserve(16);
	const { bytes, length: at } = w;
	bytes[at] = (field << 3) | 2;
	bytes[at + 2] = (1 << 3) | 2;
	w.length = at + 4;
	w.uint(1, ns);
	bytes[at + 1] = w.length - at - 2;
	bytes[at + 3] = w.length - at - 4;
}

/** One end: as part of a pod where that is known, else as an address. A service alone is no process. */
function end(w: Writer, field: number, address: Address, workload: Workload | undefined, process: string): void {
	const message = w.open(field);
	if (workload?.pod) {
		const pod = w.open(1);
		w.string(1, workload.service);
		w.string(2, workload.pod);
		w.string(3, workload.container);
		w.string(4, process);
		w.int(5, address.port);
		w.close(pod);
	} else {
		const inner = w.open(2);
		w.string(1, address.ip);
		w.int(2, address.port);
		w.close(inner);
	}
	w.close(message);
}
