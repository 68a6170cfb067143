/**
 * System calls, called one by one: the tests decide which call moves which bytes, on which socket, and none is hidden in an event loop.
 * Buffers are memory of ours; addresses are passed as numbers.
 */
import { readFileSync } from "node:fs";

interface NodeFfi {
	readonly DynamicLibrary: new (
		path: string,
	) => {
		getFunction(
			name: string,
			signature: { return: string; arguments: readonly string[] },
		): (...args: (number | bigint)[]) => bigint;
	};
	getRawPointer(buffer: ArrayBufferLike): bigint;
}

const ffi = process.getBuiltinModule("node:ffi") as unknown as NodeFfi;
const library: InstanceType<NodeFfi["DynamicLibrary"]> = new ffi.DynamicLibrary("libc.so.6");

type Call = (...args: (number | bigint)[]) => number;

function bind(name: string, count: number): Call {
	const call = library.getFunction(name, { return: "int64", arguments: new Array(count).fill("int64") });
	return (...args) => {
		// An int comes back in the low half of the register.
		const result = Number(call(...args.map(BigInt)));
		return result > 0x7fffffff && result <= 0xffffffff ? result - 0x1_0000_0000 : result;
	};
}

const getsockname = bind("getsockname", 3);

type Name =
	| ("bind" | "listen" | "connect" | "accept" | "accept4" | "close" | "dup" | "shutdown" | "setsockopt" | "getsockopt")
	| ("socket" | "socketpair" | "pipe2" | "poll")
	| ("read" | "readv" | "preadv2" | "recvfrom" | "recvmsg" | "recvmmsg")
	| ("write" | "writev" | "pwritev2" | "sendto" | "sendmsg" | "sendmmsg" | "sendfile" | "splice");

/** libc's own names; all arguments are numbers or addresses. */
export const libc: Readonly<Record<Name, Call>> = {
	bind: bind("bind", 3),
	listen: bind("listen", 2),
	connect: bind("connect", 3),
	accept: bind("accept", 3),
	accept4: bind("accept4", 4),
	socket: bind("socket", 3),
	socketpair: bind("socketpair", 4),
	pipe2: bind("pipe2", 2),
	poll: bind("poll", 3),
	read: bind("read", 3),
	readv: bind("readv", 3),
	preadv2: bind("preadv2", 5),
	recvfrom: bind("recvfrom", 6),
	recvmsg: bind("recvmsg", 3),
	recvmmsg: bind("recvmmsg", 5),
	write: bind("write", 3),
	writev: bind("writev", 3),
	pwritev2: bind("pwritev2", 5),
	sendto: bind("sendto", 6),
	sendmsg: bind("sendmsg", 3),
	sendmmsg: bind("sendmmsg", 4),
	sendfile: bind("sendfile64", 4),
	splice: bind("splice", 6),
	shutdown: bind("shutdown", 2),
	dup: bind("dup", 1),
	setsockopt: bind("setsockopt", 5),
	getsockopt: bind("getsockopt", 5),
	close: bind("close", 1),
};

export const AF_INET = 2;
export const AF_INET6 = 10;

/** The bytes of the latest addresses: a collection between here and the call would free what nobody else refers to. */
const referenced: Uint8Array[] = [];
let next = 0;

/** Where bytes are. They stay referenced until as many addresses have been asked for as no call takes. */
export function addressOf(bytes: Uint8Array): bigint {
	referenced[next++ & 255] = bytes;
	return ffi.getRawPointer(bytes.buffer) + BigInt(bytes.byteOffset);
}

/** Throws when a call failed. */
export function ok(result: number, what: string): number {
	if (result < 0) throw new Error(`${what} failed: ${result}`);
	return result;
}

/** A sockaddr of the loopback address; "mapped": IPv4 in an IPv6 socket. */
export function loopback(kind: "ip4" | "ip6" | "mapped", port: number): Uint8Array {
	const bytes = new Uint8Array(kind === "ip4" ? 16 : 28);
	const view = new DataView(bytes.buffer);
	view.setUint16(0, kind === "ip4" ? AF_INET : AF_INET6, true);
	view.setUint16(2, port, false);
	if (kind === "ip4") bytes.set([127, 0, 0, 1], 4);
	if (kind === "ip6") bytes[23] = 1;
	if (kind === "mapped") bytes.set([0xff, 0xff, 127, 0, 0, 1], 18);
	return bytes;
}

/** A TCP socket; "mapped" sockets are IPv6. */
export function tcpSocket(kind: "ip4" | "ip6" | "mapped"): number {
	return ok(libc.socket(kind === "ip4" ? AF_INET : AF_INET6, 1, 0), "socket");
}

/** A listening socket and its port. */
export function listenOn(kind: "ip4" | "ip6" | "mapped"): { fd: number; port: number } {
	const fd = tcpSocket(kind);
	const address = loopback(kind, 0);
	ok(libc.bind(fd, addressOf(address), address.length), "bind");
	ok(libc.listen(fd, 16), "listen");
	const length = new Uint8Array(new Uint32Array([address.length]).buffer);
	ok(getsockname(fd, addressOf(address), addressOf(length)), "getsockname");
	return { fd, port: new DataView(address.buffer).getUint16(2, false) };
}

/** The two ends of a connection over loopback. */
export interface Pair extends Disposable {
	client: number;
	server: number;
	readonly port: number;
	/** Closes both ends, once. */
	close(): void;
}

/** Connects and accepts, in this thread: the backlog holds the connection meanwhile. */
export function tcpPair(kind: "ip4" | "ip6" | "mapped" = "ip4"): Pair {
	const listener = listenOn(kind);
	const client = tcpSocket(kind);
	const address = loopback(kind, listener.port);
	ok(libc.connect(client, addressOf(address), address.length), "connect");
	const server = ok(libc.accept4(listener.fd, 0, 0, 0), "accept4");
	libc.close(listener.fd);
	let open = true;
	const close = (): void => {
		if (open) for (const fd of [client, server]) libc.close(fd);
		open = false;
	};
	return { client, server, port: listener.port, close, [Symbol.dispose]: close };
}

/** Makes sure that so many bytes can be on their way before anyone reads. */
export function roomFor(pair: Pick<Pair, "client" | "server">, bytes: number): void {
	const value = new Uint8Array(new Int32Array([bytes]).buffer);
	// SO_SNDBUF and SO_RCVBUF of SOL_SOCKET; the kernel caps them at its limits, each.
	for (const [fd, option] of [
		[pair.client, 7],
		[pair.server, 8],
	] as const) {
		ok(libc.setsockopt(fd, 1, option, addressOf(value), 4), "setsockopt");
	}
}

/** The bytes of an array of `struct iovec`. */
export function iovecs(parts: readonly Uint8Array[]): Uint8Array {
	const bytes = new BigUint64Array(Math.max(1, parts.length * 2));
	parts.forEach((part, i) => {
		bytes[i * 2] = part.length === 0 ? 0n : addressOf(part);
		bytes[i * 2 + 1] = BigInt(part.length);
	});
	return new Uint8Array(bytes.buffer);
}

/** The bytes of an array of `struct mmsghdr` (the first 56 of each are a `struct msghdr`), over lists of iovecs. */
export function messages(lists: readonly (readonly Uint8Array[])[], keep: Uint8Array[]): Uint8Array {
	const words = new BigUint64Array(lists.length * 8);
	lists.forEach((parts, i) => {
		const list = iovecs(parts);
		keep.push(list);
		words[i * 8 + 2] = addressOf(list);
		words[i * 8 + 3] = BigInt(parts.length);
	});
	return new Uint8Array(words.buffer);
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Sends all of `bytes` with write(2). */
export function writeAll(fd: number, bytes: Uint8Array): void {
	ok(libc.write(fd, addressOf(bytes), bytes.length), "write");
}

/** One read(2) of up to `size` bytes. */
export function readSome(fd: number, size: number): Uint8Array {
	const into = new Uint8Array(size);
	return into.subarray(0, ok(libc.read(fd, addressOf(into), size), "read"));
}

/** The state of this machine's IPv6. */
export function hasIp6(): boolean {
	try {
		return readFileSync("/proc/net/if_inet6", "latin1").includes(" lo");
	} catch {
		return false;
	}
}
