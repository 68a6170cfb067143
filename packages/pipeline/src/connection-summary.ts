import type { Address, Connection } from "@wirescribe/access-log";
import type { ObservedConnection } from "./observed-connection.ts";

/** An open connection, for a reader who wants to know what the agent knows of it. */
export interface ConnectionSummary {
	readonly socketId: number;
	readonly pid: number;
	readonly comm: string;
	readonly role: Connection["role"];
	readonly local: Address;
	readonly remote: Address;
	readonly protocol: Connection["protocol"];
	readonly tls: boolean;
	/** Plaintext of its TLS was seen. */
	readonly tlsRead: boolean;
	/** False: the options leave it out. */
	readonly selected: boolean;
	/** Something of it waits for time to pass: a hole, or a half without the other. */
	readonly pending: boolean;
	readonly requestStartsRead: number;
	/** Requests that wait for their response. */
	readonly openRequests: number;
	/** CLOCK_MONOTONIC of the last operation. */
	readonly lastNs: number;
}

/** What a connection is, now. */
export function summaryOf(connection: ObservedConnection): ConnectionSummary {
	const { description, lastNs, open: openRequests, pending, requestStartsRead, selected, tlsRead } = connection;
	const { socketId, pid, comm, role, local, remote, protocol, tls } = description;
	return {
		...{ socketId, pid, comm, role, local, remote, protocol, tls, tlsRead },
		...{ selected, pending, requestStartsRead, openRequests, lastNs },
	};
}
