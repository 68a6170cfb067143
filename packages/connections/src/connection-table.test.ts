import { expect, test } from "vitest";
import { ConnectionTable } from "./connection-table.ts";

test("a connection is unknown, open, closed, and forgotten after its time", () => {
	const table = new ConnectionTable<string>({ keepClosedNs: 20 });
	expect(table.state(1)).toBe("unknown");
	expect(table.set(1, "one")).toBe(true);
	expect([table.get(1), table.state(1)]).toEqual(["one", "open"]);
	expect(table.close(1, 100)).toBe("one");
	expect([table.get(1), table.state(1), table.closedAt(1)]).toEqual([undefined, "closed", 100]);
	expect(table.expire(120)).toBe(0);
	expect(table.expire(121)).toBe(1);
	expect(table.state(1)).toBe("unknown");
});

test("a late event does not open what is closed", () => {
	const table = new ConnectionTable<string>();
	table.close(7, 1);
	expect(table.set(7, "late")).toBe(false);
	expect(table.get(7)).toBeUndefined();
});

test("closing twice keeps the first time", () => {
	const table = new ConnectionTable<string>();
	table.set(7, "seven");
	expect(table.close(7, 1)).toBe("seven");
	expect(table.close(7, 2)).toBeUndefined();
	expect(table.closedAt(7)).toBe(1);
});

test("both bounds hold, and what made room is counted and handed over", () => {
	const left: [number, string][] = [];
	const onEvict = (id: number, entry: string): void => void left.push([id, entry]);
	const table = new ConnectionTable<string>({ capacity: 2, tombstones: 2, onEvict });
	for (const id of [1, 2, 3]) table.set(id, `c${id}`);
	expect(left).toEqual([[1, "c1"]]);
	table.limit(3);
	table.set(4, "c4");
	table.limit(2);
	expect(left.splice(0)).toEqual([
		[1, "c1"],
		[2, "c2"],
	]);
	expect(() => table.limit(0)).toThrow(/'capacity' must be a positive integer/);
	for (const id of [11, 12, 13]) table.close(id, id);
	expect([11, 12, 13].map((id) => table.state(id))).toEqual(["unknown", "closed", "closed"]);
	expect(table.stats()).toMatchObject({ open: 2, closed: 2, evictedOpen: 2, evictedClosed: 1 });
});

test("a million short connections leave at most 64 bytes for each that is remembered", () => {
	const table = new ConnectionTable<number>({ keepClosedNs: 100_000 });
	let mixedUp = 0;
	for (let id = 1; id <= 1_000_000; id++) {
		table.set(id * 4096, id);
		if (table.close(id * 4096, id) !== id) mixedUp++;
		if (id % 1000 === 0) table.expire(id);
	}
	const { open, closed, evictedClosed, tombstoneBytes } = table.stats();
	expect([mixedUp, open, evictedClosed]).toEqual([0, 0, 0]);
	expect(closed).toBeLessThanOrEqual(101_000);
	expect(tombstoneBytes / closed).toBeLessThanOrEqual(64);
});
