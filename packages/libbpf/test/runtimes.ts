import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

function fromRoot(path: string): string {
	return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}

/** A runtime the contract runs in. */
export type RuntimeName = "Node 26" | "Node 22" | "Bun" | "Deno";

/** The four runtimes, as the repository's lock file installs them. */
export const runtimes: Readonly<Record<RuntimeName, readonly [command: string, ...args: string[]]>> = {
	"Node 26": [fromRoot("node_modules/.bin/node"), "--conditions=@wirescribe/source"],
	"Node 22": [fromRoot("tools/node22/node_modules/.bin/node"), "--conditions=@wirescribe/source"],
	Bun: [fromRoot("node_modules/.bin/bun"), "--conditions=@wirescribe/source"],
	Deno: [fromRoot("node_modules/.bin/deno"), "run", "-A"],
};

/** Runs a file of this package in a runtime and gives back what it wrote. Rejects when it fails or takes more than four minutes. */
export async function runIn(
	name: RuntimeName,
	file: string,
	variables: Readonly<Record<string, string>> = {},
): Promise<{ stdout: string; stderr: string }> {
	const [command, ...args] = runtimes[name];
	const path = fileURLToPath(new URL(file, import.meta.url));
	const { NODE_OPTIONS: _, ...inherited } = process.env;
	const env = { ...inherited, NO_COLOR: "1", DENO_CONDITIONS: "@wirescribe/source", ...variables };
	return await run(command, [...args, path], { env, timeout: 240_000, killSignal: "SIGKILL" });
}
