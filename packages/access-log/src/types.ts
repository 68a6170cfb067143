/** One end of a connection: a textual IP address and a port. */
export interface Address {
	readonly ip: string;
	readonly port: number;
}

/** A point in time: whole seconds since 1970 and the nanoseconds of the last one. */
export interface Instant {
	readonly seconds: number;
	readonly nanos: number;
}

/** A process as records name it; what is not known is empty, and -1 for the user. */
export interface ConnectionProcess {
	/** Path of the program. */
	readonly exe: string;
	/** Effective user. */
	readonly uid: number;
	/** 64 hex digits; empty outside of containers. */
	readonly containerId: string;
	/** Path in the cgroup hierarchy. */
	readonly cgroup: string;
}

/** What a process is part of in Kubernetes. */
export interface Workload {
	readonly namespace: string;
	/** Empty for a service, of which only the address is known. */
	readonly pod: string;
	/** Empty where it is not known. */
	readonly container: string;
	/** What the pod was made by, such as `Deployment/web`; empty for a pod of its own. */
	readonly owner: string;
	/** The name a collector has for it: `service.namespace`, with the cluster's name and `::` before it where there is one. */
	readonly service: string;
}

/** Where a service mesh's tunnel takes a connection, when something tells. */
export interface TunnelAttachment {
	readonly realDestinationIp: string;
	readonly by: "outbound" | "inbound";
	readonly securityPolicy: "mtls" | "none";
	readonly additions: Readonly<Record<string, string>>;
}

/** What is known of a connection beyond its socket: looked up, each as far as it could be. */
export interface Attribution {
	/** Who is really at the other end, where address translation on the way hides a client's peer. */
	readonly peer?: Address;
	/** The process on this end. */
	readonly process?: ConnectionProcess;
	readonly workload?: Workload;
	/** The process at the other end, when that is on this machine. */
	readonly remoteProcess?: { readonly pid: number; readonly comm: string; readonly containerId: string };
	readonly remoteWorkload?: Workload;
	readonly attachment?: TunnelAttachment;
}

/** Who talks to whom. A new `version` says that the description of the same socket has changed. */
export interface Connection extends Attribution {
	readonly socketId: number;
	readonly version: number;
	readonly pid: number;
	readonly fd: number;
	readonly comm: string;
	readonly role: "client" | "server" | "unknown";
	readonly local: Address;
	readonly remote: Address;
	readonly tls: boolean;
	readonly protocol: "tcp" | "http/1" | "http/2";
}

/** The peer that translation hides from a client; a server sees its own. */
export function hiddenPeer({ role, peer }: Pick<Connection, "role" | "peer">): Address | undefined {
	return role === "server" ? undefined : peer;
}

/** One system call on a connection: what the collector's contract calls a kernel log. */
export interface Operation {
	readonly kind: "connect" | "accept" | "close" | "read" | "write";
	/** The number of the call in the event header: 1 read ... 49 tls write. */
	readonly syscall: number;
	/** CLOCK_MONOTONIC; 0 when the start was not seen: the end then stands for it. */
	readonly startNs: number;
	readonly endNs: number;
	readonly success: boolean;
	readonly bytes: number;
	/** Segments that TCP sent during the call. */
	readonly segsOut: number;
	readonly retransmits: number;
	readonly srttUs: number;
	/** Segments that TCP thinks were lost during the call. */
	readonly lost: number;
	readonly dataId: number;
}

/** Sizes of one message on the wire. */
export interface MessageSize {
	readonly headerBytes: number;
	readonly bodyBytes: number;
}

/** A header field as sent; the name in lower case where it is in a record. */
export type HeaderField = readonly [name: string, value: string];

/** What of a message's headers and body is in the record: what was asked for, redacted. */
export interface MessageContent {
	readonly headers: readonly HeaderField[];
	/** The beginning of the body as text; undefined: not in the record. */
	readonly body: string | undefined;
	/** The body goes on behind it. */
	readonly bodyCut: boolean;
}

/** The trace that a request's headers name. */
export interface Trace {
	readonly provider: "w3c" | "zipkin" | "skywalking";
	readonly traceId: string;
	readonly segmentId: string;
	readonly spanId: string;
}

/** A request and its response, or one half of them: the other half is null then, and `unpaired` says why. */
export interface Transaction {
	readonly connection: Connection;
	readonly startNs: number;
	readonly endNs: number;
	/** `http/1.1` and so on. */
	readonly version: string;
	/** As sent; empty when the request is missing. */
	readonly method: string;
	/** The request target as sent. */
	readonly target: string;
	/** Path and query in origin form: an absolute-form target gives its path. Empty when the request is missing. */
	readonly path: string;
	readonly host: string | null;
	readonly status: number | null;
	readonly request: MessageSize | null;
	readonly response: MessageSize | null;
	readonly trace: Trace | null;
	/** Why the record is not whole; empty when it is. */
	readonly partial: readonly string[];
	/** Why the other half is missing; null when both are there. */
	readonly unpaired: string | null;
	/** How many operations carried the two messages. */
	readonly operations: number;
	/** What a policy has let into the record of the messages themselves; absent: nothing, the default. */
	readonly content?: { readonly request: MessageContent | undefined; readonly response: MessageContent | undefined };
}

/** A network interface of the node. */
export interface NetInterface {
	readonly index: number;
	readonly mtu: number;
	readonly name: string;
}

/** The machine that the log is about. Every time on the wire is an offset from its `bootTime`. */
export interface NodeInfo {
	readonly name: string;
	readonly interfaces: readonly NetInterface[];
	readonly bootTime: Instant;
	readonly clusterName: string;
	readonly excludeNamespaces: readonly string[];
}
