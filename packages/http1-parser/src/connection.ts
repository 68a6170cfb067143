import type { Chunk } from "@wirescribe/buffer";
import { ConnectionReader } from "./connection-reader.ts";
import type { Http1Counters, Http1Options, Http1Sink } from "./exchange.ts";

/** One connection: chunks of both directions go in, exchanges come out. */
export interface Http1Connection {
	/** What happened to requests so far. */
	readonly counters: Readonly<Http1Counters>;
	/** The role that was told or learned. */
	readonly role: "client" | "server" | undefined;
	/** True when time alone may change something: call `tick` then. */
	readonly needsTick: boolean;
	/** Bytes copied and kept because something before them is missing, or a message is not whole. */
	readonly retained: number;
	/** Requests begun and not handed out. */
	open(): number;
	/** Takes a chunk. Its memory is the caller's again afterwards. */
	append(chunk: Chunk): void;
	/** Time passes: what has waited long enough is given up. */
	tick(nowNs: number): void;
	/** The connection is over: everything that is left is handed out. */
	close(nowNs: number): void;
}

/** One for each connection; `sink` is called from within `append`, `tick` and `close` only. */
export const Http1Connection: new (options: Http1Options, sink: Http1Sink) => Http1Connection = ConnectionReader;
