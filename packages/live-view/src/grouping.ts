import { type JsonTransaction, pathTemplate } from "@wirescribe/access-log";

/** What rows of the table stand for. */
export const GROUPINGS = ["endpoint", "process", "peer"] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Method and path template; a response whose request was not seen has neither. */
export function endpointOf({ method, path }: JsonTransaction): string {
	return method === null ? "(request not seen)" : `${method} ${pathTemplate(path ?? "")}`;
}

/** The process on this end: `nginx(812)`. */
export function processOf({ comm, pid }: Pick<JsonTransaction, "comm" | "pid">): string {
	return pid === null ? "(not known)" : `${comm ?? "?"}(${pid})`;
}

/**
 * Who is at the other end: the process when it is on this machine, the service or pod when it is known; else the address. The
 * port of a client means nothing and is left out.
 */
export function peerOf(tx: JsonTransaction): string {
	if (tx.remote_process) return processOf(tx.remote_process);
	const workload = tx.remote_kubernetes;
	if (workload) return workload.service ?? `${workload.pod ?? "?"}.${workload.namespace}`;
	const address = tx.peer ?? tx.remote;
	return tx.role === "server" ? address.slice(0, address.lastIndexOf(":")) : address;
}

/** The name of the row that a transaction is counted in. */
export function groupOf(tx: JsonTransaction, by: Grouping): string {
	if (by === "endpoint") return endpointOf(tx);
	return by === "process" ? processOf(tx) : peerOf(tx);
}
