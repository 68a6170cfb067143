import {
	type AccessLogConnection,
	type AccessLogHTTPProtocol,
	type Address,
	type EBPFAccessLogNodeInfo,
	type EBPFTimestamp,
	type Instant,
	jsonLine,
	type LineTransaction,
	type MessageSize,
	type Trace,
	textLine,
} from "@wirescribe/access-log";
import type { CollectorEntry } from "./collector-stream.ts";

const methods = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "TRACE", "CONNECT"];
const roles = ["client", "server"] as const;

export interface CollectorTextOptions {
	/** Colour the status, for a terminal. */
	readonly color: boolean;
}

/** The entry's transaction as a line of JSON: null when it has kernel logs only. The wire knows no pid, comm or query. */
export function collectorJsonLine(entry: CollectorEntry): string | null {
	const { protocolLog } = entry;
	if (protocolLog === null) return null;
	return jsonLine(transactionOf(entry, protocolLog), { bootTime: bootTimeOf(entry.node), queryValues: true });
}

/** The entry's transaction as a line for people: null when it has kernel logs only. */
export function collectorTextLine(entry: CollectorEntry, options: CollectorTextOptions): string | null {
	const { protocolLog } = entry;
	if (protocolLog === null) return null;
	const { color } = options;
	return textLine(transactionOf(entry, protocolLog), { bootTime: bootTimeOf(entry.node), queryValues: true, color });
}

function bootTimeOf(node: EBPFAccessLogNodeInfo | null): Instant {
	return { seconds: node?.bootTime?.seconds ?? 0, nanos: node?.bootTime?.nanos ?? 0 };
}

function transactionOf({ connection, kernelLogs }: CollectorEntry, log: AccessLogHTTPProtocol): LineTransaction {
	const { request, response } = log;
	const path = request?.path ?? "";
	return {
		connection: connectionOf(connection),
		startNs: offset(log.startTime),
		endNs: offset(log.endTime),
		// The contract tells the major version only.
		version: log.version === 1 ? "http/2" : "http/1",
		method: request == null ? "" : (methods[request.method ?? 0] ?? ""),
		target: path,
		path,
		host: request?.host || null,
		status: response?.statusCode || null,
		request: size(request),
		response: size(response),
		trace: traceOf(request?.trace),
		partial: [],
		unpaired: null,
		operations: kernelLogs.length,
	};
}

function connectionOf(connection: AccessLogConnection | null): LineTransaction["connection"] {
	return {
		socketId: 0,
		version: 0,
		pid: null,
		fd: 0,
		comm: null,
		role: roles[connection?.role ?? 0] ?? "unknown",
		local: addressOf(connection?.local),
		remote: addressOf(connection?.remote),
		tls: connection?.tlsMode === 1,
		protocol: "http/1",
	};
}

type WireAddress = AccessLogConnection["local"];

/** A Kubernetes address stands as `service/pod/container`. */
function addressOf(address: WireAddress | undefined): Address {
	if (address?.ip != null) return { ip: address.ip.host ?? "", port: address.ip.port ?? 0 };
	const pod = address?.kubernetes;
	if (pod == null) return { ip: "", port: 0 };
	const names = [pod.serviceName, pod.podName, pod.containerName].filter((name) => name != null && name !== "");
	return { ip: names.join("/"), port: pod.port ?? 0 };
}

function offset(timestamp: EBPFTimestamp | null | undefined): number {
	return timestamp?.offset?.offset ?? 0;
}

type WireSize = { sizeOfHeadersBytes?: number | null; sizeOfBodyBytes?: number | null } | null | undefined;

function size(message: WireSize): MessageSize | null {
	if (message == null) return null;
	return { headerBytes: message.sizeOfHeadersBytes ?? 0, bodyBytes: message.sizeOfBodyBytes ?? 0 };
}

type WireTrace = NonNullable<AccessLogHTTPProtocol["request"]>["trace"];

function traceOf(trace: WireTrace | undefined): Trace | null {
	if (trace == null) return null;
	return {
		provider: trace.provider === 1 ? "skywalking" : "zipkin",
		traceId: trace.traceId ?? "",
		segmentId: trace.traceSegmentId ?? "",
		spanId: trace.spanId ?? "",
	};
}
