/** The judge of `npm run test:matrix` finds what is wrong: a matrix that cannot fail would prove nothing. */
import { describe, expect, it } from "vitest";
import { contradictions, judge, LineIndex } from "../matrix/judge.ts";
import type { Cell, Exchange } from "../matrix/truth.ts";
import type { Line } from "./wirescribe.ts";

const exchange: Exchange = { method: "POST", path: "/a/1", status: 200, request: [80, 10], response: [90, 7] };
const cell: Cell = {
	client: "curl",
	server: "nginx",
	scenario: "patch",
	port: 8080,
	tls: false,
	truth: [exchange],
	teller: "client",
	accounts: [{ path: "/a/1", method: "POST", status: 200, requestBytes: 90, responseBytes: 97 }],
	pids: { client: [7], server: [8] },
	openEnds: 0,
	readsOn: false,
};
const line: Line = {
	time: "",
	duration_ms: 1,
	pid: 8,
	comm: "nginx",
	role: "server",
	local: "127.0.0.1:8080",
	remote: "127.0.0.1:50000",
	tls: false,
	protocol: "http/1.1",
	method: "POST",
	path: "/a/1",
	host: "h",
	status: 200,
	request: { header_bytes: 80, body_bytes: 10 },
	response: { header_bytes: 90, body_bytes: 7 },
	operations: 2,
	trace: null,
	partial: [],
};

const kindOf = (of: Cell, ...lines: Line[]): string => judge(of, "server", new LineIndex(lines), []).kind;

describe("a side of a cell", () => {
	it("is right when the line tells the truth", () => {
		expect(kindOf(cell, line)).toBe("right");
	});

	const spoiled: Record<string, Partial<Line>> = {
		"another status": { status: 404 },
		"another method": { method: "GET" },
		"another role": { role: "client" },
		"another server": { local: "127.0.0.1:8081" },
		"another path": { path: "/a/2" },
		"a request head of another size": { request: { header_bytes: 81, body_bytes: 10 } },
		"a request body of another size": { request: { header_bytes: 80, body_bytes: 11 } },
		"a response head of another size": { response: { header_bytes: 91, body_bytes: 7 } },
		"a response body of another size": { response: { header_bytes: 90, body_bytes: 8 } },
		"no response": { response: null },
		"TLS where there is none": { tls: true },
		"a reason that nothing calls for": { partial: ["body-bytes-lost"] },
		"the reason of a break that was none": { partial: ["cut-by-close"] },
	};
	it.each(Object.keys(spoiled))("is wrong with %s", (name) => {
		expect(kindOf(cell, { ...line, ...spoiled[name] })).toBe("wrong");
	});

	it("is wrong when a request is missing, or is told twice", () => {
		expect(kindOf(cell)).toBe("wrong");
		expect(kindOf(cell, line, line)).toBe("wrong");
	});

	it("of a broken exchange has bounds, and a word of the break on the side that tells", () => {
		const broken = { ...cell, truth: [{ ...exchange, cut: true, request: [80, 5] as const }] };
		const cut = { ...line, request: { header_bytes: 80, body_bytes: 5 } };
		expect(kindOf(broken, cut)).toBe("right");
		expect(kindOf(broken, { ...cut, request: { header_bytes: 80, body_bytes: 6 } })).toBe("wrong");
		expect(kindOf(broken, { ...cut, response: { header_bytes: 90, body_bytes: 6 } })).toBe("wrong");
		expect(kindOf({ ...broken, teller: "server" }, cut)).toBe("wrong");
		expect(kindOf({ ...broken, teller: "server" }, { ...cut, partial: ["cut-by-close"] })).toBe("right");
	});

	it("is reported where the tool says of this process that its TLS is not visible", () => {
		const hidden = [{ pid: 8, comm: "bun", reason: "no symbols" }];
		const tls = { ...cell, tls: true };
		expect(judge(tls, "server", new LineIndex([]), hidden)).toEqual({
			kind: "reported",
			words: ["TLS, not visible: no symbols"],
		});
		expect(judge(tls, "client", new LineIndex([]), hidden).kind).toBe("wrong");
		expect(judge(cell, "server", new LineIndex([]), hidden).kind).toBe("wrong");
	});

	it("is reported where a pipelining client has read on, and the tool says that it cannot tell", () => {
		const alone = { ...line, status: null, response: null, partial: ["order-unknown"] };
		const answer = { ...line, method: null, path: null, request: null, partial: ["order-unknown"] };
		const index = new LineIndex([alone, answer]);
		expect(judge({ ...cell, readsOn: true }, "server", index, [])).toEqual({
			kind: "reported",
			words: ["order-unknown"],
		});
		expect(index.unasked()).toEqual([]);
		expect(kindOf(cell, alone)).toBe("wrong");
		expect(kindOf({ ...cell, readsOn: true }, { ...line, status: 404 })).toBe("wrong");
	});

	it("leaves lines over that nobody has asked for", () => {
		const index = new LineIndex([line, { ...line, path: null }]);
		judge(cell, "server", index, []);
		expect(index.unasked()).toEqual([{ ...line, path: null }]);
	});
});

describe("two counters of the same traffic", () => {
	it("agree", () => {
		expect(contradictions(cell)).toEqual([]);
	});

	it.each([
		{ accounts: [{ path: "/a/1", status: 500 }] },
		{ accounts: [{ path: "/a/1", status: 200, requestBytes: 91 }] },
		{ accounts: [{ path: "/a/1", status: 200, responseBytes: 98 }] },
		{ accounts: [{ path: "/a/1", status: 200, received: 8 }] },
		{ accounts: [{ path: "/a/2", status: 200 }] },
		{ accounts: [...cell.accounts, ...cell.accounts] },
		{ complaint: "the client failed" },
	])("disagree: %j", (spoiled) => {
		expect(contradictions({ ...cell, ...spoiled })).not.toEqual([]);
	});
});
