import process from "node:process";
import { CONFIG_SPECS, parseRun } from "../cli/config-options.ts";
import { EXIT } from "../cli/errors.ts";
import { helpText } from "../cli/options.ts";
import { loadConfig } from "../config/config.ts";
import { problemLine } from "../config/problem.ts";

/** `wirescribe validate`: says what is wrong with a configuration, all of it, and touches nothing. */
export async function run(args: readonly string[]): Promise<number> {
	const parsed = parseRun("validate", args);
	if (parsed.values["help"]) {
		process.stdout.write(
			helpText(
				"wirescribe validate [--config FILE] [options of run]",
				"Checks a configuration as 'run' would: file, environment and options. Exit code 2 when it is not valid.",
				CONFIG_SPECS,
			),
		);
		return EXIT.ok;
	}
	const { file, values, warnings } = loadConfig(parsed, process.env);
	for (const warning of warnings) process.stderr.write(`wirescribe: ${problemLine(warning)}\n`);
	const set = values.filter(({ source }) => source.kind !== "default").length;
	process.stdout.write(`${file ?? "no file"}: valid; ${set} of ${values.length} keys are set\n`);
	return EXIT.ok;
}
