/** One request of a plan that a client carries out, as the programs read it. */
export interface PlannedRequest {
	readonly method: string;
	readonly path: string;
	/** Body bytes to send. */
	readonly upload: number;
	readonly chunked: boolean;
	readonly expect: boolean;
}

export interface Plan {
	readonly base: string;
	readonly http10: boolean;
	readonly requests: readonly PlannedRequest[];
}

const MEGABYTE = 1 << 20;

/** What the exact client does with every server, by the names that its program knows. */
export const EXACT_SCENARIOS: readonly string[] = [
	"http/1.0",
	"keep-alive",
	"head",
	"patch",
	"chunked-up",
	"chunked-down",
	"long-url",
	"1mb-up",
	"1mb-down",
	"100mb-up",
	"100mb-down",
	"expect",
	"pipelining",
	"websocket",
	"half-close",
	"reset-up",
	"reset-down",
	"slow",
];

/** Over TLS a half-close is an end of the session, which no client sends before it has the answer. */
export const PLAIN_ONLY: readonly string[] = ["half-close"];

type Shape = Partial<PlannedRequest> & { readonly query: string; readonly times?: number };

/** What real clients do: the exact server obeys the query. Where a response breaks, the client is told by its own counter. */
const SHAPES: Readonly<Record<string, Shape>> = {
	"http/1.0": { query: "size=100" },
	"keep-alive": { query: "size=", times: 1000 },
	head: { method: "HEAD", query: "size=5000" },
	patch: { method: "PATCH", query: "size=7", upload: 1000 },
	"chunked-up": { method: "POST", query: "size=7", upload: 200_000, chunked: true },
	"chunked-down": { query: "size=200000&chunked=1" },
	"long-url": { query: `size=7&long=${"l".repeat(10_240)}` },
	"1mb-up": { method: "POST", query: "size=7", upload: MEGABYTE },
	"1mb-down": { query: `size=${MEGABYTE}` },
	"100mb-up": { method: "POST", query: "size=7", upload: 100 * MEGABYTE },
	"100mb-down": { query: `size=${100 * MEGABYTE}` },
	expect: { method: "POST", query: "size=7", upload: 50_000, expect: true },
	pipelining: { query: "size=", times: 1000 },
	websocket: { query: "ws=1" },
	"until-close": { query: "size=50000&close=1" },
	reset: { query: "size=1000000&reset=300000" },
	slow: { query: "size=50&slow=1" },
};

export const CLIENT_SCENARIOS: readonly string[] = Object.keys(SHAPES);

/** The plan of a scenario against one server; sizes of many requests differ, so that a wrong pair shows. */
export function planOf(scenario: string, base: string, prefix: string): Plan {
	const { query, times = 1, method = "GET", upload = 0, chunked = false, expect = false } = SHAPES[scenario] as Shape;
	const requests = Array.from({ length: times }, (_, number) => {
		const path = `/${prefix}/${scenario}/${number}?${query}${times > 1 ? number % 997 : ""}`;
		return { method, path, upload, chunked, expect };
	});
	return { base, http10: scenario === "http/1.0", requests };
}
