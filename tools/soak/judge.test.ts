import { describe, expect, test } from "vitest";
import { growth, leftovers } from "./judge.ts";
import type { Sample } from "./sample.ts";

const IDLE: Sample = {
	...{ seconds: 0, rssMiB: 150, heapMiB: 30, externalMiB: 20, fds: 80, threads: 12, timers: 5 },
	...{ maps: new Map([["sockets", 20]]), logged: 0, retained: 0 },
};

/** Twenty minutes of samples, one every 10 s. */
function run(shape: (seconds: number) => Partial<Sample>): Sample[] {
	return Array.from({ length: 120 }, (_, index) => ({ ...IDLE, seconds: index * 10, ...shape(index * 10) }));
}

describe("growth", () => {
	test("there is none of memory that goes up and down", () => {
		expect(growth(run((seconds) => ({ heapMiB: 25 + (seconds % 40) / 20, rssMiB: 150 + (seconds % 110) })))).toEqual(
			[],
		);
	});

	test("nor of such that takes minutes from one collection to the next, wherever it stands at the end", () => {
		for (let from = 0; from < 250; from += 10) {
			const rising = (seconds: number): number => 240 + (55 * ((seconds + from) % 250)) / 250;
			expect(growth(run((seconds) => ({ rssMiB: rising(seconds) })))).toEqual([]);
		}
	});

	test("what it takes in the first five minutes does not count", () => {
		expect(growth(run((seconds) => ({ rssMiB: 150 + Math.min(300, seconds) })))).toEqual([]);
	});

	test("a dip after a collection is no level to grow from", () => {
		expect(growth(run((seconds) => ({ rssMiB: seconds === 430 ? 195 : 237 })))).toEqual([]);
	});

	test("memory that rises to a level and stays there has grown from the first quarter", () => {
		const found = growth(run((seconds) => ({ rssMiB: 150 + Math.min(60, seconds / 15) })));
		expect(found).toEqual([expect.stringMatching(/^rssMiB has grown by .* from the first quarter/)]);
	});

	test("memory that goes on rising has grown in the second half, too", () => {
		const found = growth(run((seconds) => ({ heapMiB: 30 + seconds / 20 })));
		expect(found).toHaveLength(2);
		expect(found[0]).toMatch(/^heapMiB has grown by 15.0 in the second half/);
	});
});

test("growth of a short run is not judged", () => {
	expect(growth(run((seconds) => ({ heapMiB: 30 + seconds })).slice(0, 89))).toEqual([]);
});

describe("leftovers", () => {
	test("there are none of what is as it was, or differs by what others do", () => {
		const now = { ...IDLE, fds: 82, retained: 8, maps: new Map([["sockets", 90]]) };
		expect(leftovers(IDLE, now)).toEqual([]);
	});

	test.each<[string, Partial<Sample>]>([
		["fds: 95, idle 80", { fds: 95 }],
		["threads: 20, idle 12", { threads: 20 }],
		["timers: 11, idle 5", { timers: 11 }],
		["map sockets: 500 entries, idle 20", { maps: new Map([["sockets", 500]]) }],
		["map hints: 101 entries, idle 0", { maps: new Map([["hints", 101]]) }],
		["300 records are still retained", { retained: 300 }],
	])("%s", (sentence, change) => {
		expect(leftovers(IDLE, { ...IDLE, ...change })).toEqual([sentence]);
	});
});
