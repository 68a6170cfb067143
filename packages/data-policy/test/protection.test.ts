import type { Transaction } from "@wirescribe/access-log";
import { describe, expect, it } from "vitest";
import { createDataPolicy, DataPolicy, type DataPolicyOptions, type Protection } from "../src/index.ts";
import { transaction } from "./transactions.ts";

const SECOND = 1_000_000_000;
/** Its place among all traces is n / 1,000. */
function traced(n: number, more: Partial<Transaction> = {}): Transaction {
	const traceId = `4bf92f3577b34da6a3${Math.floor((n / 1000) * 2 ** 56)
		.toString(16)
		.padStart(14, "0")}`;
	const trace = { provider: "w3c", traceId, segmentId: "", spanId: "" } as unknown as NonNullable<Transaction["trace"]>;
	return transaction({ trace, endNs: 2 * SECOND + n * 1_000_000, ...more });
}

function judge(
	options: DataPolicyOptions,
	protection: Protection | undefined,
	all: readonly Transaction[],
): Record<string, number> {
	const policy = createDataPolicy(options) ?? new DataPolicy({}, 1);
	policy.protect(protection);
	const counts: Record<string, number> = {};
	for (const one of all) {
		const judged = policy.apply(one, undefined);
		const why = typeof judged === "string" ? judged : "kept";
		counts[why] = (counts[why] ?? 0) + 1;
	}
	return counts;
}

const thousand = Array.from({ length: 1000 }, (_, n) => traced(n));

describe("protection", () => {
	it("samples whole traces, as a part of the policy's own sample", () => {
		const half = { sampleRatio: 0.5, endpointPerSecond: undefined };
		expect(judge({}, half, thousand)).toEqual({ kept: 500, "protection-sample": 500 });
		expect(judge({ sampling: { ratio: 0.2 } }, half, thousand)).toEqual({
			kept: 100,
			sampled: 800,
			"protection-sample": 100,
		});
	});

	it("keeps errors, also those of a busy endpoint", () => {
		const errors = thousand.map((_, n) => traced(n, { status: n % 2 ? 503 : null }));
		expect(judge({}, { sampleRatio: 0.1, endpointPerSecond: 1 }, errors)).toEqual({ kept: 1000 });
	});

	it("sheds what an endpoint has more than its number in a second: the busy one feels it, the rare one does not", () => {
		const rare = [10, 510].map((n) => traced(n, { path: "/rare" }));
		const counts = judge({}, { sampleRatio: 1, endpointPerSecond: 10 }, [...thousand, ...rare]);
		// As many at once as in a second, then what the second brings.
		expect(counts["protection-shed"]).toBeGreaterThan(975);
		expect(
			judge({ filter: "path == /rare" }, { sampleRatio: 1, endpointPerSecond: 10 }, [...thousand, ...rare]),
		).toEqual({
			kept: 2,
			filtered: 1000,
		});
	});

	it("ends, and leaves the policy as it was", () => {
		const policy = new DataPolicy({ rateLimits: [{ perSecond: 1, per: "all" }] }, 1);
		policy.protect({ sampleRatio: 0, endpointPerSecond: undefined });
		expect(policy.apply(traced(1), undefined)).toBe("protection-sample");
		policy.protect(undefined);
		expect(policy.apply(traced(2), undefined)).not.toBeTypeOf("string");
		expect(policy.apply(traced(3), undefined)).toBe("rate-limited");
	});
});
