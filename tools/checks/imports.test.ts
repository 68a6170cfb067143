import { expect, test } from "vitest";
import { importsOf } from "./imports.ts";

test("every kind of import is found", () => {
	const source = `
import process from "node:process";
import {
	type A,
	b,
} from '@wirescribe/buffer';
import "./side-effect.ts";
export { c } from "./c.ts";
export * from "./d.ts";
const later = await import("./later.ts");
const worker = import.meta.resolve("@wirescribe/event-queue/worker");
`;
	expect(importsOf(source)).toEqual([
		"./c.ts",
		"./d.ts",
		"./later.ts",
		"./side-effect.ts",
		"@wirescribe/buffer",
		"@wirescribe/event-queue/worker",
		"node:process",
	]);
});

test("what stands in comments and strings is no import", () => {
	const source = `
/** import { a } from "a"; */
// import { b } from "b";
const text = "/* a string";
import { c } from "c"; // */
const code = \`
import { d } from "d";
\`;
const from = ["x"];
`;
	expect(importsOf(source)).toEqual(["c"]);
});
