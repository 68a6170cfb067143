import { ConntrackError } from "./conntrack-error.ts";
import { readEvents } from "./netlink.ts";
import { NetlinkSocket } from "./netlink-socket.ts";
import type { ConntrackEntry } from "./tuple.ts";

const GROUP_NEW = 1;
const GROUP_DESTROY = 4;
const RECEIVE_BUFFER = 4 * 1024 * 1024;

export interface ConntrackEventsOptions {
	/** A network namespace by its file: `/run/netns/name`, `/proc/<pid>/ns/net`. This thread's own if not told. */
	readonly netns?: string;
	/** Of the socket; 4 MiB if not told. A burst of connections beyond it is an overrun. */
	readonly receiveBufferBytes?: number;
}

/** Takes what {@linkcode ConntrackEvents.drain} reads. */
export interface ConntrackEventSink {
	/** A connection was confirmed: its first packet has passed. */
	created(entry: ConntrackEntry): void;
	/** A connection is tracked no more. */
	destroyed(entry: ConntrackEntry): void;
	/** The kernel had to drop events (ENOBUFS): what has been learned from them may be out of date. */
	overrun(): void;
}

/**
 * A subscription to TCP connections as they are tracked and forgotten, to know before being asked.
 *
 * Nothing is called from outside: `drain` reads what has come, on the thread of the caller.
 */
export class ConntrackEvents implements Disposable {
	readonly #socket: NetlinkSocket;

	private constructor(socket: NetlinkSocket) {
		this.#socket = socket;
	}

	/** Subscribes; undefined where the kernel does not let us (no CAP_NET_ADMIN, no module). */
	static open(options: ConntrackEventsOptions = {}): ConntrackEvents | undefined {
		const { netns, receiveBufferBytes = RECEIVE_BUFFER } = options;
		const groups = GROUP_NEW | GROUP_DESTROY;
		const socket = new NetlinkSocket({ receiveBufferBytes, groups, ...(netns === undefined ? {} : { netns }) });
		if (socket.subscribed) return new ConntrackEvents(socket);
		socket.close();
		return undefined;
	}

	/** Hands over what has come, `max` datagrams at most; says how many. Never waits. */
	drain(sink: ConntrackEventSink, max = 1024): number {
		if (this.#socket.closed) {
			throw new ConntrackError("ERR_CONNTRACK_CLOSED", "Cannot read events: this subscription is closed");
		}
		if (this.#socket.overrun()) sink.overrun();
		let datagrams = 0;
		for (; datagrams < max; datagrams++) {
			const datagram = this.#socket.receive();
			if (!datagram) break;
			readEvents(datagram, sink);
		}
		return datagrams;
	}

	close(): void {
		this.#socket.close();
	}

	[Symbol.dispose](): void {
		this.close();
	}
}
