/**
 * What a field holds. A duration is in milliseconds and a size in bytes, whatever unit a filter writes; a presence can only be
 * asked for with `has`.
 */
export type FieldType = "text" | "texts" | "number" | "duration" | "size" | "status" | "boolean" | "presence";

/** One field of a transaction. */
export interface Field {
	readonly name: string;
	readonly type: FieldType;
	readonly about: string;
}

/** What a record says of a field; null and undefined: nothing. */
export type FieldValue = string | number | boolean | readonly string[] | null | undefined;

const TABLE: readonly (readonly [name: string, type: FieldType, about: string])[] = [
	["method", "text", "of the request, as sent"],
	["path", "text", "of the request, without its query"],
	["host", "text", "that the request names, with its port if it names one"],
	["status", "status", "of the response"],
	["duration_ms", "duration", "from the request's first byte to the response's last"],
	["protocol", "text", "http/1.1, http/1.0"],
	["tls", "boolean", "the connection is encrypted"],
	["role", "text", "client, server or unknown: the side of the connection that was watched"],
	["pid", "number", "of the process on this end"],
	["comm", "text", "that process's name, 15 bytes at most"],
	["exe", "text", "path of its program"],
	["uid", "number", "its effective user"],
	["container", "text", "its container's id"],
	["local", "text", "address and port of this end: 10.0.0.1:8080, [::1]:8080"],
	["local.ip", "text", "the address of this end"],
	["local.port", "number", "the port of this end"],
	["remote", "text", "address and port of the other end"],
	["remote.ip", "text", "the address of the other end"],
	["remote.port", "number", "the port of the other end"],
	["peer", "text", "who is really at the other end, where translation hides it"],
	["request", "presence", "the request was seen"],
	["request.header_bytes", "size", "of the request, as on the wire"],
	["request.body_bytes", "size", "of the request, as on the wire"],
	["request.body", "text", "the part of the request's body that is logged"],
	["response", "presence", "the response was seen"],
	["response.header_bytes", "size", "of the response, as on the wire"],
	["response.body_bytes", "size", "of the response, as on the wire"],
	["response.body", "text", "the part of the response's body that is logged"],
	["operations", "number", "system calls that carried the two messages"],
	["trace", "presence", "the request names a trace"],
	["trace.provider", "text", "w3c, zipkin or skywalking"],
	["trace.trace_id", "text", "the trace's id"],
	["trace.segment_id", "text", "SkyWalking's segment"],
	["trace.span_id", "text", "the span that the request was sent from"],
	["partial", "texts", "the reasons why the record is not whole"],
	["kubernetes", "presence", "the process on this end belongs to a pod"],
	["namespace", "text", "of that pod"],
	["pod", "text", "its name"],
	["owner", "text", "what made it: Deployment/web"],
	["service", "text", "the service that it belongs to: web.shop"],
	["kubernetes.container", "text", "the container's name in the pod"],
	["remote_kubernetes", "presence", "the other end is a pod or a service"],
	["remote_kubernetes.namespace", "text", "of the other end"],
	["remote_kubernetes.pod", "text", "of the other end"],
	["remote_kubernetes.owner", "text", "of the other end"],
	["remote_kubernetes.service", "text", "of the other end"],
	["remote_kubernetes.container", "text", "of the other end"],
	["remote_process", "presence", "the process at the other end is on this machine"],
	["remote_process.pid", "number", "of the process at the other end"],
	["remote_process.comm", "text", "of the process at the other end"],
	["remote_process.container", "text", "of the process at the other end"],
];

/** Every field that a filter may name, beside `request.headers.NAME` and `response.headers.NAME`. */
export const FIELDS: ReadonlyMap<string, Field> = new Map(
	TABLE.map(([name, type, about]) => [name, { name, type, about }]),
);

/** The JSON line has these a level deeper, and both names mean the same. */
const LONG_NAMES: ReadonlyMap<string, string> = new Map(
	["namespace", "pod", "owner", "service"].map((name) => [`kubernetes.${name}`, name]),
);

const HEADER = /^(request|response)\.headers\.([a-z0-9._-]{1,64})$/;

/** The field of this name, in either of its spellings; undefined when there is none. */
export function findField(name: string): Field | undefined {
	const field = FIELDS.get(LONG_NAMES.get(name) ?? name);
	if (field) return field;
	const header = HEADER.exec(name.toLowerCase());
	if (!header) return undefined;
	return { name: header[0], type: "texts", about: `the ${header[1]}'s header ${header[2]}, where it is logged` };
}

/** The message and the header that `request.headers.NAME` names. */
export function headerOf(
	field: string,
): { readonly message: "request" | "response"; readonly name: string } | undefined {
	const header = HEADER.exec(field);
	return header ? { message: header[1] as "request" | "response", name: header[2] as string } : undefined;
}
