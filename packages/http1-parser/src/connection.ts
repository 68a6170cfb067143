import type { Chunk } from "@wirescribe/buffer";
import { ConnectionReader } from "./connection-reader.ts";
import type { Http1Counters, Http1Options, Http1Sink } from "./exchange.ts";

/**
 * One connection: chunks of both directions go in, exchanges come out.
 *
 * Idle connections are many and long-lived. `rest()` puts one into some forty numbers, a quarter of the memory of its
 * readers, streams and matcher; the next chunk makes them anew:
 *
 * ```
 *   ConnectionReader  --- rest(), when nothing is under way --->  numbers
 *                     <--- append(), close() ------------------
 * ```
 */
export class Http1Connection {
	/** What happened to requests so far. */
	readonly counters: Readonly<Http1Counters> = {
		requestStartsRead: 0,
		logged: 0,
		partial: 0,
		unpaired: 0,
		responsesUnpaired: 0,
	};
	readonly #options: Http1Options;
	readonly #sink: Http1Sink;
	/** One of the two is there. */
	#reader: ConnectionReader | undefined;
	#saved: number[] | undefined = undefined;

	/** One for each connection; `sink` is called from within `append`, `tick` and `close` only. Both are kept, not copied. */
	constructor(options: Http1Options, sink: Http1Sink) {
		this.#options = options;
		this.#sink = sink;
		this.#reader = new ConnectionReader(options, sink, this.counters);
	}

	/** The role that was told or learned. */
	get role(): "client" | "server" | undefined {
		return (this.#reader ?? this.#wake()).role;
	}

	/** True when time alone may change something: call `tick` then. */
	get needsTick(): boolean {
		return this.#reader?.needsTick ?? false;
	}

	/** Bytes copied and kept because something before them is missing, or a message is not whole. */
	get retained(): number {
		return this.#reader?.retained ?? 0;
	}

	/** True between a `rest()` that was granted and the next chunk. */
	get resting(): boolean {
		return this.#saved !== undefined;
	}

	/** Requests begun and not handed out. */
	open(): number {
		return this.#reader?.open() ?? 0;
	}

	/** Takes a chunk. Its memory is the caller's again afterwards. */
	append(chunk: Chunk): void {
		(this.#reader ?? this.#wake()).append(chunk);
	}

	/** Time passes: what has waited long enough is given up. */
	tick(nowNs: number): void {
		if (this.#reader !== undefined) this.#reader.tick(nowNs);
		else if (nowNs > this.#saved![0]!) this.#saved![0] = nowNs;
	}

	/** The connection is over: everything that is left is handed out. */
	close(nowNs: number): void {
		(this.#reader ?? this.#wake()).close(nowNs);
	}

	/**
	 * Gives back memory, if nothing is under way: for connections that have been silent for a second, say, since waking
	 * takes as long as reading a message. Changes nothing of what is read. Never with `diagnostics` or `onAnomaly`.
	 */
	rest(): void {
		const reader = this.#reader;
		if (reader === undefined || !reader.idle) return;
		const numbers: number[] = [];
		reader.save(numbers);
		// A copy has no room to grow.
		this.#saved = numbers.slice();
		this.#reader = undefined;
	}

	#wake(): ConnectionReader {
		const reader = new ConnectionReader(this.#options, this.#sink, this.counters);
		reader.load(this.#saved!);
		this.#saved = undefined;
		this.#reader = reader;
		return reader;
	}
}
