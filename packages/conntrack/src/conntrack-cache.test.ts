import { expect, test } from "vitest";
import { parseAddress } from "./address.ts";
import { ConntrackCache } from "./conntrack-cache.ts";
import type { ConntrackEntry, LookupResult, LookupTuple, MissReason } from "./tuple.ts";

const tuple = (sport: number, zone = 0): LookupTuple => ({
	src: parseAddress("10.0.0.1"),
	dst: parseAddress("10.96.0.1"),
	sport,
	dport: 80,
	...(zone ? { zone } : {}),
});
const entry = (sport: number, server = "10.0.0.2"): ConntrackEntry => ({
	original: tuple(sport),
	reply: { src: parseAddress(server), dst: parseAddress("10.0.0.1"), sport: 8080, dport: sport },
	status: 32,
	mark: 0,
	zone: 0,
	timeoutSeconds: 100,
});

function fixture(options: { capacity?: number } = {}) {
	const asked: number[][] = [];
	const state = { now: 0, answer: (sport: number): LookupResult => entry(sport) };
	const source = {
		lookupAll: (tuples: readonly LookupTuple[]): LookupResult[] => {
			asked.push(tuples.map(({ sport }) => sport));
			return tuples.map(({ sport }) => state.answer(sport));
		},
	};
	const cache = new ConntrackCache(source, { ttlMs: 100, negativeTtlMs: 10, now: () => state.now, ...options });
	return { asked, state, cache };
}

test("an answer is remembered under both tuples, for its time", () => {
	const { asked, state, cache } = fixture();
	expect(cache.lookup(tuple(1))).toEqual(entry(1));
	expect(cache.lookup(entry(1).reply)).toEqual(entry(1));
	const mapped = { ...tuple(1), src: parseAddress("::ffff:10.0.0.1"), dst: parseAddress("::ffff:10.96.0.1") };
	expect(cache.lookup(mapped)).toEqual(entry(1));
	expect(asked).toEqual([[1]]);
	state.now = 101;
	cache.lookup(tuple(1));
	expect(asked).toEqual([[1], [1]]);
});

test("that there is none is remembered for less, being busy not at all", () => {
	const { asked, state, cache } = fixture();
	const ask = (miss: MissReason): number => {
		const before = asked.length;
		state.answer = () => ({ miss });
		for (let i = 0; i < 3; i++) expect(cache.lookup(tuple(9))).toEqual({ miss });
		state.now += 11;
		return asked.length - before;
	};
	expect([ask("no-entry"), ask("not-permitted"), ask("no-module"), ask("busy")]).toEqual([1, 1, 1, 3]);
});

test("of many, those that are not known are asked for together, and zones are apart", () => {
	const { asked, cache } = fixture();
	cache.lookup(tuple(2));
	expect(cache.lookupAll([tuple(1), tuple(2), tuple(3)])).toEqual([entry(1), entry(2), entry(3)]);
	expect(cache.peek(tuple(1, 5))).toBeUndefined();
	expect(asked).toEqual([[2], [1, 3]]);
	expect(cache.stats()).toMatchObject({ hits: 1, misses: 3, size: 6 });
});

test("events come before the question, and end what was known", () => {
	const { asked, cache } = fixture();
	cache.created(entry(1));
	expect(cache.lookup(tuple(1))).toEqual(entry(1));
	cache.destroyed(entry(1));
	expect([cache.peek(tuple(1)), cache.peek(entry(1).reply)]).toEqual([undefined, undefined]);
	cache.created(entry(2));
	cache.overrun();
	expect(cache.peek(tuple(2))).toBeUndefined();
	expect(asked).toEqual([]);
});

test("it is bounded: the oldest makes room, counted", () => {
	const { cache } = fixture({ capacity: 4 });
	for (const sport of [1, 2, 3]) cache.lookup(tuple(sport));
	expect([1, 2, 3].map((sport) => cache.peek(tuple(sport)) !== undefined)).toEqual([false, true, true]);
	expect(cache.stats()).toMatchObject({ size: 4, evicted: 2 });
	expect(() => fixture({ capacity: 1 })).toThrow(/received 1/);
});
