import {
	CLOSE,
	CLOSE_CAUSE,
	CONNECTION,
	CONNECTION_CAUSE,
	DIRECTION,
	FLAG,
	HEAD,
	KIND,
	OPERATION,
	PROTOCOL,
	SYSCALL,
} from "@wirescribe/bpf-programs/events";

interface OperationFields {
	readonly direction: 1 | 2;
	readonly id: number;
	readonly prev?: number;
	readonly offset: number;
	readonly text: string;
	readonly atNs: number;
	/** Plaintext of TLS; or ciphertext, whose bytes are counted only. */
	readonly tls?: "plaintext" | "ciphertext";
	/** What the kernel takes the connection for. */
	readonly protocol?: keyof typeof PROTOCOL;
}

/** Builds batches of events as a ring drain hands them over. */
export class BatchBuilder {
	readonly #frames: Uint8Array[] = [];
	readonly socketId: number;

	constructor(socketId: number) {
		this.socketId = socketId;
	}

	connection(role: 1 | 2, cause: keyof typeof CONNECTION_CAUSE, atNs = 1_000): this {
		return this.#event(CONNECTION.size, KIND.connection, atNs, (view) => {
			view.setUint8(HEAD.syscall, cause === "connect" ? SYSCALL.connect : SYSCALL.accept4);
			for (const [at, last] of [
				[CONNECTION.local_addr, 1],
				[CONNECTION.remote_addr, 2],
			] as const) {
				for (const [i, byte] of [127, 0, 0, last].entries()) view.setUint8(at + i, byte);
			}
			view.setUint16(CONNECTION.local_port, 8080, true);
			view.setUint16(CONNECTION.remote_port, 40_000, true);
			view.setUint8(CONNECTION.family, 2);
			view.setUint8(CONNECTION.role, role);
			view.setUint8(CONNECTION.cause, CONNECTION_CAUSE[cause]);
			view.setUint8(CONNECTION.success, 1);
			for (const [i, byte] of new TextEncoder().encode("server").entries()) view.setUint8(CONNECTION.comm + i, byte);
		});
	}

	operation({ direction, id, prev = id - 1, offset, text, atNs, tls, protocol = "unknown" }: OperationFields): this {
		const bytes = new TextEncoder().encode(text);
		const payload = tls === "ciphertext" ? new Uint8Array(0) : bytes;
		return this.#event(
			OPERATION.size,
			KIND.operation,
			atNs,
			(view) => {
				view.setUint8(HEAD.syscall, direction === DIRECTION.ingress ? SYSCALL.read : SYSCALL.write);
				view.setUint8(HEAD.direction, direction);
				view.setUint8(HEAD.protocol, PROTOCOL[tls === "ciphertext" ? "tls" : protocol]);
				const flags = { plaintext: FLAG.tls_plaintext, ciphertext: FLAG.opaque };
				view.setUint32(HEAD.flags, tls ? flags[tls] : 0, true);
				view.setBigUint64(OPERATION.data_id, BigInt(id), true);
				view.setBigUint64(OPERATION.prev_data_id, BigInt(prev), true);
				view.setUint32(OPERATION.offset, offset, true);
				view.setUint32(OPERATION.bytes, bytes.length, true);
				view.setUint32(OPERATION.captured, payload.length, true);
			},
			payload,
		);
	}

	close(cause: keyof typeof CLOSE_CAUSE, atNs: number): this {
		return this.#event(CLOSE.size, KIND.close, atNs, (view) => {
			view.setUint8(HEAD.syscall, SYSCALL.close);
			view.setUint8(CLOSE.cause, CLOSE_CAUSE[cause]);
			view.setUint8(CLOSE.success, 1);
		});
	}

	/** A frame of any bytes. */
	raw(bytes: Uint8Array): this {
		const frame = new Uint8Array((8 + bytes.length + 7) & ~7);
		new DataView(frame.buffer).setUint32(0, bytes.length, true);
		frame.set(bytes, 8);
		this.#frames.push(frame);
		return this;
	}

	/** The batch so far; the builder starts again. */
	take(): Uint8Array {
		const frames = this.#frames.splice(0);
		const batch = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
		let at = 0;
		for (const frame of frames) {
			batch.set(frame, at);
			at += frame.length;
		}
		return batch;
	}

	#event(size: number, kind: number, atNs: number, fill: (view: DataView) => void, payload = new Uint8Array(0)): this {
		const event = new Uint8Array(size + payload.length);
		const view = new DataView(event.buffer);
		view.setUint8(HEAD.kind, kind);
		view.setBigUint64(HEAD.socket_id, BigInt(this.socketId), true);
		view.setBigUint64(HEAD.start_ns, BigInt(atNs - 100), true);
		view.setBigUint64(HEAD.end_ns, BigInt(atNs), true);
		view.setUint32(HEAD.tgid, 77, true);
		view.setInt32(HEAD.fd, 5, true);
		fill(view);
		event.set(payload, size);
		return this.raw(event);
	}
}
