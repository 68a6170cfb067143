#!/usr/bin/env node
/**
 * `wirescribe`: the HTTP access log of a Linux machine, from inside the kernel.
 *
 * This file only finds the command and turns its failure into one line and an exit code.
 */
import process from "node:process";
import { nearest } from "@wirescribe/filter/nearest";
import { CliError, EXIT, errorLines } from "./cli/errors.ts";
import { log } from "./logging/log.ts";
import { version } from "./version.ts";

/** What a command's module offers. Modules are loaded on demand: `replay` needs no kernel library. */
interface Command {
	run(args: readonly string[]): Promise<number>;
}

const COMMANDS: Readonly<Record<string, { readonly about: string; load(): Promise<Command> }>> = {
	run: { about: "watch this machine and write its access log", load: () => import("./commands/run.ts") },
	top: {
		about: "requests as they come, in the terminal; also of a recording",
		load: () => import("./commands/top.ts"),
	},
	watch: {
		about: "the same as lines: filtered, coloured, fields of your choice",
		load: () => import("./commands/watch.ts"),
	},
	collect: { about: "receive logs: the embedded collector", load: () => import("./commands/collect.ts") },
	record: { about: "write what the kernel saw to a file", load: () => import("./commands/record.ts") },
	replay: { about: "read a recording as 'run' reads the kernel", load: () => import("./commands/replay.ts") },
	export: { about: "HAR, curl, k6 and vitest files of a recording", load: () => import("./commands/export.ts") },
	validate: { about: "check a configuration file", load: () => import("./commands/validate.ts") },
	"print-config": { about: "what holds, and where it comes from", load: () => import("./commands/print-config.ts") },
	plan: { about: "what 'run' would do to this machine, and what it costs", load: () => import("./commands/plan.ts") },
	doctor: { about: "what works here, what does not, what to do", load: () => import("./commands/doctor.ts") },
	demo: { about: "ten seconds that show all of it", load: () => import("./commands/demo.ts") },
};

export function usage(): string {
	const rows = Object.entries(COMMANDS).map(([name, command]) => `  ${name.padEnd(14)}${command.about}`);
	return `wirescribe COMMAND [options]\n\n${rows.join("\n")}\n\n'wirescribe COMMAND --help' lists a command's options.\n`;
}

async function main(args: readonly string[]): Promise<number> {
	const [name, ...rest] = args;
	if (name === undefined || name === "--help" || name === "-h" || name === "help") {
		process.stdout.write(usage());
		return name === undefined ? EXIT.usage : EXIT.ok;
	}
	if (name === "--version" || name === "-V") {
		process.stdout.write(`wirescribe ${version()}\n`);
		return EXIT.ok;
	}
	const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
	if (!command) {
		const near = nearest(name, Object.keys(COMMANDS));
		throw new CliError(
			`unknown command '${name}'${near ? `, did you mean '${near}'?` : ` (one of ${Object.keys(COMMANDS).join(", ")})`}`,
			EXIT.usage,
		);
	}
	return (await command.load()).run(rest);
}

try {
	process.exitCode = await main(process.argv.slice(2));
} catch (error) {
	for (const line of errorLines(error)) log.error(line, { pauseMs: 0 });
	const excerpt = error instanceof CliError ? error.excerpt : undefined;
	if (excerpt !== undefined && log.format === "text") process.stderr.write(`${excerpt}\n`);
	process.exitCode = error instanceof CliError ? error.exitCode : EXIT.runtime;
	if (process.env["WIRESCRIBE_DEBUG"] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}
