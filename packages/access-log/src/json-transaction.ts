/** One message: its sizes on the wire, bytes, and what of it was asked for. */
export interface JsonMessage {
	readonly header_bytes: number;
	readonly body_bytes: number;
	/** Headers that are logged, in their order; one that was sent several times has a list. */
	readonly headers?: Readonly<Record<string, string | readonly string[]>>;
	/** The beginning of the body, as text. */
	readonly body?: string;
	/** The body goes on behind it. */
	readonly body_cut?: boolean;
}

/** What a process is part of in Kubernetes. */
export interface JsonWorkload {
	readonly namespace: string;
	readonly pod: string | null;
	readonly container: string | null;
	readonly owner: string | null;
	readonly service: string | null;
}

/** The process at the other end, when that is on this machine. */
export interface JsonProcess {
	readonly pid: number;
	readonly comm: string | null;
	readonly container?: string;
}

/** A line of {@link jsonLine}, parsed: for those who read the log again. Half a transaction has null for what it would have said. */
export interface JsonTransaction {
	/** Start, RFC 3339 in UTC with nine decimals. */
	readonly time: string;
	/** Milliseconds. */
	readonly duration_ms: number;
	readonly pid: number | null;
	readonly comm: string | null;
	/** Of the process on this end, as far as it is known; so the next ones. */
	readonly exe?: string;
	readonly uid?: number;
	readonly container?: string;
	readonly kubernetes?: JsonWorkload;
	readonly role: "client" | "server" | "unknown";
	/** `ip:port`, `[ip6]:port`. */
	readonly local: string;
	readonly remote: string;
	/** The real other end, where translation hides it. */
	readonly peer?: string;
	readonly remote_process?: JsonProcess;
	readonly remote_kubernetes?: JsonWorkload;
	readonly tls: boolean;
	readonly protocol: string;
	readonly method: string | null;
	readonly path: string | null;
	readonly host: string | null;
	readonly status: number | null;
	readonly request: JsonMessage | null;
	readonly response: JsonMessage | null;
	/** How many calls carried it. */
	readonly operations: number;
	readonly trace: {
		readonly provider: string;
		readonly trace_id: string;
		readonly segment_id: string | null;
		readonly span_id: string | null;
	} | null;
	/** Why it is not whole; empty when it is. */
	readonly partial: readonly string[];
}
