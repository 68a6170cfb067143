/** A capture of this very process, and its events as plain objects. */
import assert from "node:assert/strict";
import {
	close as closeReader,
	connection,
	FRAME_BYTES,
	frameLength,
	head,
	isWhole,
	KIND,
	nextFrame,
	operation,
	payloadAt,
	textAt,
} from "../src/events.ts";
import {
	type Capture,
	type CaptureOptions,
	type CaptureRing,
	lost,
	openCapture,
	openRing,
	skipped,
} from "../src/index.ts";

export interface Event {
	readonly kind: number;
	readonly syscall: number;
	readonly direction: number;
	readonly protocol: number;
	readonly flags: number;
	readonly socketId: number;
	readonly startNs: number;
	readonly endNs: number;
	readonly tgid: number;
	readonly fd: number;
}

export interface OperationEvent extends Event {
	readonly dataId: number;
	readonly prevDataId: number;
	readonly offset: number;
	readonly bytes: number;
	readonly message: number;
	readonly role: number;
	readonly captured: Uint8Array;
	readonly tail: Uint8Array;
}

export interface ConnectionEvent extends Event {
	readonly local: string;
	readonly remote: string;
	readonly family: number;
	readonly role: number;
	readonly cause: number;
	readonly success: number;
	readonly error: number;
	readonly comm: string;
	readonly uid: number;
}

export interface CloseEvent extends Event {
	readonly cause: number;
}

/** What was drained, in order. */
export class Events {
	readonly all: (OperationEvent | ConnectionEvent | CloseEvent)[] = [];

	get operations(): OperationEvent[] {
		return this.all.filter((event): event is OperationEvent => event.kind === KIND.operation);
	}
	get connections(): ConnectionEvent[] {
		return this.all.filter((event): event is ConnectionEvent => event.kind === KIND.connection);
	}
	get closes(): CloseEvent[] {
		return this.all.filter((event): event is CloseEvent => event.kind === KIND.close);
	}
	/** Operations by the descriptor they were made on. */
	on(fd: number): OperationEvent[] {
		return this.operations.filter((event) => event.fd === fd);
	}
}

function address(view: DataView, at: number, family: number, port: number): string {
	if (family === 2) return `${[0, 1, 2, 3].map((i) => view.getUint8(at + i)).join(".")}:${port}`;
	const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(at + i * 2, false).toString(16));
	return `[${groups.join(":")}]:${port}`;
}

function read(view: DataView, at: number): OperationEvent | ConnectionEvent | CloseEvent {
	const common: Event = {
		kind: head.kind(view, at),
		syscall: head.syscall(view, at),
		direction: head.direction(view, at),
		protocol: head.protocol(view, at),
		flags: head.flags(view, at),
		socketId: head.socketId(view, at),
		startNs: head.startNs(view, at),
		endNs: head.endNs(view, at),
		tgid: head.tgid(view, at),
		fd: head.fd(view, at),
	};
	if (common.kind === KIND.operation) {
		const payload = payloadAt(at);
		const captured = operation.captured(view, at);
		const bytes = new Uint8Array(view.buffer.slice(payload, payload + captured + operation.tail(view, at)));
		return {
			...common,
			dataId: operation.dataId(view, at),
			prevDataId: operation.prevDataId(view, at),
			offset: operation.offset(view, at),
			bytes: operation.bytes(view, at),
			message: operation.message(view, at),
			role: operation.role(view, at),
			captured: bytes.subarray(0, captured),
			tail: bytes.subarray(captured),
		};
	}
	if (common.kind === KIND.close) return { ...common, cause: closeReader.cause(view, at) };
	const family = connection.family(view, at);
	return {
		...common,
		local: address(view, connection.localAddr(view, at), family, connection.localPort(view, at)),
		remote: address(view, connection.remoteAddr(view, at), family, connection.remotePort(view, at)),
		family,
		role: connection.role(view, at),
		cause: connection.cause(view, at),
		success: connection.success(view, at),
		error: connection.error(view, at),
		comm: textAt(view, connection.comm(view, at), 16),
		uid: connection.uid(view, at),
	};
}

/** A capture with all its rings open; by default it watches this process only, so that the machine's other traffic stays out. */
export class Harness implements Disposable {
	readonly capture: Capture;
	readonly rings: CaptureRing[];
	readonly #memory: Uint8Array = new Uint8Array(1 << 20);
	readonly #view: DataView = new DataView(this.#memory.buffer);

	constructor(options: CaptureOptions = {}) {
		this.capture = openCapture({ excludePids: [], select: { pids: [process.pid] }, ...options });
		this.rings = Array.from({ length: this.capture.rings }, (_, i) => openRing(this.capture.handle(i)));
	}

	/** Everything that is in the rings. */
	drain(): Events {
		const events = new Events();
		for (const ring of this.rings) {
			for (let length = ring.drain(this.#memory); length > 0; length = ring.drain(this.#memory)) {
				for (let at = 0; at < length; at = nextFrame(this.#view, at)) {
					const event = at + FRAME_BYTES;
					if (!isWhole(this.#view, event, frameLength(this.#view, at))) throw new Error(`not an event at ${at}`);
					events.all.push(read(this.#view, event));
				}
			}
		}
		return events;
	}

	[Symbol.dispose](): void {
		for (const ring of this.rings) ring.close();
		this.capture.close();
	}
}

/** Everything balances once the programs are detached: identity (a), and what was submitted is what was drained. */
export function expectBalance(harness: Harness, drained: Events): void {
	harness.capture.detach();
	const rest = harness.drain();
	const counters = harness.capture.counters();
	assert.equal(counters.seen, skipped(counters) + counters.submitted + lost(counters));
	assert.equal(drained.operations.length + rest.operations.length, counters.submitted);
	assert.equal(drained.connections.length + rest.connections.length, counters.connections_submitted);
	assert.equal(drained.closes.length + rest.closes.length, counters.closes_submitted);
}
