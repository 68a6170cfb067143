import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Manifest, WorkspacePackage } from "../workspace.ts";
import { ARROWS, circleIn, packageOf } from "./arrows.ts";
import { brokenRules } from "./package-rules.ts";

const tooling: Manifest = { name: "root", version: "0.0.0", devDependencies: { vitest: "5" } };
let path: string;

beforeEach(() => {
	path = mkdtempSync(join(tmpdir(), "wirescribe-rules-"));
});

afterEach(() => rmSync(path, { recursive: true, force: true }));

/** A package on disk that stands where http1-parser would, so that its arrows hold. */
function packageWith(files: Readonly<Record<string, string>>, manifest: Partial<Manifest> = {}): WorkspacePackage {
	const name = "@wirescribe/http1-parser";
	const exports = { ".": { "@wirescribe/source": "./src/index.ts" } };
	const deno = JSON.stringify({ name, version: "0.1.0", exports: "./src/index.ts" });
	for (const [file, text] of Object.entries({ "deno.json": deno, ...files })) {
		mkdirSync(join(path, file, ".."), { recursive: true });
		writeFileSync(join(path, file), text);
	}
	return { name, path, folder: "packages/http1-parser", manifest: { name, version: "0.1.0", exports, ...manifest } };
}

test("a package that follows the rules breaks none", () => {
	const files = {
		"src/index.ts": 'import { a } from "./a.ts";\nimport { B } from "@wirescribe/buffer";\n',
		"src/a.test.ts": 'import { test } from "vitest";\nimport fs from "node:fs";\n',
		"test/live.test.ts": 'import { ensureDebian } from "../../../tools/debian.ts";\n',
	};
	const one = packageWith(files, { dependencies: { "@wirescribe/buffer": "0.1.0" } });
	expect(brokenRules(one, tooling)).toEqual([]);
});

test.each([
	["an arrow that is not drawn", { "src/index.ts": 'import "@wirescribe/ffi";' }, /no such arrow/],
	["a neighbour's file", { "src/index.ts": 'import "../../buffer/src/index.ts";' }, /from outside of/],
	["the tools, in shipped code", { "src/index.ts": 'import "../../../tools/debian.ts";' }, /from outside of/],
	["a package that is not listed", { "src/index.ts": 'import "left-pad";' }, /does not list/],
	["a tool of the tests, in shipped code", { "src/index.ts": 'import "vitest";' }, /does not list/],
	["node, where browsers are promised", { "src/index.ts": 'import "node:fs";' }, /for browsers too/],
	["a built-in without node:", { "test/a.test.ts": 'import "fs";' }, /without node:/],
])("importing %s is found", (_, files, sentence) => {
	expect(brokenRules(packageWith(files), tooling)[0]).toMatch(sentence);
});

test.each<[string, Partial<Manifest>, RegExp]>([
	["a dependency that nothing imports", { dependencies: { "@wirescribe/buffer": "0.1.0" } }, /does not import/],
	["another version than deno.json", { version: "0.2.0" }, /version is not that/],
	["other exports than deno.json", { exports: {} }, /exports differ/],
	["an install script", { scripts: { postinstall: "true" } }, /install script/],
])("a manifest with %s is found", (_, manifest, sentence) => {
	expect(brokenRules(packageWith({}, manifest), tooling)[0]).toMatch(sentence);
});

test("another version of a dependency for JSR is found", () => {
	const deno = { name: "@wirescribe/http1-parser", version: "0.1.0", exports: "./src/index.ts" };
	const imports = { yaml: "npm:yaml@1.0.0" };
	const files = { "deno.json": JSON.stringify({ ...deno, imports }), "src/index.ts": 'import "yaml";' };
	expect(brokenRules(packageWith(files, { dependencies: { yaml: "2.9.1" } }), tooling)).toEqual([
		"packages/http1-parser/deno.json: imports yaml as npm:yaml@1.0.0, package.json wants 2.9.1",
	]);
});

test("generated files without a check are found", () => {
	const one = packageWith({ "generated/a.js": "" });
	expect(brokenRules(one, tooling)[0]).toMatch(/no script named check/);
});

test("the arrows make no circle, and a circle would be found", () => {
	expect(circleIn(ARROWS)).toBeUndefined();
	expect(circleIn({ a: ["b"], b: ["c/part"], c: ["b"] })).toEqual(["b", "c", "b"]);
});

test("a specifier's package", () => {
	expect(packageOf("@scope/name/part")).toBe("@scope/name");
	expect(packageOf("name/part")).toBe("name");
});
