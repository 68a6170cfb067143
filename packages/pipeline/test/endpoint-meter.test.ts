import type { Connection, Transaction } from "@wirescribe/access-log";
import { expect, it } from "vitest";
import { DURATION_BOUNDS, EndpointMeter, EndpointTotals, OUTCOMES } from "../src/index.ts";

const SERVER: Connection = {
	socketId: 1,
	version: 1,
	pid: 1,
	fd: 3,
	comm: "server",
	role: "server",
	local: { ip: "127.0.0.1", port: 80 },
	remote: { ip: "127.0.0.1", port: 40_000 },
	tls: false,
	protocol: "http/1",
};

function transaction(method: string, path: string, status: number | null, ms = 3): Transaction {
	const size = { headerBytes: 1, bodyBytes: 0 };
	return {
		...{ connection: SERVER, startNs: 5e9, endNs: 5e9 + ms * 1e6, version: "http/1.1", method, target: path, path },
		...{ host: null, status, request: size, response: status === null ? null : size, trace: null, partial: [] },
		...{ unpaired: status === null ? "no-response" : null, operations: 2 },
	};
}

/** Requests by endpoint and outcome, those that there were. */
function table(counts: ReturnType<EndpointMeter["counts"]>): Record<string, Record<string, number>> {
	return Object.fromEntries(
		counts.map(({ endpoint, outcomes }) => [
			endpoint,
			Object.fromEntries(OUTCOMES.map((name, index) => [name, outcomes[index]!]).filter(([, count]) => count !== 0)),
		]),
	);
}

it("counts answers and durations by method and template", () => {
	const meter = new EndpointMeter(10);
	meter.transaction(transaction("GET", "/orders/1?token=secret", 200, 3));
	meter.transaction(transaction("GET", "/orders/2", 500, 30_000));
	meter.transaction(transaction("GET", "/orders/2", null));
	meter.transaction(transaction("POST", "/orders", 201, 1));
	meter.transaction({ ...transaction("", "", 200), request: null });
	const counts = meter.counts();
	expect(table(counts)).toEqual({ "GET /orders/{id}": { none: 1, "2xx": 1, "5xx": 1 }, "POST /orders": { "2xx": 1 } });
	const [get, post] = counts;
	expect(get!.durations[DURATION_BOUNDS.indexOf(0.005)]).toBe(1);
	expect(get!.durations.at(-1)).toBe(1);
	expect(get!.durationSumSeconds).toBeCloseTo(30.003);
	expect(post!.durations[0]).toBe(1);
});

it("has no more endpoints than it may, whoever asks for what", () => {
	const meter = new EndpointMeter(3);
	for (let n = 0; n < 100; n++) meter.transaction(transaction("GET", `/scan${"x".repeat(n % 20)}`, 404));
	for (const path of ["/a", "/b", "/c", "/d"]) meter.transaction(transaction("GET", path, 200));
	for (const method of ["BREW", "WHEN"]) meter.transaction(transaction(method, "/a", 200));
	meter.transaction(transaction("GET", "/a", 404));
	expect(table(meter.counts())).toEqual({
		other: { "4xx": 100, "2xx": 4 },
		"GET /a": { "2xx": 1, "4xx": 1 },
		"GET /b": { "2xx": 1 },
	});
});

it("keeps counting an endpoint when it forgets paths", () => {
	const meter = new EndpointMeter(3);
	for (let n = 0; n < 10_000; n++) meter.transaction(transaction("GET", `/users/${n}`, 200));
	expect(table(meter.counts())).toEqual({ "GET /users/{id}": { "2xx": 10_000 } });
});

it("adds partitions up under one bound, and never takes anything back", () => {
	const [one, two] = [new EndpointMeter(10), new EndpointMeter(10)];
	const totals = new EndpointTotals(3);
	one.transaction(transaction("GET", "/a", 200));
	two.transaction(transaction("GET", "/a", 200));
	two.transaction(transaction("GET", "/b", 200));
	const sum = (): Record<string, unknown> => table(totals.sum([one.counts(), two.counts()]));
	expect(sum()).toEqual({ "GET /a": { "2xx": 2 }, "GET /b": { "2xx": 1 } });
	for (const path of ["/c", "/d"]) one.transaction(transaction("GET", path, 200));
	expect(sum()).toEqual({
		"GET /a": { "2xx": 2 },
		"GET /b": { "2xx": 1 },
		"GET /c": { "2xx": 1 },
		other: { "2xx": 1 },
	});
});
