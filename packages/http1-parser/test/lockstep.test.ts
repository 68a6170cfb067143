/** Whether a client waits for each response before it sends the next request, and what follows for pairs behind a loss. */
import type { Chunk } from "@wirescribe/buffer";
import { expect, test } from "vitest";
import type { Decision } from "../src/index.ts";
import { brief, get, ok, pairs, put, without, wrong } from "./named.ts";
import { run, Script } from "./wire.ts";

test("a connection that has answered 16 requests one at a time is believed to go on so", () => {
	const script = new Script();
	const names = Array.from({ length: 20 }, (_, i) => `n${i}`);
	for (const name of names) script.E(name === "n18" ? put(name, "x".repeat(500)) : get(name)).I(ok(name));
	const expected = names.filter((name) => name !== "n18").map((name) => `/${name} ${name}`);
	expect(pairs(without(script, 37))).toEqual(expected);
	const why: string[] = [];
	run(
		script.chunks.filter((_, i) => i !== 36),
		{ diagnostics: (d: Decision) => void (d.type === "pair" && why.push(d.why)) },
	);
	expect(why.at(-1)).toBe("neighbours");
});

test("what came after a loss in its beginning counts as well; 64 where nothing is known of before", () => {
	const names = Array.from({ length: 100 }, (_, i) => `n${i}`);
	const script = new Script();
	for (const name of names) script.E(name === "n4" ? put(name, "x".repeat(500)) : get(name)).I(ok(name));
	expect(pairs(without(script, 9))).toEqual(names.filter((_, i) => i < 4 || i > 15).map((name) => `/${name} ${name}`));
	const found = pairs(without(script, 1));
	expect(found).toEqual(names.slice(-found.length).map((name) => `/${name} ${name}`));
	expect(names.length - found.length).toBeGreaterThan(60);
	expect(names.length - found.length).toBeLessThan(70);
});

test("a client with two requests under way, whose beginning was lost, is not believed to wait once it shows that", () => {
	const script = new Script().E(get("n0")).E(get("n1"));
	let sent = 2;
	for (let answered = 0; answered < 300; ) {
		// Mostly it sends one for each response; now and then two responses have come, and it sends two.
		const step = answered % 50 === 20 ? 2 : 1;
		for (let n = 0; n < step; n++) script.I(ok(`n${answered++}`));
		for (let n = 0; n < step; n++) script.E(get(`n${sent++}`));
	}
	expect(pairs(without(script, 1, 2))).toEqual([]);
});

test("100 (Continue) and its response in one operation behind a lost one: the client waits all the same", () => {
	const names = Array.from({ length: 40 }, (_, i) => `n${i}`);
	const script = new Script();
	for (const name of names) {
		const informational = name === "n20" ? "HTTP/1.1 100 Continue\r\n\r\n" : "";
		script.E(name === "n30" ? put(name, "x".repeat(500)) : get(name)).I(informational + ok(name));
	}
	const expected = names.filter((name) => name !== "n19" && name !== "n30").map((name) => `/${name} ${name}`);
	expect(pairs(without(script, 40, 61))).toEqual(expected);
});

test("long silences before requests show the same where the beginning was lost", () => {
	const script = new Script();
	const names = Array.from({ length: 24 }, (_, i) => `n${i}`);
	for (const name of names) script.E(get(name)).I(ok(name));
	const idle = script.chunks.slice(1).map((chunk): Chunk => {
		const ns = Math.floor(chunk.dataId / 2) * 1e9 + (chunk.dataId % 2) * 1e6;
		return {
			...chunk,
			startNs: chunk.direction === 2 ? 1e9 + ns - 1e6 : ns,
			endNs: chunk.direction === 2 ? 1e9 + ns : ns + 2e6,
		};
	});
	const found = pairs(run(idle).rows.map(brief));
	expect(found.length).toBeGreaterThan(5);
	expect(wrong(found)).toEqual([]);
});
