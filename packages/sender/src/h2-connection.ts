import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from "node:http2";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { TlsMaterial } from "./tls.ts";

export interface H2Address {
	readonly host: string;
	readonly port: number;
	/** Both, as the user wrote them. */
	readonly target: string;
}

/** `host:port` or `[ip6]:port`, taken apart. */
export function parseTarget(target: string): H2Address {
	const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(target);
	const host = match?.[1] ?? match?.[2];
	const port = Number(match?.[3]);
	if (host === undefined || !(port > 0 && port <= 65535)) {
		throw new TypeError(
			`Cannot create an h2 transport as 'target' must be host:port or [ip6]:port: received "${target}"`,
		);
	}
	return { host, port, target };
}

/** What went wrong, in a few words: a failed connect to several addresses has its reasons inside. */
function reasonOf(error: unknown): string {
	if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(reasonOf).join(", ");
	if (!(error instanceof Error)) return String(error);
	return error.message || String((error as NodeJS.ErrnoException).code);
}

function connectPlain({ host, port }: H2Address): Socket {
	return connectTcp({ host, port, noDelay: true });
}

function connectSecure({ host, port }: H2Address, tls: TlsMaterial, failed: (error: unknown) => void): TLSSocket {
	// An address is no name to ask for: its certificate is checked all the same.
	const servername = isIP(host) === 0 ? { servername: host } : {};
	const socket = connectTls({ host, port, ALPNProtocols: ["h2"], ...servername, ...tls });
	socket.setNoDelay(true);
	socket.once("secureConnect", () => {
		if (socket.alpnProtocol === "h2") return;
		failed(new Error("the peer does not speak HTTP/2 over TLS (no ALPN h2)"));
		socket.destroy();
	});
	return socket;
}

/**
 * One TCP connection with HTTP/2 on it. It carries streams until it is retired: by the peer (GOAWAY), by an error, by us.
 * Streams that are open then go on; with the last one it is destroyed. It keeps the process alive only while it carries
 * streams.
 */
export class H2Connection {
	/** From here on bytes of a stream may have reached the peer. */
	connected: boolean = false;
	readonly #target: string;
	readonly #socket: Socket;
	readonly #session: ClientHttp2Session;
	readonly #onChange: (connected: boolean) => void;
	readonly #streams = new Set<() => void>();
	#ready = false;
	#retired = false;
	#reason = "";

	/** `tls` null: plain text. */
	constructor(address: H2Address, tls: TlsMaterial | null, onChange: (connected: boolean) => void) {
		const { target } = address;
		this.#target = target;
		this.#onChange = onChange;
		const failed = (error: unknown): void => {
			this.explain(error);
			this.retire();
		};
		// The name is looked up anew for each connection.
		const socket = tls === null ? connectPlain(address) : connectSecure(address, tls, failed);
		this.#socket = socket;
		socket.on(tls === null ? "connect" : "secureConnect", () => {
			this.connected = true;
		});
		socket.on("error", failed);
		const session = connectHttp2(`${tls === null ? "http" : "https"}://${target}`, {
			settings: { enablePush: false },
			createConnection: () => socket,
		});
		this.#session = session;
		// Its settings prove that the peer speaks HTTP/2.
		session.once("remoteSettings", () => {
			if (session.destroyed) return;
			this.#ready = true;
			onChange(true);
		});
		session.on("goaway", (code: number, _lastStream: number, data?: Uint8Array) => {
			const told = data === undefined || data.length === 0 ? "" : ` (${new TextDecoder().decode(data)})`;
			this.#reason ||= `the peer said GOAWAY ${code}${told}`;
			this.retire();
		});
		session.on("error", failed);
		session.on("close", () => this.#gone());
	}

	get usable(): boolean {
		return !this.#retired && !this.#session.closed && !this.#session.destroyed;
	}

	get destroyed(): boolean {
		return this.#session.destroyed;
	}

	/** Why streams on it fail, when they fail with it. */
	get failure(): string {
		const what = this.connected ? `connection to ${this.#target} lost` : `no connection to ${this.#target}`;
		return this.#reason === "" ? what : `${what}: ${this.#reason}`;
	}

	/** What a stream has heard about the end of the connection; the first word counts. */
	explain(error: unknown): void {
		this.#reason ||= reasonOf(error);
	}

	request(headers: Record<string, string>): ClientHttp2Stream {
		return this.#session.request(headers);
	}

	/** Grows whenever the peer says anything (on Bun it does not). */
	get heard(): number {
		return this.#socket.bytesRead;
	}

	/** A stream begins; `lost` is called when the connection ends before {@link release}. */
	hold(lost: () => void): void {
		if (this.#streams.size === 0) this.#session.ref();
		this.#streams.add(lost);
	}

	release(lost: () => void): void {
		if (!this.#streams.delete(lost) || this.#streams.size > 0) return;
		if (this.#retired) this.#destroy();
		else this.#session.unref();
	}

	/** No more streams. */
	retire(): void {
		this.#retired = true;
		if (this.#streams.size === 0) this.#destroy();
	}

	#destroy(): void {
		// Never from within an event of the session: Deno 2.9.5 frees it at once, under the feet of the HTTP/2 library that calls us.
		setImmediate(() => {
			if (!this.#session.destroyed) this.#session.destroy(undefined, constants.NGHTTP2_NO_ERROR);
			// After a GOAWAY the session would wait for the peer to hang up, which it need not do: say goodbye, and go.
			setImmediate(() => this.#socket.destroy());
		});
		this.#gone();
	}

	#gone(): void {
		this.#retired = true;
		for (const lost of [...this.#streams]) lost();
		if (!this.#ready) return;
		this.#ready = false;
		this.#onChange(false);
	}
}
