import { createServer } from "node:net";
import { CollectorError } from "./errors.ts";

/** Where to listen, taken apart. */
export interface ListenAddress {
	readonly host: string;
	readonly port: number;
}

/** `host:port`, `[ip6]:port`. Port 0 lets the system choose. */
export function parseListen(listen: string): ListenAddress {
	const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(listen);
	const host = match?.[1] ?? match?.[2];
	const port = Number(match?.[3]);
	if (host === undefined || port > 65535) {
		throw new CollectorError(
			"ERR_BAD_ADDRESS",
			`Cannot listen as the address must be host:port or [ip6]:port: received "${listen}"; for example 127.0.0.1:11800`,
		);
	}
	return { host, port };
}

const advice: Readonly<Record<string, string>> = {
	EADDRINUSE: "another program listens there; stop it, or choose another port",
	EACCES: "this user may not use this port; choose one above 1023",
	EADDRNOTAVAIL: "no interface of this machine has this address; 127.0.0.1 and 0.0.0.0 always work",
	ENOTFOUND: "the name does not resolve; use an IP address",
};

/** The error for a system's `code` at an address: what, why, what to do. */
export function listenError(code: string, listen: string, detail: string): CollectorError {
	return new CollectorError(code, `Cannot listen on ${listen}: ${advice[code] ?? detail} (${code})`);
}

/**
 * Listens for a moment with a plain socket: grpc-js tells a failure as text only, and prints it to stderr besides.
 * Whoever takes the port in between is met by the server's own failure.
 */
export function probeListen({ host, port }: ListenAddress, listen: string): Promise<void> {
	return new Promise((resolve, reject) => {
		const probe = createServer();
		probe.once("error", (error: NodeJS.ErrnoException) => {
			reject(listenError(error.code ?? "ERR_LISTEN", listen, error.message));
		});
		probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
	});
}
