import type { Endpoint } from "./peer.ts";

/** One socket of this host, as far as its other end on the same host is looked for. */
export interface HostSocket {
	readonly socketId: number;
	/** Inode of its network namespace. */
	readonly netns: number;
	/** This end, as the other one sees it: another than its own where it was translated. */
	readonly local: Endpoint;
	/** The other end: the real one where it was translated. */
	readonly remote: Endpoint;
}

/**
 * Joins the two ends of connections within this host, so that each knows the other's process.
 *
 *     client socket  A -> B            found by "B -> A", whichever came first
 *     server socket  B -> A
 *
 * It is where they meet, not where they live: a socket waits for its other end, and leaves with it or when it has waited long
 * enough. So connections that stay open cost nothing here. Loopback addresses mean something in one network namespace only; all
 * others mean the same in every one of the host.
 */
export class HostPairs<T extends HostSocket> {
	/** In the order in which they came: also that of waiting. */
	readonly #waiting: Map<string, { readonly socket: T; readonly sinceNs: number }> = new Map();
	readonly #capacity: number;
	#joined = 0;
	#evicted = 0;

	/** `capacity`: sockets that may wait; the one added first makes room. */
	constructor(capacity = 65_536) {
		if (!Number.isInteger(capacity) || capacity < 1) {
			throw new RangeError(`Cannot create host pairs: 'capacity' must be a positive integer: received ${capacity}`);
		}
		this.#capacity = capacity;
	}

	/** Adds a socket. Returns the other end if that is here, and both are joined; else the socket waits for it. */
	add(socket: T, nowNs: number): T | undefined {
		const key = ends(socket.netns, socket.remote, socket.local);
		const other = this.#waiting.get(key);
		if (other && other.socket.socketId !== socket.socketId) {
			this.#waiting.delete(key);
			this.#joined++;
			return other.socket;
		}
		const own = ends(socket.netns, socket.local, socket.remote);
		// The ports may have been another socket's before.
		this.#waiting.delete(own);
		this.#waiting.set(own, { socket, sinceNs: nowNs });
		if (this.#waiting.size > this.#capacity) this.#evict();
		return undefined;
	}

	/** Gives up on those that came before `beforeNs`: their other end is not on this host, or was never described. */
	expire(beforeNs: number): number {
		let expired = 0;
		for (const [key, { sinceNs }] of this.#waiting) {
			if (sinceNs >= beforeNs) break;
			this.#waiting.delete(key);
			expired++;
		}
		return expired;
	}

	stats(): { readonly waiting: number; readonly joined: number; readonly evicted: number } {
		return { waiting: this.#waiting.size, joined: this.#joined, evicted: this.#evicted };
	}

	#evict(): void {
		for (const key of this.#waiting.keys()) {
			this.#waiting.delete(key);
			this.#evicted++;
			return;
		}
	}
}

function ends(netns: number, from: Endpoint, to: Endpoint): string {
	const loopback = from.ip.startsWith("127.") || from.ip === "::1";
	return `${loopback ? netns : ""} ${from.ip} ${from.port} ${to.ip} ${to.port}`;
}
