import process from "node:process";
import { EXIT } from "../cli/errors.ts";
import { helpText, hostPort, type OptionSpecs, parseCommand, text } from "../cli/options.ts";
import { allChecks } from "../doctor/checks.ts";
import { tlsOverview, tlsText } from "../doctor/tls.ts";

const SPECS: OptionSpecs = {
	backend: { type: "string", value: "HOST:PORT", help: "also see whether this collector can be reached" },
	json: { type: "boolean", help: "the same as JSON" },
};

/** `wirescribe doctor`: what works here, what does not, what to do about it. */
export async function run(args: readonly string[]): Promise<number> {
	const parsed = parseCommand("doctor", args, SPECS, 0);
	if (parsed.values["help"]) {
		process.stdout.write(
			helpText(
				"wirescribe doctor [options]",
				"Looks at this machine; changes nothing but a missing tracefs mount.",
				SPECS,
			),
		);
		return EXIT.ok;
	}
	const backend = text(parsed, "backend");
	const checks = await allChecks(backend === undefined ? undefined : hostPort("doctor", "backend", backend));
	if (parsed.values["json"]) {
		const ok = checks.every((check) => check.ok);
		process.stdout.write(
			`${JSON.stringify({ ok, checks: checks.map(({ exitCode: _, ...check }) => check), tls: tlsOverview() }, null, 2)}\n`,
		);
	} else {
		for (const { ok, name, found, todo } of checks) {
			process.stdout.write(`${ok ? "ok  " : "FAIL"}  ${name.padEnd(13)} ${found}${todo ? `\n      -> ${todo}` : ""}\n`);
		}
		process.stdout.write(tlsText(tlsOverview()));
	}
	return checks.find((check) => !check.ok)?.exitCode ?? EXIT.ok;
}
