import type { JsonTransaction } from "@wirescribe/access-log";
import { endpointOf } from "./grouping.ts";

/** One thing that can be said of a transaction. */
export interface Field {
	readonly about: string;
	of(tx: JsonTransaction): string | number | boolean | null;
}

/** Every field that a line can be made of, by name: those of the JSON line, flat, and some made of them. */
export const FIELDS: Readonly<Record<string, Field>> = {
	time: { about: "when it began, UTC", of: ({ time }) => time },
	duration_ms: { about: "from the first byte of the request to the last of the response", of: (tx) => tx.duration_ms },
	method: { about: "as sent", of: ({ method }) => method },
	path: { about: "path and query", of: ({ path }) => path },
	endpoint: { about: "method and path, ids collapsed", of: (tx) => (tx.method === null ? null : endpointOf(tx)) },
	host: { about: "whom the request names", of: ({ host }) => host },
	status: { about: "of the response", of: ({ status }) => status },
	protocol: { about: "http/1.0 or http/1.1", of: ({ protocol }) => protocol },
	tls: { about: "read inside TLS", of: ({ tls }) => tls },
	role: { about: "of this end: client or server", of: ({ role }) => role },
	comm: { about: "name of the process on this end", of: ({ comm }) => comm },
	pid: { about: "its number", of: ({ pid }) => pid },
	exe: { about: "its program", of: ({ exe }) => exe ?? null },
	uid: { about: "its user", of: ({ uid }) => uid ?? null },
	container: { about: "its container", of: ({ container }) => container ?? null },
	namespace: { about: "its namespace in Kubernetes", of: ({ kubernetes }) => kubernetes?.namespace ?? null },
	pod: { about: "its pod", of: ({ kubernetes }) => kubernetes?.pod ?? null },
	service: { about: "its service", of: ({ kubernetes }) => kubernetes?.service ?? null },
	local: { about: "address of this end", of: ({ local }) => local },
	remote: { about: "address of the other end", of: ({ remote }) => remote },
	peer: { about: "the real other end, where translation hides it", of: ({ peer }) => peer ?? null },
	remote_comm: { about: "process at the other end, when here", of: ({ remote_process: p }) => p?.comm ?? null },
	remote_pid: { about: "its number", of: ({ remote_process }) => remote_process?.pid ?? null },
	request_header_bytes: { about: "as on the wire", of: ({ request }) => request?.header_bytes ?? null },
	request_body_bytes: { about: "as on the wire", of: ({ request }) => request?.body_bytes ?? null },
	response_header_bytes: { about: "as on the wire", of: ({ response }) => response?.header_bytes ?? null },
	response_body_bytes: { about: "as on the wire", of: ({ response }) => response?.body_bytes ?? null },
	operations: { about: "calls that carried it", of: ({ operations }) => operations },
	trace_id: { about: "that its headers name", of: ({ trace }) => trace?.trace_id ?? null },
	span_id: { about: "that its headers name", of: ({ trace }) => trace?.span_id ?? null },
	partial: { about: "why it is not whole", of: ({ partial }) => partial.join(",") || null },
};
