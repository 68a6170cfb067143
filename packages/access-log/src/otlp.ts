import { lineReasons } from "./json-line.ts";
import { attribute, type TraceIds, traceIds, unixTime } from "./otlp-fields.ts";
import { type Connection, hiddenPeer, type Instant, type NodeInfo, type Transaction } from "./types.ts";
import type { Writer } from "./writer.ts";

/*
 * A transaction as OpenTelemetry has it: a log record, or a span of the client's or the server's side. Names are those of the
 * semantic conventions for HTTP, version 1.37; what they have no name for begins with `wirescribe.`.
 *
 *   request = [1 resource = [1 Resource] [2 scope = [1 scope] [2 log record | span]* ] ]
 *
 * Written are the fields of the innermost message: whoever exports them joins many to a request.
 */

const methods: ReadonlySet<string> = new Set("GET POST PUT DELETE HEAD PATCH OPTIONS TRACE CONNECT".split(" "));
const INFO = 9;
const WARN = 13;
const ERROR = 17;
const KIND_SERVER = 2;
const KIND_CLIENT = 3;
const STATUS_ERROR = 2;

/** The fields of a Resource: this machine. */
export function encodeResource(w: Writer, { name, clusterName }: Pick<NodeInfo, "name" | "clusterName">): void {
	attribute(w, 1, "service.name", "wirescribe");
	attribute(w, 1, "host.name", name);
	attribute(w, 1, "os.type", "linux");
	if (clusterName !== "") attribute(w, 1, "k8s.cluster.name", clusterName);
}

/** The fields of a LogRecord. Its ids are those of the request's trace; without one it has none. */
export function encodeLogRecord(w: Writer, tx: Transaction, bootTime: Instant): void {
	const startNs = tx.startNs === 0 ? tx.endNs : tx.startNs;
	const severity = severityOf(tx.status);
	unixTime(w, 1, bootTime, startNs);
	w.uint(2, severity);
	w.string(3, severity === INFO ? "INFO" : severity === WARN ? "WARN" : "ERROR");
	const body = w.open(5);
	w.element(1, `${tx.method || "-"} ${withoutQuery(tx.path) || "-"} ${tx.status ?? "-"}`);
	w.close(body);
	attributes(w, 6, tx);
	attribute(w, 6, "wirescribe.duration_ns", tx.endNs - startNs);
	const ids = traceIds(tx, bootTime);
	if (ids.parentId !== null) {
		w.bytesField(9, ids.traceId);
		w.bytesField(10, ids.parentId);
	}
	unixTime(w, 11, bootTime, tx.endNs);
}

/**
 * The fields of a Span. Its parent is the span that the request's headers name. Its own id, and its trace's where the
 * request names none, come of the connection and the time: the same transaction has the same ids however often it is
 * encoded.
 */
export function encodeSpan(
	w: Writer,
	tx: Transaction,
	bootTime: Instant,
	ids: TraceIds = traceIds(tx, bootTime),
): void {
	const server = tx.connection.role === "server";
	w.bytesField(1, ids.traceId);
	w.bytesField(2, ids.spanId);
	if (ids.parentId !== null) w.bytesField(4, ids.parentId);
	w.string(5, methods.has(tx.method) ? tx.method : "HTTP");
	w.uint(6, server ? KIND_SERVER : KIND_CLIENT);
	unixTime(w, 7, bootTime, tx.startNs === 0 ? tx.endNs : tx.startNs);
	unixTime(w, 8, bootTime, tx.endNs);
	attributes(w, 9, tx);
	if (isError(tx)) {
		const status = w.open(15);
		w.uint(3, STATUS_ERROR);
		w.close(status);
	}
}

/** A server has failed from 500 on; for a client 400 is a failure, too. */
function isError({ status, connection }: Transaction): boolean {
	return status !== null && status >= (connection.role === "server" ? 500 : 400);
}

function severityOf(status: number | null): number {
	return status === null || status < 400 ? INFO : status < 500 ? WARN : ERROR;
}

function withoutQuery(path: string): string {
	const query = path.indexOf("?");
	return query === -1 ? path : path.slice(0, query);
}

function attributes(w: Writer, field: number, tx: Transaction): void {
	const { connection, request, response } = tx;
	if (tx.method !== "") requestAttributes(w, field, tx);
	attribute(w, field, "url.scheme", connection.tls ? "https" : "http");
	attribute(w, field, "network.protocol.name", "http");
	attribute(w, field, "network.protocol.version", tx.version.slice("http/".length));
	ends(w, field, tx);
	if (tx.status !== null) attribute(w, field, "http.response.status_code", tx.status);
	if (isError(tx)) attribute(w, field, "error.type", String(tx.status));
	for (const [name, size] of [
		["request", request],
		["response", response],
	] as const) {
		if (size === null) continue;
		attribute(w, field, `http.${name}.size`, size.headerBytes + size.bodyBytes);
		attribute(w, field, `http.${name}.body.size`, size.bodyBytes);
	}
	processAttributes(w, field, connection);
	const reasons = lineReasons(tx);
	if (reasons.length > 0) attribute(w, field, "wirescribe.partial", reasons.join(","));
}

function requestAttributes(w: Writer, field: number, { method, path, trace }: Transaction): void {
	if (methods.has(method)) attribute(w, field, "http.request.method", method);
	else {
		attribute(w, field, "http.request.method", "_OTHER");
		attribute(w, field, "http.request.method_original", method);
	}
	attribute(w, field, "url.path", withoutQuery(path));
	if (trace?.provider === "skywalking") attribute(w, field, "wirescribe.skywalking_trace_id", trace.traceId);
}

/** The process on this end, as far as it is known, and the service at the other one. */
function processAttributes(w: Writer, field: number, connection: Connection): void {
	const { process, workload, remoteWorkload } = connection;
	attribute(w, field, "process.pid", connection.pid);
	attribute(w, field, "process.executable.name", connection.comm);
	for (const [name, value] of [
		["process.executable.path", process?.exe],
		["container.id", process?.containerId],
		["k8s.namespace.name", workload?.namespace],
		["k8s.pod.name", workload?.pod],
		["k8s.container.name", workload?.container],
		["peer.service", remoteWorkload?.service],
	] as const) {
		if (value) attribute(w, field, name, value);
	}
}

/** Who asked whom: `server` as the request names it, else by its address. */
function ends(w: Writer, field: number, { connection, host }: Transaction): void {
	const { role, local, remote } = connection;
	const peer = hiddenPeer(connection) ?? remote;
	const [server, client] = role === "server" ? [local, peer] : [peer, local];
	const named = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(host ?? "");
	attribute(w, field, "server.address", named?.[1]?.replace(/^\[|\]$/g, "") || server.ip);
	attribute(w, field, "server.port", named?.[2] === undefined ? server.port : Number(named[2]));
	attribute(w, field, "client.address", client.ip);
	attribute(w, field, "client.port", client.port);
	attribute(w, field, "network.peer.address", peer.ip);
	attribute(w, field, "network.peer.port", peer.port);
	attribute(w, field, "network.local.address", local.ip);
	attribute(w, field, "network.local.port", local.port);
}
