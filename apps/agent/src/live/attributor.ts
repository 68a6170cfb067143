import type { Attribution, ConnectionProcess } from "@wirescribe/access-log";
import { HostPairs, type HostSocket, type ProcessHint, type ProcessInfo, ProcessTable } from "@wirescribe/connections";
import { type WorkloadChange, WorkloadTable } from "@wirescribe/kubernetes";
import { type DescribedConnection, describedConnections } from "@wirescribe/pipeline";
import { PeerLookup } from "./peer-lookup.ts";
import type { ProcessEvent } from "./process-events.ts";

/** How long a socket waits for its other end on this host: that is described when it is accepted, or first used. */
const PAIR_WAIT_NS = 10e9;
/** How long what a thread is told of processes may lag behind their connections. */
const STRANGER_WAIT_NS = 1e9;
/** How long a container's process waits for its pod to be known. */
const WORKLOAD_WAIT_NS = 60e9;
const MAX_WAITING = 65_536;

/** One end of a connection, as far as the other end's record speaks of it. Plain data: it crosses threads. */
interface End extends HostSocket {
	readonly pid: number;
	readonly comm: string;
	readonly containerId: string;
	readonly cgroup: string;
	/** Described on this thread: another thread's records are that thread's own. */
	readonly own: boolean;
}

export interface AttributorOptions {
	/** Name of a channel on which several partitions tell each other of their sockets; undefined: there is only one. */
	readonly channel: string | undefined;
	/** Processes may be part of pods. */
	readonly kubernetes: boolean;
	/** Where processes are looked up. */
	readonly proc: string;
}

/**
 * Finds out whose connections are: the process on this end, the real peer, the process at the other end when it is on this host,
 * the workloads of both. On the thread of one partition, before a batch is consumed; nothing in it waits for anybody.
 *
 *     batch ──► described connections ──► ProcessTable, conntrack, HostPairs, WorkloadTable ──► take(): socket -> Attribution
 *     process events, workload changes, other partitions' sockets ──► what was described before, known better now
 */
export class Attributor {
	readonly #processes: ProcessTable;
	readonly #peers: PeerLookup;
	readonly #pairs = new HostPairs<End>(MAX_WAITING);
	readonly #workloads = new WorkloadTable();
	/** Sockets of containers whose pod is not known yet, in the order in which they came. */
	readonly #homeless = new Map<number, { readonly facts: ConnectionProcess; readonly sinceNs: number }>();
	/** One object for each process, however many connections it has. */
	readonly #facts = new WeakMap<ProcessInfo, ConnectionProcess>();
	/** Sockets of processes that were gone before they could be read, by pid: on a thread, what the kernel tells of them comes later. */
	readonly #strangers = new Map<number, { readonly sockets: number[]; readonly sinceNs: number }>();
	#newStrangers: number[] = [];
	readonly #kubernetes: boolean;
	readonly #channel: BroadcastChannel | undefined;
	#found = new Map<number, Attribution>();
	#nowNs = 0;

	constructor({ channel, kubernetes, proc }: AttributorOptions) {
		this.#processes = new ProcessTable({ proc });
		this.#peers = new PeerLookup(proc);
		this.#kubernetes = kubernetes;
		if (channel === undefined) return;
		this.#channel = new BroadcastChannel(channel);
		this.#channel.onmessage = (event: unknown) => {
			for (const end of (event as { data: End[] }).data) this.#join({ ...end, own: false });
		};
	}

	/** Looks at what a batch describes. */
	look(batch: Uint8Array, nowNs: number): void {
		this.#nowNs = nowNs;
		const described = describedConnections(batch);
		if (described.length === 0) return;
		const translations = this.#peers.look(described);
		const ends: End[] = [];
		for (const one of described) {
			const { peer, seenAs = one.local } = translations.get(one.socketId) ?? {};
			const facts = this.#describe(one, peer ? { peer } : {});
			const { socketId, netns, pid, comm } = one;
			const { containerId, cgroup } = facts;
			const end = {
				socketId,
				netns,
				pid,
				comm,
				containerId,
				cgroup,
				local: seenAs,
				remote: peer ?? one.remote,
				own: true,
			};
			if (!this.#join(end)?.own) ends.push(end);
		}
		if (ends.length > 0) this.#channel?.postMessage(ends);
	}

	/** What has been found since it was last taken, by socket. */
	take(): ReadonlyMap<number, Attribution> {
		const found = this.#found;
		if (found.size > 0) this.#found = new Map();
		return found;
	}

	/** Sockets that the latest batch describes, and of whose processes more will be told. */
	strangers(): readonly number[] {
		const strangers = this.#newStrangers;
		if (strangers.length > 0) this.#newStrangers = [];
		return strangers;
	}

	processEvents(events: readonly ProcessEvent[]): void {
		for (const { kind, pid, parent, ...hint } of events) {
			if (kind === "fork") this.#processes.forked(parent, pid);
			else if (kind === "exec") this.#processes.execed(pid, hint);
			else if (kind === "exit") this.#processes.exited(pid);
			if (kind === "exec" || kind === "exit") this.#recognise(pid, hint);
		}
	}

	/** A process whose connections were described before it was told of. */
	#recognise(pid: number, hint: ProcessHint): void {
		const stranger = this.#strangers.get(pid);
		if (!stranger) return;
		const facts = this.#factsOf(this.#processes.get(pid, hint));
		for (const socketId of stranger.sockets) this.#add(socketId, { process: facts });
		if (facts.exe !== "") this.#strangers.delete(pid);
	}

	/** Takes over what the cluster says, and finds out again whose the connections are that waited for it. */
	workloadsChanged(changes: readonly WorkloadChange[]): void {
		this.#workloads.apply(changes);
		for (const [socketId, { facts }] of this.#homeless) {
			const workload = this.#workloads.ofProcess(facts);
			if (!workload) continue;
			this.#homeless.delete(socketId);
			this.#add(socketId, { workload });
		}
	}

	/** Gives up on what has waited long enough. */
	tick(nowNs: number): void {
		this.#nowNs = nowNs;
		this.#pairs.expire(nowNs - PAIR_WAIT_NS);
		for (const [pid, { sinceNs }] of this.#strangers) {
			if (sinceNs >= nowNs - STRANGER_WAIT_NS && this.#strangers.size <= MAX_WAITING) break;
			this.#strangers.delete(pid);
		}
		for (const [socketId, { sinceNs }] of this.#homeless) {
			if (sinceNs >= nowNs - WORKLOAD_WAIT_NS && this.#homeless.size <= MAX_WAITING) break;
			this.#homeless.delete(socketId);
		}
	}

	close(): void {
		this.#channel?.close();
		this.#peers.close();
	}

	/** This end's process and workload, and what the other end's address tells. */
	#describe(one: DescribedConnection, known: Attribution): ConnectionProcess {
		const { socketId, pid, comm, uid } = one;
		const facts = this.#factsOf(this.#processes.get(pid, { comm, uid }));
		if (facts.exe === "" && this.#channel) this.#noteStranger(pid, socketId);
		const workload = this.#workloads.ofProcess(facts);
		const remoteWorkload = this.#workloads.ofIp((known.peer ?? one.remote).ip);
		this.#add(socketId, {
			...known,
			process: facts,
			...(workload ? { workload } : {}),
			...(remoteWorkload ? { remoteWorkload } : {}),
		});
		if (this.#kubernetes && !workload && facts.containerId !== "") {
			this.#homeless.set(socketId, { facts, sinceNs: this.#nowNs });
		}
		return facts;
	}

	#noteStranger(pid: number, socketId: number): void {
		const known = this.#strangers.get(pid);
		if (known) known.sockets.push(socketId);
		else this.#strangers.set(pid, { sockets: [socketId], sinceNs: this.#nowNs });
		this.#newStrangers.push(socketId);
	}

	/** Joins a socket with its other end if that is here; each end of this thread's learns of the other. */
	#join(end: End): End | undefined {
		const other = this.#pairs.add(end, this.#nowNs);
		if (!other) return undefined;
		if (end.own) this.#add(end.socketId, this.#remote(other));
		if (other.own) this.#add(other.socketId, this.#remote(end));
		return other;
	}

	#remote({ pid, comm, containerId, cgroup }: End): Attribution {
		const remoteWorkload = this.#workloads.ofProcess({ containerId, cgroup });
		return { remoteProcess: { pid, comm, containerId }, ...(remoteWorkload ? { remoteWorkload } : {}) };
	}

	#add(socketId: number, attribution: Attribution): void {
		this.#found.set(socketId, { ...this.#found.get(socketId), ...attribution });
	}

	#factsOf(info: ProcessInfo): ConnectionProcess {
		let facts = this.#facts.get(info);
		if (!facts) {
			const { exe, uid, containerId, cgroup } = info;
			facts = { exe, uid, containerId, cgroup };
			this.#facts.set(info, facts);
		}
		return facts;
	}
}
