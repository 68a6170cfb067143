import { expect, test } from "vitest";
import { ExistenceCheck, type Presence } from "./existence-check.ts";

const open = (...entries: [number, number][]): [number, number][] => entries;

function asker(answers: Record<number, Presence>) {
	const asked: number[][] = [];
	const ask = (ids: readonly number[]): Presence[] => {
		asked.push([...ids]);
		return ids.map((id) => answers[id] ?? "present");
	};
	return { asked, ask };
}

test("idle connections are asked about, each at most once in its interval", () => {
	const check = new ExistenceCheck({ intervalNs: 30 });
	const { asked, ask } = asker({});
	check.run(30, open([1, 0], [2, 1]), ask);
	check.run(31, open([1, 0], [2, 1]), ask);
	check.run(59, open([1, 0], [2, 1]), ask);
	check.run(60, open([1, 0], [2, 59]), ask);
	expect(asked).toEqual([[1], [2], [1]]);
});

test("missing and replaced are gone; an error is not", () => {
	const check = new ExistenceCheck({ intervalNs: 10 });
	const { ask } = asker({ 1: "missing", 2: "replaced", 3: "error" });
	expect(check.run(10, open([1, 0], [2, 0], [3, 0], [4, 0]), ask)).toEqual([1, 2]);
	expect(check.errors).toBe(1);
});

test("ten thousand go in batches", () => {
	const check = new ExistenceCheck({ intervalNs: 10, batch: 1000 });
	const { asked, ask } = asker({});
	check.run(
		10,
		Array.from({ length: 10_000 }, (_, id) => [id, 0] as const),
		ask,
	);
	expect(asked.map(({ length }) => length)).toEqual(new Array(10).fill(1000));
	expect(() => new ExistenceCheck({ batch: 0 })).toThrow(/received 0/);
});
