import { describe, expect, it } from "vitest";
import { transaction } from "../test/transactions.ts";
import { MAX_GROUPS, OTHERS } from "./group-table.ts";
import { TrafficModel } from "./traffic-model.ts";

const START = 1_800_000_000_000;

function modelOf(count: number, make = (_at: number) => transaction()): TrafficModel {
	const model = new TrafficModel();
	for (let at = 0; at < count; at++) model.add(make(at), START + at * 10);
	return model;
}

/** Letters only: what has digits in it is an id. */
function word(at: number): string {
	return at.toString().replaceAll(/\d/g, (digit) => "abcdefghij"[Number(digit)] as string);
}

describe("TrafficModel", () => {
	it("counts by endpoint, with rate, errors, percentiles and bytes", () => {
		const model = modelOf(1_000, (at) =>
			transaction({ path: `/orders/${at}`, duration_ms: at < 900 ? 1 : 100, status: at % 10 === 0 ? 500 : 200 }),
		);
		const [row, ...more] = model.groups(START + 10_000);
		expect(more).toEqual([]);
		expect(row).toMatchObject({ name: "GET /orders/{id}", count: 1_000, failed: 100 });
		expect(row?.rate).toBeCloseTo(100, 0);
		expect(row?.responseRate).toBeCloseTo(100_000, -3);
		expect((row?.p50 ?? 0) / 1e6).toBeCloseTo(1, 1);
		expect((row?.p99 ?? 0) / 1e6).toBeGreaterThan(97);
	});

	it("divides by the time that has passed at the start, and forgets after a minute", () => {
		const model = modelOf(200);
		expect(model.total(START + 2_000).rate).toBeCloseTo(100, 0);
		expect(model.total(START + 30_000)).toMatchObject({ count: 200, rate: 0 });
		expect(model.total(START + 70_000).count).toBe(0);
		expect(model.groups(START + 70_000)).toEqual([]);
	});

	it("has no more groups than it has room for: the others are one", () => {
		const model = modelOf(5_000, (at) => transaction({ path: `/${word(at)}` }));
		const rows = model.groups(START + 50_000);
		expect(rows.length).toBe(MAX_GROUPS + 1);
		expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(5_000);
		expect(rows.at(-1)?.name).toBe(OTHERS);
		model.add(transaction({ path: "/later" }), START + 200_000);
		expect(model.groups(START + 200_000).map(({ name }) => name)).toEqual(["GET /later"]);
	});

	it("counts a request once that was seen from both ends, unless asked", () => {
		const ends = { local: "127.0.0.1:80", remote: "127.0.0.1:5000" };
		const client = transaction({ role: "client", local: ends.remote, remote: ends.local, comm: "curl" });
		const model = new TrafficModel();
		model.add(transaction(ends), START);
		model.add(client, START);
		// Its server is elsewhere.
		model.add(transaction({ role: "client", local: "10.0.0.1:5000", remote: "10.0.0.9:80" }), START);
		expect(model.total(START).count).toBe(2);
		model.once = false;
		expect(model.total(START).count).toBe(3);
		model.once = true;
		expect(model.total(START).count).toBe(2);
		model.filter = ({ role }) => role === "client";
		expect(model.total(START).count).toBe(2);
	});

	it("groups anew, and filters anew, what it still has", () => {
		const model = modelOf(100, (at) =>
			transaction({ comm: at % 2 ? "api" : "web", pid: at % 2 ? 1 : 2, remote: `10.0.0.${at % 4}:${5_000 + at}` }),
		);
		model.grouping = "process";
		expect(model.groups(START + 1_000).map(({ name, count }) => [name, count])).toEqual([
			["web(2)", 50],
			["api(1)", 50],
		]);
		model.grouping = "peer";
		expect(model.groups(START + 1_000).map(({ name }) => name)).toEqual([
			"10.0.0.0",
			"10.0.0.1",
			"10.0.0.2",
			"10.0.0.3",
		]);
		model.filter = ({ comm }) => comm === "api";
		expect(model.groups(START + 1_000).map(({ name }) => name)).toEqual(["10.0.0.1", "10.0.0.3"]);
		expect(model.shown("10.0.0.3").length).toBe(25);
		model.filter = undefined;
		expect(model.shown().length).toBe(100);
	});
});
