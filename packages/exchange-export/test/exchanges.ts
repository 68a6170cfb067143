import type { JsonTransaction } from "@wirescribe/access-log";

/** An exchange as a line of the log says it, headers and bodies included; what a test is about is told. */
export function exchange(changes: Partial<JsonTransaction> = {}): JsonTransaction {
	return {
		time: "2026-11-29T12:00:00.123456789Z",
		duration_ms: 1.25,
		pid: 812,
		comm: "nginx",
		role: "server",
		local: "127.0.0.1:80",
		remote: "127.0.0.1:40000",
		tls: false,
		protocol: "http/1.1",
		method: "POST",
		path: "/orders?page=2&q=%C3%A4",
		host: "shop.test",
		status: 201,
		request: {
			header_bytes: 180,
			body_bytes: 15,
			headers: {
				host: "shop.test",
				"content-type": "application/json",
				"content-length": "15",
				cookie: "session=xxxx; theme=dark",
				accept: "*/*",
			},
			body: '{"name":"O\'Hi"}',
			body_cut: false,
		},
		response: {
			header_bytes: 120,
			body_bytes: 8,
			headers: { "content-type": "application/json", "set-cookie": ["a=1; Path=/", "b=2"], location: "/orders/7" },
			body: '{"id":7}',
			body_cut: false,
		},
		operations: 2,
		trace: null,
		partial: [],
		...changes,
	};
}

/** Exchanges of all kinds: whole, without headers, without an answer, cut, a half that is no request. */
export const EXCHANGES: readonly JsonTransaction[] = [
	exchange(),
	exchange({ method: "GET", path: "/", request: { header_bytes: 60, body_bytes: 0 }, response: null, status: null }),
	exchange({
		tls: true,
		role: "client",
		remote: "[2001:db8::1]:443",
		host: null,
		response: { header_bytes: 90, body_bytes: 5_000 },
	}),
	exchange({ method: "HEAD", status: 204, request: { header_bytes: 60, body_bytes: 0, headers: {} } }),
	exchange({
		method: "PUT",
		request: { header_bytes: 60, body_bytes: 9_000, headers: {}, body: "abc", body_cut: true },
	}),
	exchange({ method: null, path: null, request: null }),
	exchange({ method: "OPTIONS", path: "*" }),
];

/** The options of an export, for tests. */
export const OPTIONS = {
	creator: { name: "wirescribe", version: "0.1.0" },
	notes: ["values are\noverwritten by x"],
} as const;
