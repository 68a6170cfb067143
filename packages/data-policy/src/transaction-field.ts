import {
	formatAddress,
	hiddenPeer,
	lineReasons,
	type SeenContent,
	type SeenMessage,
	type Transaction,
} from "@wirescribe/access-log";
import { type FieldReader, type FieldValue, headerOf } from "@wirescribe/filter";

/** A transaction before it is written, and what was seen of its messages beyond it. */
export interface JudgedTransaction {
	readonly transaction: Transaction;
	readonly seen: SeenContent | undefined;
}

type Read = (transaction: Transaction) => FieldValue;

const READS: Readonly<Record<string, Read>> = {
	method: ({ method }) => method,
	path: ({ path }) => withoutQuery(path),
	host: ({ host }) => host,
	status: ({ status }) => status,
	duration_ms: ({ startNs, endNs }) => (startNs === 0 ? 0 : (endNs - startNs) / 1e6),
	protocol: ({ version }) => version,
	tls: ({ connection }) => connection.tls,
	role: ({ connection }) => connection.role,
	pid: ({ connection }) => connection.pid,
	comm: ({ connection }) => connection.comm,
	exe: ({ connection }) => connection.process?.exe,
	uid: ({ connection }) => known(connection.process?.uid),
	container: ({ connection }) => connection.process?.containerId,
	local: ({ connection }) => formatAddress(connection.local),
	"local.ip": ({ connection }) => connection.local.ip,
	"local.port": ({ connection }) => connection.local.port,
	remote: ({ connection }) => formatAddress(connection.remote),
	"remote.ip": ({ connection }) => connection.remote.ip,
	"remote.port": ({ connection }) => connection.remote.port,
	peer: ({ connection }) => {
		const peer = hiddenPeer(connection);
		return peer && formatAddress(peer);
	},
	request: ({ request }) => request !== null || undefined,
	"request.header_bytes": ({ request }) => request?.headerBytes,
	"request.body_bytes": ({ request }) => request?.bodyBytes,
	response: ({ response }) => response !== null || undefined,
	"response.header_bytes": ({ response }) => response?.headerBytes,
	"response.body_bytes": ({ response }) => response?.bodyBytes,
	operations: ({ operations }) => operations,
	trace: ({ trace }) => trace !== null || undefined,
	"trace.provider": ({ trace }) => trace?.provider,
	"trace.trace_id": ({ trace }) => trace?.traceId,
	"trace.segment_id": ({ trace }) => trace?.segmentId,
	"trace.span_id": ({ trace }) => trace?.spanId,
	partial: (transaction) => lineReasons(transaction),
	kubernetes: ({ connection }) => connection.workload !== undefined || undefined,
	namespace: ({ connection }) => connection.workload?.namespace,
	pod: ({ connection }) => connection.workload?.pod,
	owner: ({ connection }) => connection.workload?.owner,
	service: ({ connection }) => connection.workload?.service,
	"kubernetes.container": ({ connection }) => connection.workload?.container,
	remote_kubernetes: ({ connection }) => connection.remoteWorkload !== undefined || undefined,
	"remote_kubernetes.namespace": ({ connection }) => connection.remoteWorkload?.namespace,
	"remote_kubernetes.pod": ({ connection }) => connection.remoteWorkload?.pod,
	"remote_kubernetes.owner": ({ connection }) => connection.remoteWorkload?.owner,
	"remote_kubernetes.service": ({ connection }) => connection.remoteWorkload?.service,
	"remote_kubernetes.container": ({ connection }) => connection.remoteWorkload?.container,
	remote_process: ({ connection }) => connection.remoteProcess !== undefined || undefined,
	"remote_process.pid": ({ connection }) => connection.remoteProcess?.pid,
	"remote_process.comm": ({ connection }) => connection.remoteProcess?.comm,
	"remote_process.container": ({ connection }) => connection.remoteProcess?.containerId,
};

/** Reads the fields of a filter from a transaction, the same as from its JSON line. */
export const transactionField: FieldReader<JudgedTransaction> = (field) => {
	const header = headerOf(field);
	if (header) return ({ seen }) => headerValues(seen?.[header.message], header.name);
	if (field === "request.body" || field === "response.body") {
		const message = field === "request.body" ? "request" : "response";
		return ({ seen }) => bodyText(seen?.[message]);
	}
	const read = READS[field];
	if (!read) return () => undefined;
	return ({ transaction }) => {
		const value = read(transaction);
		// As in the line, where it is null.
		return value === "" ? undefined : value;
	};
};

function headerValues(message: SeenMessage | undefined, name: string): readonly string[] | undefined {
	return message?.headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
}

function bodyText(message: SeenMessage | undefined): string | undefined {
	return message?.body && new TextDecoder().decode(message.body);
}

function withoutQuery(path: string): string {
	const query = path.indexOf("?");
	return query === -1 ? path : path.slice(0, query);
}

function known(uid: number | undefined): number | undefined {
	return uid === undefined || uid < 0 ? undefined : uid;
}
