/** Builds kernel batches for tests. */
export interface TestOperation {
	readonly socket?: number;
	/** 1 ingress, 2 egress. */
	readonly direction: 1 | 2;
	readonly offset: number;
	readonly payload: string;
	/** Of the payload's end; the bytes of the call that lie between are `hole`. */
	readonly tail?: number;
	readonly hole?: number;
	readonly protocol?: number;
	readonly flags?: number;
}

const encoder = new TextEncoder();

export function operation(spec: TestOperation): Uint8Array {
	const payload = Uint8Array.from(spec.payload, (char) => char.charCodeAt(0));
	const tail = spec.tail ?? 0;
	const event = new Uint8Array(96 + payload.length);
	const view = new DataView(event.buffer);
	event[0] = 2;
	event[1] = 1;
	event[2] = spec.direction;
	event[3] = spec.protocol ?? 1;
	view.setUint32(4, spec.flags ?? 0, true);
	view.setBigUint64(8, BigInt(spec.socket ?? 2 ** 40 + 7), true);
	view.setUint32(56, spec.offset >>> 0, true);
	view.setUint32(60, payload.length + (spec.hole ?? 0), true);
	view.setUint32(64, payload.length - tail, true);
	view.setUint16(68, tail, true);
	event.set(payload, 96);
	return event;
}

export function close(socket: number): Uint8Array {
	const event = new Uint8Array(48);
	event[0] = 3;
	new DataView(event.buffer).setBigUint64(8, BigInt(socket), true);
	event[40] = 1;
	return event;
}

export function batchOf(events: readonly Uint8Array[]): Uint8Array {
	const size = events.reduce((sum, event) => sum + 8 + ((event.length + 7) & ~7), 0);
	const batch = new Uint8Array(size);
	const view = new DataView(batch.buffer);
	let at = 0;
	for (const event of events) {
		view.setUint32(at, event.length, true);
		batch.set(event, at + 8);
		at += 8 + ((event.length + 7) & ~7);
	}
	return batch;
}

/** The payloads of a batch's operations, as strings of bytes. */
export function payloadsOf(batch: Uint8Array): string[] {
	const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
	const payloads: string[] = [];
	for (let at = 0; at < batch.length; at += 8 + ((view.getUint32(at, true) + 7) & ~7)) {
		const end = at + 8 + view.getUint32(at, true);
		if (batch[at + 8] === 2) payloads.push(String.fromCharCode(...batch.subarray(at + 8 + 96, end)));
	}
	return payloads;
}

export const bytesOf = (text: string): Uint8Array => encoder.encode(text);
