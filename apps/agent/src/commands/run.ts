import process from "node:process";
import { isBalanced, sum } from "@wirescribe/pipeline";
import { parseRun, RUN_SPECS } from "../cli/config-options.ts";
import { EXIT } from "../cli/errors.ts";
import { helpText } from "../cli/options.ts";
import { loadConfig, makeConfig } from "../config/config.ts";
import { readConfigFile } from "../config/config-file.ts";
import { problemLine } from "../config/problem.ts";
import { Reloader } from "../config/reloader.ts";
import { watchFile } from "../config/watch-file.ts";
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
	for (const warning of config.warnings) tell(problemLine(warning));
	const session = await startSession(config.options, { reconfigurable: config.file !== undefined });
	const reloader = new Reloader(config, {
		read: () => (config.file === undefined ? "" : readConfigFile(config.file)),
		make: (text) => makeConfig(config.file, text, parsed, process.env),
		apply: (options) => session.reconfigure(options),
		tell,
	});
	const watched = config.file === undefined ? undefined : reloads(config.file, reloader);
	tell(session.startLine);
	process.on("SIGUSR2", () => {
		session.ledger().then((ledger) => reportLedger(ledger, reloader.config.options.ledgerFile));
	});
	await untilStopped(session.ended);
	watched?.[Symbol.dispose]();
	await reloader.end();
	const ledger = await session.stop();
	reportLedger(ledger, reloader.config.options.ledgerFile);
	session.close();
	// Not delivered is a failure, also when it is accounted for.
	return isBalanced(ledger) && sum(ledger.records.lost) === 0 ? EXIT.ok : EXIT.runtime;
}

/** Reloads on SIGHUP and when the file changes. Without a file SIGHUP ends the process, as it does by default. */
function reloads(file: string, reloader: Reloader): Disposable {
	process.on("SIGHUP", () => void reloader.reload("SIGHUP"));
	return watchFile(file, () => void reloader.reloadIfChanged(`${file} has changed`));
}

function tell(line: string): void {
	process.stderr.write(`wirescribe: ${line}\n`);
}
