import { dlopen, type Library } from "@wirescribe/ffi";
import { unmapped } from "./address.ts";
import { REQUEST_BYTES, readAnswers, writeRequest } from "./netlink.ts";
import type { LookupResult, LookupTuple } from "./tuple.ts";

const LIBC = {
	socket: { args: ["i32", "i32", "i32"], returns: "i32" },
	setsockopt: { args: ["i32", "i32", "i32", "buffer", "u32"], returns: "i32" },
	send: { args: ["i32", "buffer", "u64", "i32"], returns: "i64" },
	recv: { args: ["i32", "buffer", "u64", "i32"], returns: "i64" },
	poll: { args: ["buffer", "u64", "i32"], returns: "i32" },
	close: { args: ["i32"], returns: "i32" },
} as const;

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_NETFILTER = 12;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;

/** Tuples in one message: their answers fit into the receive buffer below. */
const BATCH = 64;
/** An answer occupies up to 8 KiB of a socket's buffer, however small it is. */
const RECEIVE_BUFFER = BATCH * 16_384;

export interface ConntrackOptions {
	/** How long to wait for answers that are not there at once, which is not usual; 5 ms if not told. */
	readonly timeoutMs?: number;
}

/**
 * A netlink socket to the connection tracking of this network namespace.
 *
 * The kernel answers within the call that asks, so a lookup is one `send` and one `recv` for each answer: microseconds.
 * Nothing is thrown for what the kernel says: every lookup has a result. Calls are synchronous and belong to one thread.
 */
export class Conntrack implements Disposable {
	readonly #libc: Library<typeof LIBC>;
	readonly #fd: number;
	readonly #timeoutMs: number;
	readonly #request: Uint8Array = new Uint8Array(BATCH * REQUEST_BYTES);
	readonly #requestView: DataView = new DataView(this.#request.buffer);
	readonly #answer: Uint8Array = new Uint8Array(32_768);
	#sequence = 1;
	#closed = false;

	private constructor(libc: Library<typeof LIBC>, fd: number, options: ConntrackOptions) {
		this.#libc = libc;
		this.#fd = fd;
		this.#timeoutMs = options.timeoutMs ?? 5;
	}

	/** Opens the socket. Works without privileges and without the module: lookups then say what is missing. */
	static open(options: ConntrackOptions = {}): Conntrack {
		const libc = dlopen("libc.so.6", LIBC);
		const fd = libc.symbols.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_NETFILTER);
		if (fd >= 0) {
			const size = new Uint8Array(Int32Array.of(RECEIVE_BUFFER).buffer);
			// Beyond the system's limit it takes the privilege that lookups need, too.
			if (libc.symbols.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, size, 4) < 0) {
				libc.symbols.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, size, 4);
			}
		}
		return new Conntrack(libc, fd, options);
	}

	/** The entry of the connection that has this tuple in either direction. For many, {@linkcode lookupAll}. */
	lookup(tuple: LookupTuple): LookupResult {
		return this.lookupAll([tuple])[0]!;
	}

	/** One result for each tuple, in order. 64 tuples go in one message. */
	lookupAll(tuples: readonly LookupTuple[]): LookupResult[] {
		if (this.#closed) throw new Error("Cannot look up a connection: this Conntrack is closed");
		for (const tuple of tuples) checkTuple(tuple);
		const results: LookupResult[] = [];
		for (let from = 0; from < tuples.length; from += BATCH) {
			results.push(...this.#exchange(tuples.slice(from, from + BATCH)));
		}
		return results;
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		if (this.#fd >= 0) this.#libc.symbols.close(this.#fd);
		this.#libc.close();
	}

	[Symbol.dispose](): void {
		this.close();
	}

	#exchange(tuples: readonly LookupTuple[]): LookupResult[] {
		// Nothing but a kernel without netfilter's netlink refuses such a socket.
		if (this.#fd < 0) return tuples.map(() => ({ miss: "no-module" }));
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
		const sent = this.#libc.symbols.send(this.#fd, this.#request, end, MSG_DONTWAIT) === end;
		if (sent) while (missing > 0 && !refused && this.#receive(take));
		const rest: LookupResult = { miss: refused ? "not-permitted" : "busy" };
		return results.map((result) => result ?? rest);
	}

	/** Takes one datagram; false when none comes in time. */
	#receive(take: (sequence: number, result: LookupResult) => void): boolean {
		const { recv } = this.#libc.symbols;
		let length = recv(this.#fd, this.#answer, this.#answer.length, MSG_DONTWAIT);
		if (length <= 0 && this.#waitReadable()) length = recv(this.#fd, this.#answer, this.#answer.length, MSG_DONTWAIT);
		if (length <= 0) return false;
		readAnswers(this.#answer.subarray(0, length), take);
		return true;
	}

	#waitReadable(): boolean {
		const pollfd = new Uint8Array(8);
		const view = new DataView(pollfd.buffer);
		view.setInt32(0, this.#fd, true);
		view.setInt16(4, POLLIN, true);
		return this.#libc.symbols.poll(pollfd, 1, this.#timeoutMs) > 0;
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
