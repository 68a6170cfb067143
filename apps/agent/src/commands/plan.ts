import process from "node:process";
import { EXIT } from "../cli/errors.ts";
import { helpText, type OptionSpecs } from "../cli/options.ts";
import { parseWatch, WATCH_SPECS } from "../cli/watch-options.ts";
import { makePlan } from "../plan/make-plan.ts";
import { planText } from "../plan/plan-text.ts";

const SPECS: OptionSpecs = { json: { type: "boolean", help: "the same as JSON" }, ...WATCH_SPECS };

/** `wirescribe plan`: what `run` would do to this machine with the same options. Attaches nothing. */
export async function run(args: readonly string[]): Promise<number> {
	const parsed = parseWatch(
		"plan",
		args.filter((argument) => argument !== "--json"),
	);
	if (!parsed) {
		process.stdout.write(
			helpText(
				"wirescribe plan [options]",
				"Says what 'run' would do to this machine with the same options: each hook and its cost, memory, privileges, what stays invisible. Attaches nothing.",
				SPECS,
			),
		);
		return EXIT.ok;
	}
	const plan = makePlan(parsed.options);
	process.stdout.write(args.includes("--json") ? `${JSON.stringify(plan, null, 2)}\n` : planText(plan));
	return plan.problems[0]?.exitCode ?? EXIT.ok;
}
