import { execFileSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { bin, root } from "./workspace.ts";

test("the tests run in Node 26, whatever Node the machine has", () => {
	expect(process.version).toMatch(/^v26\./);
});

test.each([
	["node", bin("node"), /^v26\./],
	["Node 22", join(root, "tools/node22/node_modules/.bin/node"), /^v22\./],
	["deno", bin("deno"), /^deno 2\./],
	["bun", bin("bun"), /^1\./],
])("npm ci brought %s", (_, file, version) => {
	expect(execFileSync(file, ["--version"], { encoding: "utf8" })).toMatch(version);
});
