import { expect, test } from "vitest";
import { Lines } from "./lines.ts";

test("lines are whole wherever the pieces end, also within a character", () => {
	const bytes = new TextEncoder().encode('{"a":"é"}\n\n  \n{"b":"😀"}\nrest');
	for (let size = 1; size <= bytes.length; size++) {
		const lines = new Lines();
		const all: string[] = [];
		for (let at = 0; at < bytes.length; at += size) all.push(...lines.push(bytes.subarray(at, at + size)));
		expect(all).toEqual(['{"a":"é"}', '{"b":"😀"}']);
	}
});

test("a line without an end is not kept for ever", () => {
	const lines = new Lines(10);
	expect([...lines.push(new TextEncoder().encode("0123456789"))]).toEqual([]);
	expect(() => [...lines.push(new TextEncoder().encode("x"))]).toThrow("a line has more than 10 characters");
});
