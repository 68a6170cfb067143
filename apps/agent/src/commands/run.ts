import process from "node:process";
import { BpfError, enableStats } from "@wirescribe/libbpf";
import { isBalanced, sum } from "@wirescribe/pipeline";
import { CliError, EXIT } from "../cli/errors.ts";
import { helpText } from "../cli/options.ts";
import { parseWatch, WATCH_SPECS, type WatchOptions } from "../cli/watch-options.ts";
import { type Session, startSession } from "../live/session.ts";
import { untilStopped } from "../live/signals.ts";
import { log } from "../logging/log.ts";
import { StatusServer, type StatusSources } from "../metrics/status-server.ts";
import { reportLedger } from "../output/ledger-report.ts";
import { DUMPED_CONNECTIONS, dumpState } from "../output/state-dump.ts";
import { makePlan } from "../plan/make-plan.ts";
import { measuredText } from "../plan/plan-text.ts";

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
	const { logFormat, logLevel, measureProbes, metricsListen } = options.observability;
	log.configure({ format: logFormat, level: logLevel });
	using _measuring = measureProbes ? countCosts() : undefined;
	const plan = measureProbes ? makePlan(options) : undefined;
	const sources: StatusSources = { state: "starting", plan, backend: options.backend };
	const status = metricsListen && (await StatusServer.listen(metricsListen, sources));
	if (status) log.info(`serving /metrics, /healthz and /readyz on ${status.url}`, { pauseMs: 0 });
	try {
		return await watch(options, sources);
	} finally {
		status?.close();
		log.flush();
	}
}

/** The kernel counts until the result is disposed. */
function countCosts(): Disposable {
	try {
		return enableStats();
	} catch (error) {
		if (!(error instanceof BpfError) || error.errno !== "EPERM") throw error;
		throw new CliError("cannot measure probes: CAP_SYS_ADMIN is missing; leave out --measure-probes", EXIT.permission);
	}
}

async function watch(options: WatchOptions, sources: StatusSources): Promise<number> {
	const session = await startSession(options);
	sources.state = () => session.state(0);
	log.info(session.startLine, { pauseMs: 0 });
	process.on("SIGUSR2", () => void show(session, options));
	await untilStopped(session.ended);
	sources.state = "stopping";
	const ledger = await session.stop();
	reportLedger(ledger, options.ledgerFile);
	session.close();
	// Not delivered is a failure, also when it is accounted for.
	return isBalanced(ledger) && sum(ledger.records.lost) === 0 ? EXIT.ok : EXIT.runtime;
}

async function show(session: Session, options: WatchOptions): Promise<void> {
	try {
		const state = await session.state(DUMPED_CONNECTIONS);
		reportLedger(state.ledger, options.ledgerFile);
		if (options.observability.measureProbes && log.format === "text") {
			process.stderr.write(measuredText(state.programs));
		}
		dumpState(state, options.observability.stateFile);
	} catch (error) {
		log.error(`cannot show the state: ${(error as Error).message}`);
	}
}
