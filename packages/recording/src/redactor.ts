import { DirectionRedactor } from "./direction-redactor.ts";
import { MessageOrder } from "./message-order.ts";

/** Sizes of events without payload: connection, close; exec, fork and exit of a process. */
const PLAIN_BYTES: ReadonlyMap<number, number> = new Map([
	[1, 112],
	[3, 48],
	[16, 48],
	[17, 48],
	[18, 48],
]);
const KIND_OPERATION = 2;
const KIND_CLOSE = 3;
const OPERATION_BYTES = 96;
const FRAME_HEAD = 8;
const HTTP_OR_UNKNOWN = 1;
/** flags: plaintext of a TLS connection, whose offsets are its own. */
const TLS_PLAINTEXT = 16;

/** Sockets whose place in the stream is known; beyond that the oldest starts anew, all blanked until a message starts. */
const MAX_SOCKETS = 65_536;
/** Late events of a closed socket still find its place. */
const KEPT_CLOSED = 256;

interface Socket {
	readonly order: MessageOrder;
	/** By direction, and apart for plaintext: ingress, egress, ingress TLS, egress TLS. */
	readonly directions: (DirectionRedactor | undefined)[];
}

/**
 * Overwrites what recordings must not hold, in batches of kernel events, in place.
 *
 * Events keep their headers and sizes. Of the payload of operations stays what places and frames messages; all else
 * becomes `x`. What cannot be placed is overwritten: bytes of unknown protocols, after a hole, after an upgrade.
 */
export class Redactor {
	readonly #sockets: Map<number, Socket> = new Map();
	#closed: number[] = [];

	/** Redacts every event of a batch. */
	redact(batch: Uint8Array): void {
		const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
		let at = 0;
		while (at + FRAME_HEAD <= batch.length) {
			const length = view.getUint32(at, true);
			const end = Math.min(at + FRAME_HEAD + length, batch.length);
			this.#event(batch, view, at + FRAME_HEAD, end);
			at += FRAME_HEAD + ((length + 7) & ~7);
		}
	}

	#event(batch: Uint8Array, view: DataView, at: number, end: number): void {
		const kind = batch[at];
		if (kind === KIND_OPERATION && end - at >= OPERATION_BYTES) this.#operation(batch, view, at, end);
		else if (kind === KIND_CLOSE && end - at >= 41) this.#close(socketId(view, at));
		else if (kind !== undefined) {
			// What has no payload stays as long as it is no longer than it should be; unknown events may hold anything.
			const known = PLAIN_BYTES.get(kind) ?? 1;
			batch.fill(0x78, Math.min(at + known, end), end);
		}
	}

	#operation(batch: Uint8Array, view: DataView, at: number, end: number): void {
		const payload = at + OPERATION_BYTES;
		const captured = Math.min(view.getUint32(at + 64, true), end - payload);
		const tail = Math.min(view.getUint16(at + 68, true), end - payload - captured);
		const bytes = view.getUint32(at + 60, true);
		const direction = batch[at + 2]!;
		if (batch[at + 3]! > HTTP_OR_UNKNOWN || direction < 1 || direction > 2) {
			batch.fill(0x78, payload, end);
			return;
		}
		const flags = view.getUint32(at + 4, true);
		const index = direction - 1 + (flags & TLS_PLAINTEXT ? 2 : 0);
		const socket = this.#socket(socketId(view, at));
		socket.directions[index] ??= new DirectionRedactor(socket.order);
		const hole = Math.max(0, bytes - captured - tail);
		socket.directions[index].operation(batch, view.getUint32(at + 56, true), payload, captured, hole, tail);
		batch.fill(0x78, payload + captured + tail, end);
	}

	#socket(id: number): Socket {
		let socket = this.#sockets.get(id);
		if (socket) return socket;
		if (this.#sockets.size >= MAX_SOCKETS) for (const oldest of this.#sockets.keys()) return this.#replace(oldest, id);
		socket = { order: new MessageOrder(), directions: [] };
		this.#sockets.set(id, socket);
		return socket;
	}

	#replace(oldest: number, id: number): Socket {
		this.#sockets.delete(oldest);
		return this.#socket(id);
	}

	#close(id: number): void {
		if (this.#closed.length >= KEPT_CLOSED * 2) {
			for (const old of this.#closed.slice(0, KEPT_CLOSED)) this.#sockets.delete(old);
			this.#closed = this.#closed.slice(KEPT_CLOSED);
		}
		this.#closed.push(id);
	}
}

function socketId(view: DataView, at: number): number {
	return view.getUint32(at + 8, true) + view.getUint32(at + 12, true) * 0x1_0000_0000;
}
