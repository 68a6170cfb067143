import type {
	Attribution,
	Connection,
	Operation,
	SeenContent,
	Transaction,
	TransactionPolicy,
} from "@wirescribe/access-log";
import type { Chunk } from "@wirescribe/buffer";
import {
	collectBody,
	type Exchange,
	Http1Connection,
	type Http1Options,
	type Message,
	type ProtocolChange,
} from "@wirescribe/http1-parser";
import { type LoggedOperation, OperationLog } from "./operation-log.ts";
import type { PartitionCounts } from "./partition-counts.ts";
import type { RecordOutput } from "./record-output.ts";
import { describeExchange, seenContent } from "./transaction.ts";

/** What an observed connection needs of its partition. */
export interface ConnectionContext {
	readonly output: RecordOutput;
	/** Undefined: every transaction goes out as it is. */
	policy: TransactionPolicy | undefined;
	readonly counts: PartitionCounts;
	/** Report read and write operations of connections that are not HTTP too. May change, as `select` may. */
	tcpOperations: boolean;
	/** The readers' settings, by the role that is known when they are made; all connections share them. */
	http: Readonly<Record<Connection["role"], Http1Options>>;
	/** Which connections are looked at; asked again when a description changes. */
	select: (connection: Connection) => boolean;
	/** Tells the kernel what it need not copy, of the socket's own bytes or of those inside its TLS. */
	skip(socketId: number, direction: 1 | 2, before: number | "all", plaintext: boolean): void;
}

const INGRESS = 1;
const EGRESS = 2;

/** How long a transaction waits for what tells of its connection: its event (per-CPU buffers deliver out of order), its process. */
const DESCRIPTION_WAIT_NS = 1_000_000_000;

/** A transaction whose connection is not described yet. */
interface Waiting {
	readonly transaction: Transaction;
	readonly operations: LoggedOperation[];
	readonly seen: SeenContent | undefined;
}

/** After this long an operation that no transaction claimed goes out on its own. */
export const CLAIM_WAIT_NS = 10_000_000_000;

/**
 * One connection of a partition: its description, its HTTP reader, and its operations until they go out.
 *
 * Lives from the first event about a socket to its end in TCP_CLOSE. Owned by one partition, used by nobody else.
 */
export class ObservedConnection {
	description: Connection;
	described: boolean;
	/** Last operation's time: a connection that ended unseen is found by its silence. */
	lastNs: number;
	closeSeenNs = 0;
	/** What is not described yet may be selected. */
	selected = true;
	/** It is being found out whose it is: its transactions wait. */
	held = false;
	/** Its partition has it among those that wait for time to pass. */
	queued = false;
	readonly #context: ConnectionContext;
	readonly #log = new OperationLog();
	#http: Http1Connection;
	/** Plaintext of its TLS was seen. */
	tlsRead = false;
	/** Of what was read before its TLS began. */
	#earlierRequestStarts = 0;
	/** The reader has read nothing since the connection was left out. */
	#fresh = false;
	#http1 = false;
	#notHttp = false;
	#sequence = 0;
	#closing: Operation | undefined;
	#waiting: Waiting[] | undefined;
	#waitingSinceNs = 0;

	constructor(description: Connection, described: boolean, nowNs: number, context: ConnectionContext) {
		this.description = description;
		this.lastNs = nowNs;
		this.described = described;
		this.#context = context;
		this.#http = this.#newHttp();
		this.#judge();
	}

	get requestStartsRead(): number {
		return this.#earlierRequestStarts + this.#http.counters.requestStartsRead;
	}

	get open(): number {
		return this.#http.open();
	}

	/** True while something of this connection waits for time to pass. */
	get pending(): boolean {
		return this.#http.needsTick || this.#waiting !== undefined || this.#log.size > 0;
	}

	/** The kernel describes the socket, again or for the first time. What was learned from the bytes, and looked up, stays. */
	describe(description: Connection): void {
		const { protocol, role, tls } = this.description;
		this.described = true;
		this.#redescribe({
			...description,
			protocol,
			role: description.role === "unknown" ? role : description.role,
			tls: tls || description.tls,
		});
		if (!this.held) this.#releaseWaiting();
	}

	/** Something was looked up about the connection, or is known now. */
	attribute(attribution: Attribution): void {
		this.#redescribe(attribution);
		if (!this.held || attribution.process === undefined) return;
		this.held = false;
		if (this.described) this.#releaseWaiting();
	}

	/**
	 * The selection has changed. `kept`: nothing of the connection is left out now. Of one that is, what waits is handed out as at its
	 * end; it may come back.
	 */
	reselect(kept: boolean, nowNs: number): void {
		this.selected = !this.described || this.#context.select(this.description);
		if (kept || !this.described) return;
		this.#startOver(nowNs);
		this.#fresh = true;
		this.#sendPlain(this.#log.takeAll());
	}

	/** An operation that stands alone by nature: connect or accept. */
	plain(operation: Operation): void {
		this.#context.counts.operationsPlain += operation.kind === "read" || operation.kind === "write" ? 1 : 0;
		this.#context.output.operations(this.description, [operation], this.#sequence++);
	}

	operation(operation: LoggedOperation, chunk: Chunk, kernelProtocol: number): void {
		if (this.tlsRead) this.ciphertext(operation);
		else this.#read(operation, chunk, kernelProtocol);
	}

	#read(operation: LoggedOperation, chunk: Chunk, kernelProtocol: number): void {
		this.lastNs = operation.endNs;
		if (!this.#notHttp && kernelProtocol > 1) this.#becomeOther(kernelProtocol === 2 ? "http/2" : "tcp");
		if (this.#notHttp && !this.#http1) {
			this.#notHttpOperation(operation);
			return;
		}
		if (kernelProtocol === 1 && !this.#http1) this.#becomeHttp1();
		this.#log.add(operation);
		if (!this.#notHttp) this.#append(chunk);
	}

	/** What came while the connection was left out is not waited for. */
	#append(chunk: Chunk): void {
		this.#http.append(this.#fresh ? { ...chunk, prevDataId: 0 } : chunk);
		this.#fresh = false;
	}

	/** What a TLS library was given to encrypt, or has decrypted: a stream of its own, read like any. */
	plaintext(operation: LoggedOperation, chunk: Chunk, kernelProtocol: number): void {
		this.#becomeTls();
		if (!this.tlsRead) this.#beginPlaintext(operation.startNs || operation.endNs);
		this.#read(operation, chunk, kernelProtocol);
	}

	/** A system call that moved ciphertext. Its plaintext, if it can be seen, comes as operations beside it. */
	ciphertext(operation: LoggedOperation): void {
		this.lastNs = operation.endNs;
		this.#becomeTls();
		// What was taken for the start of something else before it was known.
		if (!this.tlsRead) for (const earlier of this.#log.takeAll()) this.#notHttpOperation(earlier);
		this.#notHttpOperation(operation);
	}

	/** Nothing has come for a while: what an idle connection can do without is given back. */
	rest(): void {
		this.#log.rest();
		if (!this.#http.resting) this.#http.rest();
	}

	/** A close(2) was seen; the connection itself ends with TCP_CLOSE. */
	closeCalled(operation: Operation): void {
		if (this.selected) this.#closing ??= operation;
		this.closeSeenNs = operation.endNs;
	}

	tick(nowNs: number): void {
		this.#http.tick(nowNs);
		if (this.#waiting && nowNs - this.#waitingSinceNs > DESCRIPTION_WAIT_NS) this.#releaseWaiting();
		if (this.#log.size > 0) this.#sendPlain(this.#log.takeOlder(nowNs - CLAIM_WAIT_NS));
		else this.#log.rest();
	}

	/** The end: what is left is handed out with its reason, unclaimed operations before the close. */
	close(nowNs: number): void {
		this.#http.close(nowNs);
		this.#releaseWaiting();
		this.#sendPlain(this.#log.takeAll());
		if (this.#closing) this.#context.output.operations(this.description, [this.#closing], this.#sequence++);
	}

	/** Of its HTTP reader: what was read. */
	exchange(exchange: Exchange): void {
		const { request, response } = exchange;
		if (!this.#http1) this.#becomeHttp1();
		const operations: LoggedOperation[] = [];
		const requests = this.#http.role === "client" ? EGRESS : INGRESS;
		if (request) this.#claim(requests, request, operations);
		if (response) this.#claim(requests === EGRESS ? INGRESS : EGRESS, response, operations);
		if (this.description.role === "unknown" && this.#http.role) this.#redescribe({ role: this.#http.role });
		this.#context.counts.exchange(exchange, operations.length);
		const transaction = describeExchange(exchange, this.description, operations.length);
		const seen = this.#context.policy?.wants && seenContent(exchange);
		if (this.described && !this.held) {
			this.#send(transaction, operations, seen);
			return;
		}
		if (!this.#waiting) this.#waitingSinceNs = transaction.endNs;
		this.#waiting ??= [];
		this.#waiting.push({ transaction, operations, seen });
	}

	/** Nothing of a transaction leaves the partition by another way. */
	#send(transaction: Transaction, operations: LoggedOperation[], seen: SeenContent | undefined): void {
		const { policy, output, counts } = this.#context;
		const judged = policy === undefined ? transaction : policy.apply(transaction, seen);
		if (typeof judged === "string") counts.leftOut(transaction, judged);
		else output.transaction(judged, operations, this.#sequence++);
	}

	/** Of its HTTP reader, for a policy that wants bodies. */
	body(message: Message, slice: Uint8Array, missing: number): void {
		collectBody(message, slice, missing);
	}

	#releaseWaiting(): void {
		this.held = false;
		const waiting = this.#waiting;
		if (!waiting) return;
		this.#waiting = undefined;
		const connection = this.description;
		for (const { transaction, operations, seen } of waiting)
			this.#send({ ...transaction, connection }, operations, seen);
	}

	#claim(direction: number, message: Message, into: LoggedOperation[]): void {
		this.#log.claim(direction, message.firstDataId, message.lastDataId, message.lastShared, into);
	}

	/** Of its HTTP reader: it reads no further. */
	protocol({ kind }: ProtocolChange): void {
		if (kind === "http/2") this.#becomeOther("http/2");
		else if (kind === "broken") this.#becomeOther("tcp");
		else this.#notHttp = true;
	}

	#becomeHttp1(): void {
		this.#http1 = true;
		this.#redescribe({ protocol: "http/1" });
	}

	/** Of its HTTP reader: bytes that it does not need. */
	skip(direction: 1 | 2, before: number | "all"): void {
		this.#context.skip(this.description.socketId, direction, before, this.tlsRead);
	}

	/** It is the reader's sink itself: closures would be a third of what an idle connection holds beside the reader. */
	#newHttp(): Http1Connection {
		const { role } = this.description;
		return new Http1Connection(this.#context.http[role], this);
	}

	/** What came before was the request for a tunnel, and its answer, if it was HTTP at all. */
	#beginPlaintext(nowNs: number): void {
		this.#startOver(nowNs);
		this.tlsRead = true;
		this.#notHttp = false;
	}

	/** A new reader: it meets the stream in its middle. What is open in the old one is handed out. */
	#startOver(nowNs: number): void {
		this.#http.close(nowNs);
		this.#earlierRequestStarts += this.#http.counters.requestStartsRead;
		this.#http = this.#newHttp();
	}

	#becomeTls(): void {
		if (!this.description.tls) this.#redescribe({ tls: true });
	}

	/** A connection that was HTTP before goes on to have its operations reported. */
	#becomeOther(protocol: Connection["protocol"]): void {
		this.#notHttp = true;
		if (this.description.protocol !== protocol) this.#redescribe({ protocol });
		if (!this.#http1) for (const operation of this.#log.takeAll()) this.#notHttpOperation(operation);
	}

	/** A new version, a copy: records already handed on keep theirs. */
	#redescribe(changes: Partial<Connection>): void {
		this.description = { ...this.description, ...changes, version: this.description.version + 1 };
		this.#judge();
	}

	/** What is left out need not be copied any more. */
	#judge(): void {
		const before = this.selected;
		const { socketId } = this.description;
		this.selected = !this.described || this.#context.select(this.description);
		if (before && !this.selected) this.#context.skip(socketId, INGRESS, "all", this.tlsRead);
	}

	#notHttpOperation(operation: LoggedOperation): void {
		this.#context.counts.operationsNotHttp++;
		if (this.#context.tcpOperations) this.#context.output.operations(this.description, [operation], this.#sequence++);
	}

	#sendPlain(operations: LoggedOperation[]): void {
		if (operations.length === 0) return;
		if (!this.#http1) {
			for (const operation of operations) this.#notHttpOperation(operation);
			return;
		}
		this.#context.counts.operationsPlain += operations.length;
		this.#context.output.operations(this.description, operations, this.#sequence++);
	}
}
