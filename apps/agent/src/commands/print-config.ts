import process from "node:process";
import { CONFIG_SPECS, parseRun } from "../cli/config-options.ts";
import { EXIT } from "../cli/errors.ts";
import { helpText, type OptionSpecs } from "../cli/options.ts";
import { type Config, loadConfig } from "../config/config.ts";
import { explainTuning } from "../config/explain-tuning.ts";
import { columns, printed } from "../config/print.ts";
import { problemLine } from "../config/problem.ts";
import { showValue } from "../config/setting.ts";
import { tuning } from "../config/tuning.ts";

const SPECS: OptionSpecs = {
	json: { type: "boolean", help: "the same as JSON" },
	"explain-tuning": {
		type: "boolean",
		help: "the numbers that follow from CPUs and memory, and why they are what they are",
	},
};

/** `wirescribe print-config`: what holds of each key, and who said so. */
export async function run(args: readonly string[]): Promise<number> {
	const parsed = parseRun("print-config", args, SPECS);
	if (parsed.values["help"]) {
		process.stdout.write(
			helpText(
				"wirescribe print-config [--config FILE] [options of run]",
				"Shows what 'run' would use with the same file, environment and options, and where each value comes from. Secrets are masked.",
				{ ...SPECS, ...CONFIG_SPECS },
			),
		);
		return EXIT.ok;
	}
	const config = loadConfig(parsed, process.env);
	for (const warning of config.warnings) process.stderr.write(`wirescribe: ${problemLine(warning)}\n`);
	const explain = parsed.values["explain-tuning"] === true;
	process.stdout.write(parsed.values["json"] ? asJson(config, explain) : asText(config, explain));
	return EXIT.ok;
}

function asJson(config: Config, explain: boolean): string {
	const shown = explain
		? { tuning: explainTuning(config, tuning()) }
		: { file: config.file ?? null, values: printed(config) };
	return `${JSON.stringify(shown, null, 2)}\n`;
}

function asText(config: Config, explain: boolean): string {
	if (explain) return columns(explainTuning(config, tuning()).map(({ name, value, reason }) => [name, value, reason]));
	return columns(printed(config).map(({ key, value, source }) => [key, showValue(value ?? "") || "-", source]));
}
