import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const SOURCE = "--conditions=@wirescribe/source";

/** How each runtime starts the agent from source: program and arguments. */
export const RUNTIMES: Readonly<Record<string, readonly string[]>> = {
	"node 26": [`${root}node_modules/.bin/node`, SOURCE, main],
	"node 22": [`${root}tools/node22/node_modules/.bin/node`, SOURCE, main],
	bun: [`${root}node_modules/.bin/bun`, SOURCE, main],
	deno: [`${root}node_modules/.bin/deno`, "run", "-A", `--config=${root}deno.json`, SOURCE, main],
};

/** The programs of `npm ci`; a missing one is a broken installation, not a reason to test less. */
export function program(runtime: string): readonly string[] {
	const command = RUNTIMES[runtime];
	if (!command || !existsSync(command[0] as string)) throw new Error(`${runtime} is not installed: run npm ci`);
	return command;
}
