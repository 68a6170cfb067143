import type { Attribution, Connection, TransactionPolicy } from "@wirescribe/access-log";
import { PROTOCOL } from "@wirescribe/bpf-programs/events";
import { ConnectionTable } from "@wirescribe/connections";
import { HeadTemplates } from "@wirescribe/http1-parser";
import { type ConnectionSummary, summaryOf } from "./connection-summary.ts";
import { EventReader } from "./event-reader.ts";
import type { PartitionLedger } from "./ledger.ts";
import { type ConnectionContext, ObservedConnection } from "./observed-connection.ts";
import { PartitionCounts } from "./partition-counts.ts";
import type { RecordOutput } from "./record-output.ts";

export interface PartitionOptions {
	readonly output: RecordOutput;
	/** What of each transaction leaves the partition; all of the default record, if not told. */
	readonly policy?: TransactionPolicy | undefined;
	/** Report read and write operations of connections that are not HTTP. Default false. */
	readonly tcpOperations?: boolean;
	/** How long a hole may still be filled; 20 ms, the default, for rings, 500 ms for per-CPU buffers. */
	readonly reorderWindowNs?: number;
	/** Which sockets are this partition's, by id; all, if not told. On replay several partitions read the same batches. */
	readonly owns?: (socketId: number) => boolean;
	/** Which connections are looked at; all, if not told. For what the kernel cannot judge, and for replay. */
	readonly select?: (connection: Connection) => boolean;
	/** Tells the kernel what need not be copied. Absent on replay. */
	readonly skip?: (socketId: number, direction: 1 | 2, before: number | "all", plaintext: boolean) => void;
}

/** What a partition looks at from now on, see {@link Partition.reselect}. */
export interface Reselection extends Pick<PartitionOptions, "select" | "tcpOperations"> {
	readonly keeps: (connection: Connection) => boolean;
}

/** How often connections are asked whether something of them has waited too long. */
const SWEEP_NS = 250_000_000;
/** So long after its last operation, an ended connection does not wait any more to be known. */
const LINGER_NS = 1_000_000_000;
/** After this silence a connection rests. */
const REST_NS = 1_000_000_000;
/** A connection that saw close(2) and then nothing for this long has ended unseen (tcp_fin_timeout is 60 s). */
const UNSEEN_END_NS = 70_000_000_000;

const UNKNOWN_ADDRESS = { ip: "0.0.0.0", port: 0 };

/**
 * One partition: it owns its connections, their buffers and parsers alone.
 *
 * ```
 * batch ─► event ─► connection ─► operation log ──────────┐
 *                       └──────► Http1Connection ─► exchange + its operations ─► RecordOutput
 * ```
 *
 * Everything depends on the events and the times passed in only: the same batches at the same times give the same
 * records. Not safe for use by several threads; nothing in it waits.
 */
export class Partition {
	readonly #connections: ConnectionTable<ObservedConnection>;
	readonly #pending = new Set<ObservedConnection>();
	#nowNs = 0;
	readonly #counts = new PartitionCounts();
	readonly #reader = new EventReader();
	readonly #context: ConnectionContext;
	/** Of all its connections. */
	readonly #templates = new HeadTemplates();
	/** Of sockets that the next batch describes. */
	readonly #attributions: Map<number, Attribution> = new Map();
	readonly #held: Set<number> = new Set();
	/** Connections that have ended while it was being found out whose they were. */
	readonly #lingering: Map<number, ObservedConnection> = new Map();
	readonly #owns: ((socketId: number) => boolean) | undefined;
	readonly #reorderWindowNs: number;
	#lastSweepNs = 0;

	constructor(options: PartitionOptions) {
		this.#owns = options.owns;
		this.#reorderWindowNs = options.reorderWindowNs ?? 20_000_000;
		this.#connections = new ConnectionTable({ onEvict: (_, connection) => this.#finish(connection, this.#nowNs) });
		this.#context = {
			output: options.output,
			policy: options.policy,
			counts: this.#counts,
			tcpOperations: options.tcpOperations ?? false,
			http: this.#httpOptions(options.policy),
			select: options.select ?? (() => true),
			skip: options.skip ?? (() => {}),
		};
	}

	/**
	 * What was looked up about a socket: one that is open is described anew, the others are those that the next batch describes. Records
	 * that were handed out keep the description that they had.
	 */
	attribute(socketId: number, attribution: Attribution): void {
		if (this.#owns && !this.#owns(socketId)) return;
		const connection = this.#connections.get(socketId);
		const lingering = connection ? undefined : this.#lingering.get(socketId);
		if (connection) connection.attribute(attribution);
		else if (lingering) {
			lingering.attribute(attribution);
			if (!lingering.held) this.#finish(lingering, this.#nowNs);
		} else this.#attributions.set(socketId, attribution);
	}

	/** It is being found out whose this socket is, which the next batch describes: its transactions wait for that, a second at most. */
	hold(socketId: number): void {
		if (!this.#owns || this.#owns(socketId)) this.#held.add(socketId);
	}

	/** The open connections, and when something was last seen of each: for who can find out whether they still live. */
	*open(): Generator<[socketId: number, lastNs: number], void, undefined> {
		for (const [socketId, { lastNs }] of this.#connections.entries()) yield [socketId, lastNs];
	}

	/** The open connections for a reader, the oldest first, at most `limit`. */
	summaries(limit: number): ConnectionSummary[] {
		const summaries: ConnectionSummary[] = [];
		for (const [, connection] of this.#connections.entries()) {
			if (summaries.length >= limit) break;
			summaries.push(summaryOf(connection));
		}
		return summaries;
	}

	/** The connection is over, although no event said so: its end was lost. One that is over already stays so. */
	endUnseen(socketId: number, nowNs: number): void {
		if (!this.#connections.get(socketId)) return;
		this.#counts.connectionsEndedUnseen++;
		this.#end(socketId, nowNs);
	}

	/** Another policy, from now on; bodies that it wants are collected on connections that begin then. */
	obey(policy: TransactionPolicy | undefined): void {
		this.#context.policy = policy;
		this.#context.http = this.#httpOptions(policy);
	}

	#httpOptions(policy: TransactionPolicy | undefined): ConnectionContext["http"] {
		const prefix = policy?.wants?.bodyBytes ?? 0;
		const bodies = prefix > 0 ? { bodies: { prefix }, copy: true } : {};
		const all = { reorderWindowMs: this.#reorderWindowNs / 1e6, templates: this.#templates, ...bodies };
		return { client: { ...all, role: "client" }, server: { ...all, role: "server" }, unknown: all };
	}

	/**
	 * Changes which connections are looked at, and whether those that are not HTTP are reported, from now on: of `tcpOperations` and
	 * `select` as in the options. `keeps` says of an open connection whether nothing of it is left out, by this partition or by whoever
	 * hands in the batches: one that is left out may come back, and is then read as if it had just been met.
	 */
	reselect(selection: Reselection, nowNs: number): void {
		this.#context.select = selection.select ?? (() => true);
		this.#context.tcpOperations = selection.tcpOperations ?? false;
		for (const [, connection] of this.#connections.entries()) {
			connection.reselect(selection.keeps(connection.description), nowNs);
		}
	}

	/** Keeps at most so many open connections from now on: those that were met first make room. */
	limitConnections(capacity: number): void {
		this.#connections.limit(capacity);
	}

	/** Takes a batch; its memory may be used again as soon as this returns. Returns how many events it held. */
	consume(batch: Uint8Array, nowNs: number): number {
		const reader = this.#reader;
		this.#nowNs = nowNs;
		let events = 0;
		for (let event = reader.first(batch); event !== undefined; event = reader.next()) {
			// What is no event has no socket: the owner of socket 0 counts it.
			if (this.#owns && !this.#owns(event === "malformed" ? 0 : reader.socketId)) continue;
			events++;
			if (event === "operation") this.#operation();
			else if (event === "connection") this.#connection();
			else if (event === "close") this.#close(nowNs);
			else this.#counts.malformedEvents++;
		}
		this.#attributions.clear();
		this.#held.clear();
		return events;
	}

	/** Time passes: what has waited long enough goes out. */
	tick(nowNs: number): void {
		for (const connection of this.#pending) {
			connection.tick(nowNs);
			if (connection.pending) continue;
			connection.queued = false;
			this.#pending.delete(connection);
		}
		if (nowNs - this.#lastSweepNs < SWEEP_NS) return;
		this.#lastSweepNs = nowNs;
		for (const connection of this.#lingering.values()) {
			if (nowNs - connection.lastNs > LINGER_NS) this.#finish(connection, nowNs);
		}
		this.#connections.expire(nowNs);
		for (const [socketId, connection] of this.#connections.entries()) {
			const { closeSeenNs, lastNs } = connection;
			if (nowNs - lastNs > REST_NS) connection.rest();
			if (closeSeenNs > 0 && nowNs - Math.max(closeSeenNs, lastNs) > UNSEEN_END_NS) this.endUnseen(socketId, nowNs);
		}
	}

	/** The end of the capture: connections that still live are handed out as far as they are known. */
	close(nowNs: number): void {
		for (const [socketId] of this.#connections.entries()) this.#end(socketId, nowNs);
		for (const connection of this.#lingering.values()) this.#finish(connection, nowNs);
	}

	ledger(): PartitionLedger {
		let requestStarts = 0;
		let open = 0;
		let tls = 0;
		let tlsRead = 0;
		for (const connection of this.#present()) {
			requestStarts += connection.requestStartsRead;
			open += connection.open;
			if (connection.description.tls) tls++;
			if (connection.tlsRead) tlsRead++;
		}
		const { open: connections, evictedOpen, evictedClosed } = this.#connections.stats();
		return this.#counts.ledger({ connections, evictedOpen, evictedClosed, requestStarts, open, tls, tlsRead });
	}

	*#present(): Generator<ObservedConnection, void, undefined> {
		for (const [, connection] of this.#connections.entries()) yield connection;
		yield* this.#lingering.values();
	}

	#operation(): void {
		this.#counts.operationsDrained++;
		const reader = this.#reader;
		const socketId = reader.socketId;
		let connection = this.#connections.get(socketId);
		if (connection === undefined) {
			if (this.#connections.state(socketId) === "closed") {
				this.#counts.operationsLate++;
				return;
			}
			connection = this.#open(undescribed(reader), false);
		}
		if (!connection.selected) {
			this.#counts.operationsNotSelected++;
			return;
		}
		if (reader.plaintext) connection.plaintext(reader.operation(), reader.chunk(), reader.protocol);
		else if (reader.protocol === PROTOCOL.tls) connection.ciphertext(reader.operation());
		else connection.operation(reader.operation(), reader.chunk(), reader.protocol);
		if (connection.queued || !connection.pending) return;
		connection.queued = true;
		this.#pending.add(connection);
	}

	#connection(): void {
		this.#counts.otherEventsDrained++;
		const reader = this.#reader;
		const { socketId } = reader;
		const description = { ...reader.describe(), ...this.#attributions.get(socketId) };
		let connection = this.#connections.get(socketId);
		if (connection) {
			connection.describe(description);
		} else {
			if (this.#connections.state(socketId) === "closed") return;
			connection = this.#open(description, true);
		}
		if (this.#held.has(socketId)) connection.held = true;
		const call = reader.openingCall();
		if (call && connection.selected) connection.plain(call);
	}

	#close(nowNs: number): void {
		this.#counts.otherEventsDrained++;
		const reader = this.#reader;
		const { socketId } = reader;
		const connection = this.#connections.get(socketId);
		if (reader.isShutdown) return;
		if (reader.closeCalled) {
			connection?.closeCalled(reader.closeCall());
			return;
		}
		this.#end(socketId, nowNs);
	}

	#open(description: Connection, described: boolean): ObservedConnection {
		const connection = new ObservedConnection(description, described, this.#reader.endNs, this.#context);
		this.#connections.set(description.socketId, connection);
		return connection;
	}

	#end(socketId: number, nowNs: number): void {
		const connection = this.#connections.close(socketId, nowNs);
		if (connection?.held) this.#lingering.set(socketId, connection);
		else if (connection) this.#finish(connection, nowNs);
	}

	#finish(connection: ObservedConnection, nowNs: number): void {
		connection.close(nowNs);
		this.#counts.ended(connection);
		this.#pending.delete(connection);
		this.#lingering.delete(connection.description.socketId);
	}
}

/** What an operation alone tells of its connection, when the event that describes it has not come (yet). */
function undescribed(reader: EventReader): Connection {
	return {
		socketId: reader.socketId,
		version: 0,
		pid: reader.pid,
		fd: reader.fd,
		comm: "",
		role: reader.operationRole,
		local: UNKNOWN_ADDRESS,
		remote: UNKNOWN_ADDRESS,
		tls: false,
		protocol: "tcp",
	};
}
