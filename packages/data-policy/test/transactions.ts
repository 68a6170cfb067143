import type { HeaderField, SeenContent, Transaction } from "@wirescribe/access-log";

/** A whole transaction, with what a test says of it. */
export function transaction(more: Partial<Transaction> = {}): Transaction {
	return {
		connection: {
			socketId: 7,
			version: 1,
			pid: 812,
			fd: 9,
			comm: "nginx",
			role: "server",
			local: { ip: "127.0.0.1", port: 80 },
			remote: { ip: "::1", port: 40_312 },
			tls: false,
			protocol: "http/1",
		},
		startNs: 2_000_000_000,
		endNs: 2_001_250_000,
		version: "http/1.1",
		method: "GET",
		target: "/a?key=secret",
		path: "/a?key=secret",
		host: "example.org",
		status: 200,
		request: { headerBytes: 78, bodyBytes: 0 },
		response: { headerBytes: 240, bodyBytes: 612 },
		trace: null,
		partial: [],
		unpaired: null,
		operations: 2,
		...more,
	};
}

/** Headers and the body of a request, as they were seen. */
export function seen(headers: readonly HeaderField[], body?: string | Uint8Array, bodyCut = false): SeenContent {
	const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
	return { request: { headers, body: bytes, bodyCut }, response: undefined };
}
