/** Benchmarks that run in several runtimes: their options, and how a runtime is started with our sources, unbuilt. */
import process from "node:process";
import { parseArgs } from "node:util";
import { bin } from "../tools/workspace.ts";

const CONDITION = "--conditions=@wirescribe/source";
const COMMANDS: Readonly<Record<string, readonly [file: string, ...args: string[]]>> = {
	Node: [process.execPath, CONDITION],
	Bun: [bin("bun"), CONDITION],
	Deno: [bin("deno"), "run", "-A"],
};

/** What a runtime's environment must hold, beside the command. */
export const ENVIRONMENT = { DENO_CONDITIONS: "@wirescribe/source", NODE_OPTIONS: "" } as const;

/** The command that a script's path follows. */
export function commandOf(runtime: string): readonly [file: string, ...args: string[]] {
	const command = COMMANDS[runtime];
	if (command) return command;
	throw new TypeError(`Cannot measure in '${runtime}': --runtimes takes ${Object.keys(COMMANDS).join()}`);
}

/** `--runtimes Node,Bun` and `--no-write`. */
export function runtimeOptions(): { readonly runtimes: readonly string[]; readonly write: boolean } {
	const { values } = parseArgs({
		allowNegative: true,
		options: { runtimes: { type: "string", default: "Node,Bun,Deno" }, write: { type: "boolean", default: true } },
	});
	return { runtimes: values.runtimes.split(","), write: values.write };
}
