import process from "node:process";
import { isBalanced, sum } from "@wirescribe/pipeline";
import { EXIT } from "../cli/errors.ts";
import { helpText } from "../cli/options.ts";
import { parseWatch, WATCH_SPECS } from "../cli/watch-options.ts";
import { startSession } from "../live/session.ts";
import { untilStopped } from "../live/signals.ts";
import { reportLedger } from "../output/ledger-report.ts";

/** `wirescribe run`: watch this machine until a signal, then drain, deliver and show the ledger. */
export async function run(args: readonly string[]): Promise<number> {
	const parsed = parseWatch("run", args);
	if (!parsed) {
		process.stdout.write(
			helpText(
				"wirescribe run [options]",
				"Writes every HTTP/1 request of this machine: to stdout, or to a collector with --backend.",
				WATCH_SPECS,
			),
		);
		return EXIT.ok;
	}
	const { options } = parsed;
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
