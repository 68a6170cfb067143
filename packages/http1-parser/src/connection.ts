import type { Chunk } from "@wirescribe/buffer";
import { ConnectionReader } from "./connection-reader.ts";
import type { Http1Counters, Http1Options, Http1Sink } from "./exchange.ts";

/** One connection: chunks of both directions go in, exchanges come out. */
export class Http1Connection {
	readonly #reader: ConnectionReader;

	/** One for each connection; `sink` is called from within `append`, `tick` and `close` only. */
	constructor(options: Http1Options, sink: Http1Sink) {
		this.#reader = new ConnectionReader(options, sink);
	}

	/** What happened to requests so far. */
	get counters(): Readonly<Http1Counters> {
		return this.#reader.counters;
	}

	/** The role that was told or learned. */
	get role(): "client" | "server" | undefined {
		return this.#reader.role;
	}

	/** True when time alone may change something: call `tick` then. */
	get needsTick(): boolean {
		return this.#reader.needsTick;
	}

	/** Bytes copied and kept because something before them is missing, or a message is not whole. */
	get retained(): number {
		return this.#reader.buffer.retained;
	}

	/** Requests begun and not handed out. */
	open(): number {
		return this.#reader.open();
	}

	/** Takes a chunk. Its memory is the caller's again afterwards. */
	append(chunk: Chunk): void {
		this.#reader.append(chunk);
	}

	/** Time passes: what has waited long enough is given up. */
	tick(nowNs: number): void {
		this.#reader.tick(nowNs);
	}

	/** The connection is over: everything that is left is handed out. */
	close(nowNs: number): void {
		this.#reader.close(nowNs);
	}
}
