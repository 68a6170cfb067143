import { expect, test } from "vitest";
import { dispatcher } from "./dispatch.ts";

test("by key: always the same lane", () => {
	const lane = dispatcher("by-key", 4);
	for (let key = 0; key < 50; key++) expect(lane(key)).toBe(dispatcher("by-key", 4)(key));
});

test("round-robin: one after another", () => {
	const lane = dispatcher("round-robin", 3);
	expect([7, 7, 7, 7].map(lane)).toEqual([0, 1, 2, 0]);
});

test("least pending: a lane that stands still gets nothing more", () => {
	const pending = [0, 0, 0];
	const lane = dispatcher("least-pending", 3, (index) => pending[index]!);
	for (let n = 0; n < 300; n++) {
		const chosen = lane(7);
		pending[chosen]! += 1;
		// Lane 1 is frozen; the others are quick.
		pending[0] = 0;
		pending[2] = 0;
	}
	expect(pending[1]).toBe(1);
});

test("least pending: equals take turns", () => {
	const lane = dispatcher("least-pending", 3, () => 5);
	expect([1, 2, 3, 4].map(lane)).toEqual([0, 1, 2, 0]);
});
