import type { JsonTransaction } from "@wirescribe/access-log";

/** A transaction as a line of the log says it; what a test is about is told. */
export function transaction(changes: Partial<JsonTransaction> = {}): JsonTransaction {
	return {
		time: "2026-11-29T12:00:00.000000000Z",
		duration_ms: 1,
		pid: 812,
		comm: "nginx",
		role: "server",
		local: "10.0.0.1:80",
		remote: "10.0.0.2:40000",
		tls: false,
		protocol: "http/1.1",
		method: "GET",
		path: "/",
		host: "shop",
		status: 200,
		request: { header_bytes: 100, body_bytes: 0 },
		response: { header_bytes: 200, body_bytes: 800 },
		operations: 2,
		trace: null,
		partial: [],
		...changes,
	};
}
