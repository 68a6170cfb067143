import type { Connection, Operation } from "@wirescribe/access-log";
import {
	CLOSE_CAUSE,
	CONNECTION_CAUSE,
	close,
	connection,
	DIRECTION,
	FLAG,
	FRAME_BYTES,
	frameLength,
	head,
	isWhole,
	KIND,
	nextFrame,
	operation,
	PROTOCOL,
	payloadAt,
	textAt,
} from "@wirescribe/bpf-programs/events";
import type { Chunk } from "@wirescribe/buffer";
import { type AddressFamily, formatAddress } from "@wirescribe/connections";
import { Interned } from "./interned.ts";
import type { LoggedOperation } from "./operation-log.ts";

const ROLES = ["unknown", "client", "server"] as const;
const COMM_BYTES = 16;
const AF_INET = 2;
const NOTHING = new Uint8Array(0);

export type EventKind = "connection" | "operation" | "close" | "malformed";

/**
 * Walks the events of a batch, one at a time: `first(batch)`, then `next()`; its other members speak of the event it
 * stands on. Nothing is copied: payload views point into the batch.
 */
export class EventReader {
	#batch: Uint8Array = NOTHING;
	#view: DataView = new DataView(NOTHING.buffer);
	#at = 0;
	#next = 0;
	readonly #texts = new Interned();
	readonly #chunk: { -readonly [Name in keyof Chunk]: Chunk[Name] } = {
		...{ direction: 1, dataId: 0, prevDataId: 0, sequence: 0, offset: 0, bytes: 0 },
		...{ payload: NOTHING, tail: undefined, opaque: false, startNs: 0, endNs: 0 },
	};

	first(batch: Uint8Array): EventKind | undefined {
		this.#batch = batch;
		this.#view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
		this.#next = 0;
		return this.next();
	}

	next(): EventKind | undefined {
		const view = this.#view;
		const frame = this.#next;
		if (frame + FRAME_BYTES > view.byteLength) return undefined;
		this.#at = frame + FRAME_BYTES;
		this.#next = nextFrame(view, frame);
		if (!isWhole(view, this.#at, frameLength(view, frame))) return "malformed";
		const kind = head.kind(view, this.#at);
		if (kind === KIND.operation) return "operation";
		if (kind === KIND.connection) return "connection";
		return kind === KIND.close ? "close" : "malformed";
	}

	get socketId(): number {
		return head.socketId(this.#view, this.#at);
	}
	get protocol(): number {
		return head.protocol(this.#view, this.#at);
	}
	get pid(): number {
		return head.tgid(this.#view, this.#at);
	}
	get fd(): number {
		return head.fd(this.#view, this.#at);
	}
	get endNs(): number {
		return head.endNs(this.#view, this.#at);
	}
	/** Of an operation: its bytes went into TLS or came out of it, so its offsets are not TCP's. */
	get plaintext(): boolean {
		return (head.flags(this.#view, this.#at) & FLAG.tls_plaintext) !== 0;
	}
	get operationRole(): Connection["role"] {
		return ROLES[operation.role(this.#view, this.#at)] ?? "unknown";
	}
	/** Of a close event: half of the connection was given up, the socket lives on. */
	get isShutdown(): boolean {
		return close.cause(this.#view, this.#at) === CLOSE_CAUSE.shutdown;
	}
	/** Of a close event. True: close(2) was called; false: the socket's life ended in TCP_CLOSE. */
	get closeCalled(): boolean {
		return close.cause(this.#view, this.#at) === CLOSE_CAUSE.called;
	}

	/** The read or write as the collector's kernel log has it. */
	operation(): LoggedOperation {
		const view = this.#view;
		const at = this.#at;
		const direction = head.direction(view, at);
		return {
			kind: direction === DIRECTION.ingress ? "read" : "write",
			direction,
			syscall: head.syscall(view, at),
			startNs: head.startNs(view, at),
			endNs: head.endNs(view, at),
			success: true,
			bytes: operation.bytes(view, at),
			segsOut: operation.segsOut(view, at),
			retransmits: operation.retransmits(view, at),
			srttUs: operation.srttUs(view, at),
			lost: operation.lost(view, at),
			dataId: operation.dataId(view, at),
		};
	}

	/** The bytes that the operation moved, as views of the batch. The object is filled again by the next call. */
	chunk(): Chunk {
		const view = this.#view;
		const at = this.#at;
		const payload = payloadAt(at);
		const captured = payload + operation.captured(view, at);
		const tail = operation.tail(view, at);
		const chunk = this.#chunk;
		chunk.direction = head.direction(view, at) === DIRECTION.ingress ? 1 : 2;
		chunk.dataId = operation.dataId(view, at);
		chunk.prevDataId = operation.prevDataId(view, at);
		chunk.sequence = operation.sequence(view, at);
		chunk.offset = operation.offset(view, at);
		chunk.bytes = operation.bytes(view, at);
		chunk.payload = captured === payload ? NOTHING : this.#batch.subarray(payload, captured);
		chunk.tail = tail === 0 ? undefined : this.#batch.subarray(captured, captured + tail);
		chunk.opaque = (head.flags(view, at) & FLAG.opaque) !== 0;
		chunk.startNs = head.startNs(view, at);
		chunk.endNs = head.endNs(view, at);
		return chunk;
	}

	/** The connection that a connection event describes. */
	describe(): Connection {
		const view = this.#view;
		const at = this.#at;
		return {
			socketId: this.socketId,
			version: 0,
			pid: this.pid,
			fd: this.fd,
			comm: this.#texts.get(textAt(view, connection.comm(view, at), COMM_BYTES)),
			role: ROLES[connection.role(view, at)] ?? "unknown",
			local: { ip: this.#ip(connection.localAddr(view, at)), port: connection.localPort(view, at) },
			remote: { ip: this.#ip(connection.remoteAddr(view, at)), port: connection.remotePort(view, at) },
			tls: this.protocol === PROTOCOL.tls,
			protocol: "tcp",
		};
	}

	/** Inode of the network namespace of a connection event's socket. */
	get netns(): number {
		return connection.netns(this.#view, this.#at);
	}

	/** Effective user of a connection event's process. */
	get uid(): number {
		return connection.uid(this.#view, this.#at);
	}

	/** The connect(2) or accept(2) of a connection event; undefined when it was sent for another reason. */
	openingCall(): Operation | undefined {
		const cause = connection.cause(this.#view, this.#at);
		if (cause === CONNECTION_CAUSE.connect) return this.#call("connect", connection.success(this.#view, this.#at));
		return cause === CONNECTION_CAUSE.accept ? this.#call("accept", 1) : undefined;
	}

	/** The close(2) of a close event. */
	closeCall(): Operation {
		return this.#call("close", close.success(this.#view, this.#at));
	}

	#call(kind: Operation["kind"], success: number): Operation {
		const view = this.#view;
		const at = this.#at;
		return {
			kind,
			syscall: head.syscall(view, at),
			startNs: head.startNs(view, at),
			endNs: head.endNs(view, at),
			success: success === 1,
			bytes: 0,
			segsOut: 0,
			retransmits: 0,
			srttUs: 0,
			lost: 0,
			dataId: 0,
		};
	}

	#ip(at: number): string {
		const family = connection.family(this.#view, this.#at);
		const bytes = this.#batch.subarray(at, at + (family === AF_INET ? 4 : 16));
		return this.#texts.get(formatAddress(bytes, family as AddressFamily));
	}
}
