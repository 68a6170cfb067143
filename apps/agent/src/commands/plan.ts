import process from "node:process";
import { parseRun, RUN_SPECS } from "../cli/config-options.ts";
import { EXIT } from "../cli/errors.ts";
import { helpText, type OptionSpecs } from "../cli/options.ts";
import { printPage } from "../cli/print-page.ts";
import { loadConfig } from "../config/config.ts";
import { makePlan } from "../plan/make-plan.ts";
import { planText } from "../plan/plan-text.ts";

const OWN_SPECS: OptionSpecs = { json: { type: "boolean", help: "the same as JSON" } };
const SPECS: OptionSpecs = { ...OWN_SPECS, ...RUN_SPECS };

/** `wirescribe plan`: what `run` would do to this machine with the same options. Attaches nothing. */
export async function run(args: readonly string[]): Promise<number> {
	const parsed = parseRun("plan", args, OWN_SPECS);
	if (parsed.values["help"]) {
		process.stdout.write(
			helpText(
				"wirescribe plan [options]",
				"Says what 'run' would do to this machine with the same options: each hook and its cost, memory, privileges, what stays invisible. Attaches nothing.",
				SPECS,
			),
		);
		return EXIT.ok;
	}
	const plan = makePlan(loadConfig(parsed, process.env).options);
	printPage(parsed.values["json"] === true ? `${JSON.stringify(plan, null, 2)}\n` : planText(plan));
	return plan.problems[0]?.exitCode ?? EXIT.ok;
}
