import type { Chunk, Direction } from "@wirescribe/buffer";
import { type Exchange, Http1Connection, type Http1Options, type ProtocolChange } from "../src/index.ts";

/** Bytes of a latin1 string. */
export function bytesOf(text: string): Uint8Array {
	const bytes = new Uint8Array(text.length);
	for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
	return bytes;
}

/** What a test compares: an exchange as plain values. */
export interface Row {
	readonly method: string | undefined;
	readonly target: string | undefined;
	readonly status: number | undefined;
	readonly request: readonly [header: number, body: number, decoded: number, first: number, last: number] | undefined;
	readonly response: readonly [header: number, body: number, decoded: number, first: number, last: number] | undefined;
	readonly unpaired: string | undefined;
	readonly partial: readonly string[];
	readonly informational: number;
	readonly headers: readonly string[];
}

/** Plain values of an exchange. `ids` false leaves out what depends on how the bytes were cut. */
export function rowOf(exchange: Exchange, ids = true): Row {
	const { request, response } = exchange;
	const sizes = (m: NonNullable<typeof request>) =>
		[m.headerBytes, m.bodyBytes, m.decodedBodyBytes, ids ? m.firstDataId : 0, ids ? m.lastDataId : 0] as const;
	return {
		method: request?.method,
		target: request?.target,
		status: response?.status,
		request: request === undefined ? undefined : sizes(request),
		response: response === undefined ? undefined : sizes(response),
		unpaired: exchange.unpaired,
		partial: exchange.partial,
		informational: exchange.informational,
		headers: [...(request?.headers() ?? []), ...(response?.headers() ?? [])].map(
			([name, value]) => `${name}: ${value}`,
		),
	};
}

/** Cuts a text for one operation: how much of it was captured. */
export interface Part {
	readonly text: string;
	readonly captured?: number;
	readonly tail?: number;
	/** Given when ids must not just count. */
	readonly dataId?: number;
	readonly prevDataId?: number;
}

/** Makes the chunks of a conversation; `E` is egress, `I` ingress, one operation each. */
export class Script {
	readonly chunks: Chunk[] = [];
	#id = 0;
	readonly #positions: [number, number] = [4294967000, 17];

	E(part: string | Part): this {
		return this.#add(2, part);
	}

	I(part: string | Part): this {
		return this.#add(1, part);
	}

	#add(direction: Direction, given: string | Part): this {
		const part = typeof given === "string" ? { text: given } : given;
		const bytes = bytesOf(part.text);
		const prev = this.#id;
		this.#id = part.dataId ?? this.#id + 1;
		const tail = part.tail === undefined ? undefined : bytes.slice(bytes.length - part.tail);
		this.chunks.push({
			direction,
			dataId: this.#id,
			prevDataId: part.prevDataId ?? prev,
			sequence: 0,
			offset: this.#positions[direction - 1]! % 4294967296,
			bytes: bytes.length,
			payload: bytes.slice(0, part.captured ?? bytes.length),
			...(tail === undefined ? {} : { tail }),
			startNs: this.#id * 1000,
			endNs: this.#id * 1000 + 500,
		});
		this.#positions[direction - 1]! += bytes.length;
		return this;
	}
}

/** What a run gave. */
export interface Result {
	readonly rows: Row[];
	readonly changes: ProtocolChange[];
	readonly skips: [Direction, number | "all"][];
	readonly connection: Http1Connection;
	/** How often it rested when it was asked to. */
	readonly rested: number;
}

/** Runs chunks through a connection, overwriting each chunk's memory afterwards, and closes it. `rests`: it rests whenever it can. */
export function run(chunks: readonly Chunk[], options: Http1Options = {}, ids = true, rests = false): Result {
	const rows: Row[] = [];
	const changes: ProtocolChange[] = [];
	const skips: [Direction, number | "all"][] = [];
	const connection = new Http1Connection(options, {
		exchange: (exchange) => void rows.push(rowOf(exchange, ids)),
		protocol: (change) => void changes.push(change),
		skip: (direction, before) => void skips.push([direction, before]),
	});
	let now = 0;
	let rested = 0;
	const rest = (): void => {
		if (!rests) return;
		connection.rest();
		if (connection.resting) rested++;
	};
	for (const chunk of chunks) {
		// The capture's memory is used again: whoever still reads it reads rubbish.
		const payload = chunk.payload.slice();
		const tail = chunk.tail?.slice();
		connection.tick(chunk.startNs);
		rest();
		connection.append({ ...chunk, payload, tail });
		payload.fill(0x23);
		tail?.fill(0x23);
		now = Math.max(now, chunk.endNs);
		rest();
		identity(connection);
	}
	connection.tick(now + 1e9);
	rest();
	identity(connection);
	connection.close(now + 2e9);
	identity(connection);
	if (connection.open() !== 0) throw new Error(`${connection.open()} requests left open`);
	return { rows, changes, skips, connection, rested };
}

/** Throws when the loss identity does not hold. */
export function identity(connection: Http1Connection): void {
	const { requestStartsRead, logged, partial, unpaired } = connection.counters;
	if (requestStartsRead !== logged + partial + unpaired + connection.open()) {
		throw new Error(`identity broken: ${JSON.stringify(connection.counters)}, open ${connection.open()}`);
	}
}
