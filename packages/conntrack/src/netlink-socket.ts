import { closeSync, openSync } from "node:fs";
import { dlopen, type Library } from "@wirescribe/ffi";
import { ConntrackError } from "./conntrack-error.ts";

const LIBC = {
	socket: { args: ["i32", "i32", "i32"], returns: "i32" },
	bind: { args: ["i32", "buffer", "u32"], returns: "i32" },
	setsockopt: { args: ["i32", "i32", "i32", "buffer", "u32"], returns: "i32" },
	getsockopt: { args: ["i32", "i32", "i32", "buffer", "buffer"], returns: "i32" },
	send: { args: ["i32", "buffer", "u64", "i32"], returns: "i64" },
	recv: { args: ["i32", "buffer", "u64", "i32"], returns: "i64" },
	poll: { args: ["buffer", "u64", "i32"], returns: "i32" },
	setns: { args: ["i32", "i32"], returns: "i32" },
	close: { args: ["i32"], returns: "i32" },
} as const;

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_NETFILTER = 12;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;
const CLONE_NEWNET = 0x4000_0000;
const ENOBUFS = 105;
const DATAGRAM_BYTES = 32_768;

export interface NetlinkSocketOptions {
	/** A network namespace by its file: `/run/netns/name`, `/proc/<pid>/ns/net`. This thread's own if not told. */
	readonly netns?: string;
	readonly receiveBufferBytes: number;
	/** Bits of the multicast groups to listen to. */
	readonly groups?: number;
}

/** A socket to netfilter's netlink. It stays in the network namespace it was opened in, wherever its thread goes. */
export class NetlinkSocket {
	readonly #libc: Library<typeof LIBC>;
	readonly #fd: number;
	readonly #datagram: Uint8Array = new Uint8Array(DATAGRAM_BYTES);
	readonly #word: Uint8Array = new Uint8Array(4);
	readonly #length: Uint8Array = new Uint8Array(Uint32Array.of(4).buffer);
	readonly #pollfd: Uint8Array = new Uint8Array(8);
	#closed = false;

	constructor(options: NetlinkSocketOptions) {
		this.#libc = dlopen("libc.so.6", LIBC);
		try {
			this.#fd = options.netns === undefined ? this.#socket() : this.#socketIn(options.netns);
		} catch (error) {
			this.#libc.close();
			throw error;
		}
		if (this.#fd < 0) return;
		const size = new Uint8Array(Int32Array.of(options.receiveBufferBytes).buffer);
		// Beyond the system's limit it takes the privilege that lookups need, too.
		if (this.#libc.symbols.setsockopt(this.#fd, SOL_SOCKET, SO_RCVBUFFORCE, size, 4) < 0) {
			this.#libc.symbols.setsockopt(this.#fd, SOL_SOCKET, SO_RCVBUF, size, 4);
		}
		this.subscribed = options.groups !== undefined && this.#bind(options.groups);
	}

	/** Whether the groups that were asked for are being listened to. */
	readonly subscribed: boolean = false;

	/** False: nothing but a kernel without netfilter's netlink refuses such a socket. */
	get supported(): boolean {
		return this.#fd >= 0;
	}

	get closed(): boolean {
		return this.#closed;
	}

	send(bytes: Uint8Array, length: number): boolean {
		return this.#libc.symbols.send(this.#fd, bytes, length, MSG_DONTWAIT) === length;
	}

	/** A datagram, valid until the next call; undefined when there is none. */
	receive(): Uint8Array | undefined {
		const length = this.#libc.symbols.recv(this.#fd, this.#datagram, this.#datagram.length, MSG_DONTWAIT);
		return length > 0 ? this.#datagram.subarray(0, length) : undefined;
	}

	/** Whether something comes within `timeoutMs`; blocks the thread until then. */
	wait(timeoutMs: number): boolean {
		const view = new DataView(this.#pollfd.buffer);
		view.setInt32(0, this.#fd, true);
		view.setInt32(4, POLLIN, true);
		return this.#libc.symbols.poll(this.#pollfd, 1, timeoutMs) > 0;
	}

	/** Whether the kernel had to drop messages to this socket (ENOBUFS) since this was asked, or received, last. */
	overrun(): boolean {
		this.#word.fill(0);
		this.#libc.symbols.getsockopt(this.#fd, SOL_SOCKET, SO_ERROR, this.#word, this.#length);
		return new DataView(this.#word.buffer).getInt32(0, true) === ENOBUFS;
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		if (this.#fd >= 0) this.#libc.symbols.close(this.#fd);
		this.#libc.close();
	}

	#socket(): number {
		return this.#libc.symbols.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_NETFILTER);
	}

	/** This thread steps over and back; nothing else runs on it meanwhile, and other threads stay where they are. */
	#socketIn(netns: string): number {
		const own = openNamespace("/proc/thread-self/ns/net");
		try {
			const other = openNamespace(netns);
			try {
				if (this.#libc.symbols.setns(other, CLONE_NEWNET) !== 0) {
					throw new ConntrackError(
						"ERR_CONNTRACK_NETNS",
						`Cannot enter the network namespace '${netns}': CAP_SYS_ADMIN is needed`,
					);
				}
				try {
					return this.#socket();
				} finally {
					this.#libc.symbols.setns(own, CLONE_NEWNET);
				}
			} finally {
				closeSync(other);
			}
		} finally {
			closeSync(own);
		}
	}

	#bind(groups: number): boolean {
		const address = new DataView(new ArrayBuffer(12));
		address.setUint16(0, AF_NETLINK, true);
		address.setUint32(8, groups, true);
		return this.#libc.symbols.bind(this.#fd, new Uint8Array(address.buffer), 12) === 0;
	}
}

function openNamespace(path: string): number {
	try {
		return openSync(path, "r");
	} catch (cause) {
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new ConntrackError("ERR_CONNTRACK_NETNS", `Cannot open the network namespace '${path}': ${why}`);
	}
}
