import { expect, test } from "vitest";
import { Tombstone } from "./index.ts";

test("counts what comes after the close", () => {
	const tombstone = new Tombstone(7);
	for (const dataId of [7, 8, 3, 9]) tombstone.note({ dataId });
	expect(tombstone).toMatchObject({ lastDataId: 7, late: 2, duplicates: 2 });
});
