import { expect, it } from "vitest";
import { Recent } from "./recent.ts";

it("keeps the newest, oldest first", () => {
	const recent = new Recent<number>(3);
	expect(recent.items()).toEqual([]);
	const seen: (readonly number[])[] = [];
	for (let at = 1; at <= 7; at++) {
		recent.add(at);
		seen.push(recent.items());
	}
	expect(seen).toEqual([[1], [1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6], [5, 6, 7]]);
	recent.clear();
	recent.add(8);
	expect(recent.items()).toEqual([8]);
});
