import process from "node:process";
import { parseRun, RUN_SPECS } from "../cli/config-options.ts";
import { EXIT } from "../cli/errors.ts";
import { helpText, type OptionSpecs } from "../cli/options.ts";
import { printPage } from "../cli/print-page.ts";
import { loadConfig } from "../config/config.ts";
import { allChecks, type Check } from "../doctor/checks.ts";
import { tlsOverview, tlsText } from "../doctor/tls.ts";

const OWN_SPECS: OptionSpecs = { json: { type: "boolean", help: "the result as JSON" } };
const SPECS: OptionSpecs = { ...OWN_SPECS, ...RUN_SPECS };

/** `wirescribe doctor`: what works here for `run` with the same options, what does not, what to do. The exit code is the first failure's. */
export async function run(args: readonly string[]): Promise<number> {
	const parsed = parseRun("doctor", args, OWN_SPECS);
	if (parsed.values["help"]) {
		process.stdout.write(
			helpText(
				"wirescribe doctor [options]",
				"Looks at this machine with the eyes of 'run' with the same options; changes nothing but a missing tracefs mount.",
				SPECS,
			),
		);
		return EXIT.ok;
	}
	const checks = await allChecks(loadConfig(parsed, process.env).options);
	printPage(parsed.values["json"] === true ? json(checks) : text(checks));
	return checks.find((check) => !check.ok)?.exitCode ?? EXIT.ok;
}

function json(checks: readonly Check[]): string {
	const shown = checks.map(({ exitCode: _, ...check }) => check);
	return `${JSON.stringify({ ok: checks.every(({ ok }) => ok), checks: shown, tls: tlsOverview() }, null, 2)}\n`;
}

function text(checks: readonly Check[]): string {
	const lines = checks.map(
		({ ok, name, found, todo }) =>
			`${ok ? "ok  " : "FAIL"}  ${name.padEnd(13)} ${found}${todo ? `\n      -> ${todo}` : ""}\n`,
	);
	return lines.join("") + tlsText(tlsOverview());
}
