import { expect, test } from "vitest";
import { Operations } from "./operations.ts";

function noted(...ids: [id: number, prev: number][]): Operations {
	const operations = new Operations();
	for (const [id, prev] of ids) operations.note(id, prev);
	return operations;
}

test("ids in a row, from wherever they begin", () => {
	const operations = noted([7, 0], [8, 7], [9, 8]);
	expect([operations.isComplete(0, 9), operations.isComplete(7, 9), operations.isComplete(9, 9)]).toEqual([
		true,
		true,
		true,
	]);
});

test("an id behind the one that is named is spent, not lost", () => {
	const spent = noted([1, 0], [3, 1]);
	expect([spent.isComplete(1, 3), spent.isLost(1, 3)]).toEqual([true, false]);
});

test("an id that looked spent is lost when a later one names it, and neither when it comes", () => {
	expect(noted([1, 0], [3, 1], [4, 2]).isComplete(1, 3)).toBe(false);
	expect(noted([1, 0], [3, 1], [4, 2]).isLost(1, 3)).toBe(true);
	expect(noted([1, 0], [3, 1], [2, 3], [4, 2]).isComplete(1, 4)).toBe(true);
});

test("without a previous id every gap may be a loss", () => {
	const unknown = noted([1, 0], [3, 0]);
	expect([unknown.isComplete(1, 3), unknown.isLost(1, 3)]).toEqual([false, false]);
});

test("an id that another names is lost, those before it may be", () => {
	const lost = noted([1, 0], [5, 4]);
	expect([lost.isComplete(1, 5), lost.isLost(1, 5), lost.isLost(1, 4), lost.isComplete(3, 4)]).toEqual([
		false,
		true,
		false,
		true,
	]);
});

test("late ones fill what was missing", () => {
	const operations = noted([1, 0], [6, 5], [4, 3]);
	expect([operations.isComplete(1, 4), operations.isLost(3, 5), operations.isLost(4, 6)]).toEqual([false, false, true]);
	for (const id of [3, 2, 5]) operations.note(id, id - 1);
	expect([operations.isComplete(1, 6), operations.isLost(1, 6)]).toEqual([true, false]);
});

test("of too many gaps the oldest are forgotten, as missing", () => {
	const operations = new Operations();
	operations.note(1, 0);
	for (let id = 3; id < 3000; id += 2) operations.note(id, id - 1);
	expect([operations.isComplete(2, 3), operations.isComplete(2999, 2999), operations.isComplete(2998, 2999)]).toEqual([
		true,
		true,
		true,
	]);
	expect(operations.isComplete(100, 200)).toBe(false);
	const spent = new Operations();
	spent.note(1, 0);
	for (let id = 3; id < 6000; id += 2) spent.note(id, id - 2);
	expect(spent.isComplete(100, 200)).toBe(true);
});

test("the last one that has not come, spent or not", () => {
	const operations = noted([1, 0], [3, 2], [6, 3], [7, 6]);
	expect([2, 3, 5, 6, 8].map((id) => operations.lastMissing(id))).toEqual([0, 2, 4, 5, 5]);
});
