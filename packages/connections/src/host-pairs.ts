import type { Endpoint } from "./peer.ts";

/** One socket of this host, as far as its other end on the same host is looked for. */
export interface HostSocket {
	readonly socketId: number;
	/** Inode of its network namespace. */
	readonly netns: number;
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
 * Loopback addresses mean something in one network namespace only; all others mean the same in every one of the host.
 */
export class HostPairs<T extends HostSocket> {
	readonly #byId: Map<number, T> = new Map();
	readonly #byEnds: Map<string, T> = new Map();
	readonly #capacity: number;
	#evicted = 0;

	/** `capacity`: sockets to keep; the one added first makes room. */
	constructor(capacity = 1_000_000) {
		if (!Number.isInteger(capacity) || capacity < 1) {
			throw new RangeError(`Cannot create host pairs: 'capacity' must be a positive integer: received ${capacity}`);
		}
		this.#capacity = capacity;
	}

	/** Adds a socket, or changes what it was; returns the other end if that is here. */
	add(socket: T): T | undefined {
		this.remove(socket.socketId);
		if (this.#byId.size >= this.#capacity) this.#evict();
		this.#byId.set(socket.socketId, socket);
		this.#byEnds.set(ends(socket.netns, socket.local, socket.remote), socket);
		return this.other(socket.socketId);
	}

	/** The other end of a socket, if it is on this host and known. */
	other(socketId: number): T | undefined {
		const socket = this.#byId.get(socketId);
		return socket && this.#byEnds.get(ends(socket.netns, socket.remote, socket.local));
	}

	remove(socketId: number): void {
		const socket = this.#byId.get(socketId);
		if (!socket) return;
		this.#byId.delete(socketId);
		const key = ends(socket.netns, socket.local, socket.remote);
		// The ports may be another socket's by now.
		if (this.#byEnds.get(key) === socket) this.#byEnds.delete(key);
	}

	stats(): { readonly size: number; readonly evicted: number } {
		return { size: this.#byId.size, evicted: this.#evicted };
	}

	#evict(): void {
		for (const socketId of this.#byId.keys()) {
			this.remove(socketId);
			this.#evicted++;
			return;
		}
	}
}

function ends(netns: number, from: Endpoint, to: Endpoint): string {
	const loopback = from.ip.startsWith("127.") || from.ip === "::1";
	return `${loopback ? netns : ""} ${from.ip} ${from.port} ${to.ip} ${to.port}`;
}
