import type { Chunk, Direction } from "@wirescribe/buffer";
import type { BodyPolicy } from "./body-tap.ts";
import { collectBody, collectedPolicy } from "./collected.ts";
import { Http1Connection } from "./connection.ts";
import type { Http1Error } from "./errors.ts";
import type { Exchange, Http1Counters, Http1Options, ProtocolChange } from "./exchange.ts";

/** Settings of an `ExchangeReader`; all have defaults. */
export interface ExchangeReaderOptions extends Http1Options {
	/** Which bodies are collected as `message.body`: "all", or their beginnings. Default "none". */
	readonly bodies?: BodyPolicy;
	/** Most bytes collected of one body. Default 1 MiB. */
	readonly maxBodyBytes?: number;
}

/**
 * One connection without callbacks: chunks go in, the exchanges they finish come out, ready to be kept.
 *
 * No sockets, no timers: time is what chunks, `tick` and `close` say. `Http1Connection` is the same with callbacks, for
 * those who read millions of messages and keep none.
 */
export class ExchangeReader {
	readonly #connection: Http1Connection;
	readonly #found: Exchange[] = [];
	#protocol: ProtocolChange | undefined = undefined;
	#error: Http1Error | undefined = undefined;
	#lastId = 0;
	readonly #next: [number, number] = [0, 0];

	/** One reader for each connection. */
	constructor(options: ExchangeReaderOptions = {}) {
		const bodies = collectedPolicy(options.bodies, options.maxBodyBytes);
		this.#connection = new Http1Connection(
			{ ...options, bodies, copy: true },
			{
				body: collectBody,
				error: (error) => {
					this.#error = error;
				},
				exchange: (exchange) => {
					exchange.request?.detach();
					exchange.response?.detach();
					this.#found.push(exchange);
				},
				protocol: (change) => {
					this.#protocol = change;
				},
			},
		);
	}

	/** Why there is no more HTTP/1 on this connection; undefined while there is. */
	get protocol(): ProtocolChange | undefined {
		return this.#protocol;
	}

	/** What stopped reading in strict mode. */
	get error(): Http1Error | undefined {
		return this.#error;
	}

	/** True when time alone may change something: call `tick` then. */
	get needsTick(): boolean {
		return this.#connection.needsTick;
	}

	/** What happened to requests so far. */
	get counters(): Readonly<Http1Counters> {
		return this.#connection.counters;
	}

	/** Takes a chunk, in whatever order they come; its memory is the caller's again afterwards. Returns what it finishes. */
	feed(chunk: Chunk): Exchange[] {
		this.#connection.append(chunk);
		return this.#take();
	}

	/**
	 * Takes the next bytes of a direction, for those who see all of them in order: numbers and positions are given here.
	 * Not to be mixed with `feed`. `nowNs`: when they were moved, nanoseconds of any clock.
	 */
	push(direction: Direction, bytes: Uint8Array, nowNs: number = 0): Exchange[] {
		const prevDataId = this.#lastId++;
		const offset = this.#next[direction - 1]!;
		this.#next[direction - 1] = (offset + bytes.length) % 4294967296;
		const ids = { direction, dataId: this.#lastId, prevDataId, sequence: 0 };
		return this.feed({ ...ids, offset, bytes: bytes.length, payload: bytes, startNs: nowNs, endNs: nowNs });
	}

	/** Time passes: what has waited long enough is given up. */
	tick(nowNs: number): Exchange[] {
		this.#connection.tick(nowNs);
		return this.#take();
	}

	/** The connection is over: returns everything that is left. */
	close(nowNs: number = 0): Exchange[] {
		this.#connection.close(nowNs);
		return this.#take();
	}

	#take(): Exchange[] {
		return this.#found.splice(0);
	}
}

/**
 * The exchanges of one connection's chunks, as they are finished; what is left comes when the chunks end.
 *
 * ```ts
 * for await (const { request, response } of readExchanges(chunks)) console.log(request?.target, response?.status);
 * ```
 *
 * The clock is the chunks' own. A chunk's memory is the caller's again when the next one is asked for.
 */
export async function* readExchanges(
	chunks: Iterable<Chunk> | AsyncIterable<Chunk>,
	options: ExchangeReaderOptions = {},
): AsyncGenerator<Exchange, void, undefined> {
	const reader = new ExchangeReader(options);
	let nowNs = 0;
	for await (const chunk of chunks) {
		if (chunk.endNs > nowNs) nowNs = chunk.endNs;
		yield* reader.feed(chunk);
		// Before the next chunk: its time has not come yet, the holes' may have.
		if (reader.needsTick) yield* reader.tick(nowNs);
	}
	yield* reader.close(nowNs);
}
