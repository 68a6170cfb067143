import fc from "fast-check";
import { expect, test } from "vitest";
import { Tombstones } from "./tombstones.ts";

test("they say what a plain map would say", () => {
	const id = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(2 ** 40, 2 ** 52 + 4096, 2 ** 33, 2 ** 34));
	const step = fc.oneof(fc.record({ add: id }), fc.record({ expire: fc.integer({ min: 1, max: 40 }) }));
	fc.assert(
		fc.property(fc.array(step, { maxLength: 400 }), fc.integer({ min: 1, max: 200 }), (steps, capacity) => {
			const tombstones = new Tombstones(capacity);
			const model = new Map<number, number>();
			let now = 0;
			for (const step of steps) {
				now++;
				if ("add" in step) {
					tombstones.add(step.add, now);
					if (!model.has(step.add)) model.set(step.add, now);
					if (model.size > capacity) model.delete([...model.keys()][0]!);
				} else {
					tombstones.expire(now - step.expire);
					for (const [id, time] of model) if (time < now - step.expire) model.delete(id);
				}
				expect(tombstones.size).toBe(model.size);
			}
			for (const [id, time] of model) expect(tombstones.closedAt(id)).toBe(time);
			for (let id = 0; id < 300; id++) expect(tombstones.closedAt(id)).toBe(model.get(id));
		}),
		{ numRuns: 200 },
	);
});

test("a tombstone takes at most 64 bytes; when all have expired, their room is given back", () => {
	const tombstones = new Tombstones(100_000);
	const empty = tombstones.byteLength;
	for (let id = 0; id < 100_000; id++) tombstones.add(id, id);
	expect(tombstones.byteLength / tombstones.size).toBeLessThanOrEqual(64);
	tombstones.expire(99_999);
	expect([tombstones.size, tombstones.closedAt(99_999)]).toEqual([1, 99_999]);
	tombstones.expire(100_000);
	expect([tombstones.size, tombstones.byteLength]).toEqual([0, empty]);
	tombstones.add(7, 200_000);
	expect(tombstones.closedAt(7)).toBe(200_000);
});
