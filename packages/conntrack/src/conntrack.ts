import { unmapped } from "./address.ts";
import { ConntrackError } from "./conntrack-error.ts";
import { REQUEST_BYTES, readAnswers, writeRequest } from "./netlink.ts";
import { NetlinkSocket } from "./netlink-socket.ts";
import type { LookupResult, LookupTuple } from "./tuple.ts";

/** Tuples in one message: their answers fit into the receive buffer below. */
const BATCH = 64;
/** An answer occupies up to 8 KiB of a socket's buffer, however small it is. */
const RECEIVE_BUFFER = BATCH * 16_384;

export interface ConntrackOptions {
	/** How long to wait for answers that are not there at once, which is not usual; 5 ms if not told. */
	readonly timeoutMs?: number;
	/** A network namespace by its file: `/run/netns/name`, `/proc/<pid>/ns/net`. This thread's own if not told. */
	readonly netns?: string;
	/** Of the socket; 1 MiB if not told, enough for a whole batch. What does not fit is `busy`. */
	readonly receiveBufferBytes?: number;
}

/**
 * A netlink socket to the connection tracking of one network namespace.
 *
 * The kernel answers within the call that asks, so a lookup is one `send` and one `recv` for each answer: microseconds.
 * Nothing is thrown for what the kernel says: every lookup has a result. Calls are synchronous and belong to one thread.
 */
export class Conntrack implements Disposable {
	readonly #socket: NetlinkSocket;
	readonly #timeoutMs: number;
	readonly #request: Uint8Array = new Uint8Array(BATCH * REQUEST_BYTES);
	readonly #requestView: DataView = new DataView(this.#request.buffer);
	#sequence = 1;

	private constructor(socket: NetlinkSocket, options: ConntrackOptions) {
		this.#socket = socket;
		this.#timeoutMs = options.timeoutMs ?? 5;
	}

	/**
	 * Opens the socket. Works without privileges and without the module: lookups then say what is missing. Throws
	 * `ERR_CONNTRACK_NETNS` when there is no such namespace, or it may not be entered.
	 */
	static open(options: ConntrackOptions = {}): Conntrack {
		const { netns, receiveBufferBytes = RECEIVE_BUFFER } = options;
		return new Conntrack(new NetlinkSocket({ receiveBufferBytes, ...(netns === undefined ? {} : { netns }) }), options);
	}

	/** The entry of the connection that has this tuple in either direction. For many, {@linkcode lookupAll}. */
	lookup(tuple: LookupTuple): LookupResult {
		return this.lookupAll([tuple])[0]!;
	}

	/** One result for each tuple, in order. 64 tuples go in one message. */
	lookupAll(tuples: readonly LookupTuple[]): LookupResult[] {
		if (this.#socket.closed) {
			throw new ConntrackError("ERR_CONNTRACK_CLOSED", "Cannot look up a connection: this Conntrack is closed");
		}
		for (const tuple of tuples) checkTuple(tuple);
		const results: LookupResult[] = [];
		for (let from = 0; from < tuples.length; from += BATCH) {
			results.push(...this.#exchange(tuples.slice(from, from + BATCH)));
		}
		return results;
	}

	close(): void {
		this.#socket.close();
	}

	[Symbol.dispose](): void {
		this.close();
	}

	#exchange(tuples: readonly LookupTuple[]): LookupResult[] {
		if (!this.#socket.supported) return tuples.map(() => ({ miss: "no-module" }));
		const results = new Array<LookupResult | undefined>(tuples.length).fill(undefined);
		// A batch's numbers never wrap: it starts anew in time.
		if (this.#sequence > 0xffff_0000) this.#sequence = 1;
		const first = this.#sequence;
		let end = 0;
		for (const tuple of tuples) end = writeRequest(this.#requestView, end, tuple, this.#sequence++);
		let missing = tuples.length;
		let refused = false;
		const take = (sequence: number, result: LookupResult): void => {
			// An answer to a question that was given up has another number.
			const index = sequence - first;
			if (index < 0 || index >= results.length || results[index]) return;
			results[index] = result;
			missing--;
			// The kernel refuses a whole message with its first request.
			if ("miss" in result && result.miss === "not-permitted") refused = true;
		};
		if (this.#socket.send(this.#request, end)) while (missing > 0 && !refused && this.#receive(take));
		const rest: LookupResult = { miss: refused ? "not-permitted" : "busy" };
		return results.map((result) => result ?? rest);
	}

	/** Takes one datagram; false when none comes in time, or the kernel says that it dropped some (ENOBUFS). */
	#receive(take: (sequence: number, result: LookupResult) => void): boolean {
		let datagram = this.#socket.receive();
		if (!datagram && this.#socket.wait(this.#timeoutMs)) datagram = this.#socket.receive();
		if (datagram) readAnswers(datagram, take);
		return datagram !== undefined;
	}
}

function checkTuple({ src, dst, sport, dport }: LookupTuple): void {
	const size = unmapped(src).length;
	if ((size !== 4 && size !== 16) || unmapped(dst).length !== size) {
		throw new RangeError(
			`Cannot look up addresses of ${src.length} and ${dst.length} bytes: needs 4 or 16, of one family`,
		);
	}
	for (const port of [sport, dport]) {
		if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError(`Cannot look up port ${port}`);
	}
}
