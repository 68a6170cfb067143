/** The cases of `contract.test.ts` where vitest does not run them. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { allCases } from "./all-cases.ts";

const bin = (name: string): string => fileURLToPath(new URL(`../../../node_modules/.bin/${name}`, import.meta.url));
const node22 = fileURLToPath(new URL("../../../tools/node22/node_modules/.bin/node", import.meta.url));
const source = "--conditions=@wirescribe/source";
const runtimes: [name: string, command: string, args: string[]][] = [
	["Node 22", node22, [source]],
	["Bun", bin("bun"), [source]],
	["Deno", bin("deno"), ["run", "-A"]],
];

test.each(runtimes)("the contract holds in %s", async (_, command, args) => {
	const script = fileURLToPath(new URL("./run.ts", import.meta.url));
	const env = { ...process.env, NODE_OPTIONS: "", DENO_CONDITIONS: "@wirescribe/source" };
	// Less than vitest's own patience: so that what is said then is where it hangs.
	const { stdout } = await promisify(execFile)(command, [...args, script], { env, timeout: 240_000 });
	expect(stdout).toBe(`ok ${allCases.length}\n`);
});
