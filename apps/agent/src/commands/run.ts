import process from "node:process";
import { isBalanced, sum } from "@wirescribe/pipeline";
import { parseRun, RUN_SPECS } from "../cli/config-options.ts";
import { EXIT } from "../cli/errors.ts";
import { helpText } from "../cli/options.ts";
import { loadConfig } from "../config/config.ts";
import { problemLine } from "../config/problem.ts";
import { startSession } from "../live/session.ts";
import { untilStopped } from "../live/signals.ts";
import { reportLedger } from "../output/ledger-report.ts";

/** `wirescribe run`: watch this machine until a signal, then drain, deliver and show the ledger. */
export async function run(args: readonly string[]): Promise<number> {
	const parsed = parseRun("run", args);
	if (parsed.values["help"]) {
		process.stdout.write(
			helpText(
				"wirescribe run [options]",
				"Writes every HTTP/1 request of this machine: to stdout, or to a collector with --backend.",
				RUN_SPECS,
			),
		);
		return EXIT.ok;
	}
	const config = loadConfig(parsed, process.env);
	for (const warning of config.warnings) process.stderr.write(`wirescribe: ${problemLine(warning)}\n`);
	const { options } = config;
	const session = await startSession(options);
	process.stderr.write(`${session.startLine}\n`);
	process.on("SIGUSR2", () => {
		session.ledger().then((ledger) => reportLedger(ledger, options.ledgerFile));
	});
	await untilStopped(session.ended);
	const ledger = await session.stop();
	reportLedger(ledger, options.ledgerFile);
	session.close();
	// Not delivered is a failure, also when it is accounted for.
	return isBalanced(ledger) && sum(ledger.records.lost) === 0 ? EXIT.ok : EXIT.runtime;
}
