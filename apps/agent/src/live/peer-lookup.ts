import { readlinkSync } from "node:fs";
import type { Address } from "@wirescribe/access-log";
import { formatAddress, localAddresses, needsPeer, realPeer } from "@wirescribe/connections";
import { Conntrack, isTranslated, type LookupResult, type LookupTuple, parseAddress } from "@wirescribe/conntrack";
import type { DescribedConnection } from "@wirescribe/pipeline";

/** Looked up for one batch at most: some 4 ms. */
const MAX_QUESTIONS = 256;
/** An answer that is not there at once is not waited for longer. */
const TIMEOUT_MS = 1;
/** Sockets to other network namespaces that are kept open. */
const MAX_NAMESPACES = 32;
const ADDRESSES_VALID_MS = 10_000;

/** What address translation makes of a client's connection. */
export interface Translation {
	/** Who is really at the other end, if it is another than it seems. */
	readonly peer?: Address;
	/** How the other end sees this one. */
	readonly seenAs: Address;
}

/**
 * The real peers of connections that are new in a batch, asked of conntrack in one round trip for each network namespace
 * before the batch is consumed: their records, and a recording, have them from the first on.
 *
 * Only clients whose destination is not this host's are asked about. A container's connection may be translated in its own
 * namespace or in the host's, so both are asked. A namespace without conntrack, or out of reach, is not asked again.
 */
export class PeerLookup {
	readonly #proc: string;
	readonly #own: number;
	/** By inode; undefined: not to be asked. */
	readonly #namespaces = new Map<number, Conntrack | undefined>();
	#host: ReadonlySet<string> = new Set();
	#hostReadMs = Number.NEGATIVE_INFINITY;
	#found: Map<number, Translation> = new Map();

	/** `proc`: where processes are looked up. */
	constructor(proc: string) {
		this.#proc = proc;
		this.#own = namespaceOf(proc, "self");
	}

	/** What is translated of the connections that a batch describes, by socket. */
	look(described: readonly DescribedConnection[]): ReadonlyMap<number, Translation> {
		this.#found = new Map();
		if (described.length === 0) return this.#found;
		this.#refreshHost();
		const asking = described.filter((one) => this.#isHidden(one)).slice(0, MAX_QUESTIONS);
		const namespaces = Map.groupBy(asking, ({ netns }) => netns);
		for (const [netns, connections] of namespaces) {
			const rest = this.#ask(netns, connections);
			if (netns !== this.#own) this.#ask(this.#own, rest);
		}
		return this.#found;
	}

	close(): void {
		for (const conntrack of this.#namespaces.values()) conntrack?.close();
		this.#namespaces.clear();
	}

	/** A role that is not known yet may turn out to be the client's. */
	#isHidden(connection: DescribedConnection): boolean {
		const { local, remote } = connection;
		if (local.ip.includes(":") !== remote.ip.includes(":")) return false;
		const role = connection.role === "unknown" ? "client" : connection.role;
		return needsPeer({ ...connection, role }, this.#host);
	}

	/** Finds what it can; returns those that this namespace knows nothing about. */
	#ask(netns: number, connections: readonly DescribedConnection[]): readonly DescribedConnection[] {
		const first = connections[0];
		const conntrack = first && this.#namespace(netns, first.pid);
		if (!conntrack) return connections;
		const answers = conntrack.lookupAll(connections.map(tupleOf));
		const out = answers.find((answer) => "miss" in answer && answer.miss !== "no-entry" && answer.miss !== "busy");
		if (out) this.#namespaces.set(netns, void conntrack.close());
		return connections.filter((connection, i) => !this.#take(connection, answers[i]));
	}

	#take(connection: DescribedConnection, answer: LookupResult | undefined): boolean {
		if (!answer || "miss" in answer || !isTranslated(answer)) return false;
		const { src, sport, dst, dport } = answer.reply;
		const peer = realPeer(endOf(src, sport), connection.remote, this.#host);
		this.#found.set(connection.socketId, { ...(peer ? { peer } : {}), seenAs: endOf(dst, dport) });
		return true;
	}

	#namespace(netns: number, pid: number): Conntrack | undefined {
		if (this.#namespaces.has(netns)) return this.#namespaces.get(netns);
		const conntrack = open(this.#proc, netns, pid, this.#own);
		for (const [oldest, other] of this.#namespaces) {
			if (this.#namespaces.size < MAX_NAMESPACES) break;
			if (oldest === this.#own) continue;
			other?.close();
			this.#namespaces.delete(oldest);
		}
		// A process may be gone before its namespace could be opened: the next one may live longer.
		if (conntrack || netns === this.#own) this.#namespaces.set(netns, conntrack);
		return conntrack;
	}

	#refreshHost(): void {
		const now = performance.now();
		if (now - this.#hostReadMs < ADDRESSES_VALID_MS) return;
		this.#hostReadMs = now;
		this.#host = localAddresses();
	}
}

function open(proc: string, netns: number, pid: number, own: number): Conntrack | undefined {
	try {
		if (netns === own) return Conntrack.open({ timeoutMs: TIMEOUT_MS });
		// The pid may be another process's by now.
		if (namespaceOf(proc, pid) !== netns) return undefined;
		return Conntrack.open({ timeoutMs: TIMEOUT_MS, netns: `${proc}/${pid}/ns/net` });
	} catch {
		return undefined;
	}
}

/** The inode of a process's network namespace; 0 when there is no such process. */
function namespaceOf(proc: string, pid: number | "self"): number {
	try {
		return Number(/\[(\d+)\]/.exec(readlinkSync(`${proc}/${pid}/ns/net`))?.[1] ?? 0);
	} catch {
		return 0;
	}
}

function endOf(address: Uint8Array, port: number): Address {
	return { ip: formatAddress(address, address.length === 4 ? 2 : 10), port };
}

function tupleOf({ local, remote }: DescribedConnection): LookupTuple {
	return { src: parseAddress(local.ip), dst: parseAddress(remote.ip), sport: local.port, dport: remote.port };
}
