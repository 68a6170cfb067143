import process from "node:process";
import { BpfError, enableStats } from "@wirescribe/libbpf";
import { isBalanced, sum } from "@wirescribe/pipeline";
import { parseRun, RUN_SPECS } from "../cli/config-options.ts";
import { CliError, EXIT } from "../cli/errors.ts";
import { helpText, type ParsedArguments } from "../cli/options.ts";
import type { WatchOptions } from "../cli/watch-options.ts";
import { type Config, loadConfig, makeConfig } from "../config/config.ts";
import { readConfigFile } from "../config/config-file.ts";
import { problemLine } from "../config/problem.ts";
import { Reloader, type ReloaderOptions } from "../config/reloader.ts";
import { watchFile } from "../config/watch-file.ts";
import { ControlServer, type Successor } from "../handover/control-server.ts";
import { finishOwnRequests } from "../handover/hand-over.ts";
import { besidePredecessor, findPredecessor, type Predecessor, takeOver } from "../handover/predecessor.ts";
import { ownPid } from "../live/own-pid.ts";
import { type Session, startSession } from "../live/session.ts";
import { untilStopped } from "../live/signals.ts";
import { log } from "../logging/log.ts";
import { watchLiveHeap } from "../metrics/live-heap.ts";
import { Status } from "../metrics/status.ts";
import { reportLedger } from "../output/ledger-report.ts";
import { DUMPED_CONNECTIONS, dumpState } from "../output/state-dump.ts";
import { makePlan } from "../plan/make-plan.ts";
import { measuredText } from "../plan/plan-text.ts";

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
	const { options } = config;
	const { logFormat, logLevel, measureProbes, metricsListen } = options.observability;
	log.configure({ format: logFormat, level: logLevel });
	watchLiveHeap();
	for (const warning of config.warnings) log.warn(problemLine(warning), { pauseMs: 0 });
	const counting = measureProbes ? countCosts() : undefined;
	const plan = measureProbes ? makePlan(options) : undefined;
	const predecessor = await findPredecessor(options.control, ownPid(options.proc));
	const status = new Status(metricsListen, { state: "starting", plan, backend: options.backend });
	try {
		// The predecessor has the port, until it has been taken over from.
		if (!predecessor) await status.listen();
		return await watch(config, parsed, status, predecessor);
	} finally {
		status.close();
		counting?.[Symbol.dispose]();
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

async function watch(
	config: Config,
	parsed: ParsedArguments,
	status: Status,
	predecessor: Predecessor | undefined,
): Promise<number> {
	const delivery = besidePredecessor(config.options.delivery, predecessor);
	const { pid } = predecessor?.hello ?? {};
	const session = await startSession(
		{ ...config.options, delivery },
		{ reconfigurable: config.file !== undefined, ...(pid === undefined ? {} : { predecessor: pid }) },
	);
	if (predecessor) await takeOver(session, predecessor);
	status.sources.state = () => session.state(0);
	if (predecessor) await status.listen();
	const { control, proc } = config.options;
	const spool = delivery.spool?.folder;
	const server = control.socket && (await ControlServer.listen(control.socket, session, { pid: ownPid(proc), spool }));
	const reloader = reloaderOf(config, parsed, async (next) => {
		await session.reconfigure(next);
		status.sources.backend = next.backend;
	});
	const watched = config.file === undefined ? undefined : reloads(config.file, reloader);
	if (watched) status.sources.reloads = () => reloader.counts;
	process.on("SIGUSR2", () => void show(session, reloader.config.options));

	let successor: Successor | undefined;
	const handedOver = server
		? server.successor.then(async (found) => {
				successor = found;
				if (control.afterHandover === "exit") status.close();
				await finishOwnRequests(session, found);
			})
		: session.ended;
	const stopped = untilStopped(Promise.race([session.ended, handedOver]));
	// From this line on a signal ends it in order.
	log.info(session.startLine, { pauseMs: 0 });
	await stopped;
	status.sources.state = "stopping";
	watched?.[Symbol.dispose]();
	if (server) server.close();
	await reloader.end();
	const ledger = await session.stop();
	reportLedger(ledger, reloader.config.options.ledgerFile);
	// Not delivered is a failure, also when it is accounted for.
	const delivered = isBalanced(ledger) && sum(ledger.records.lost) === 0;
	successor?.peer.send({ type: "done", delivered });
	session.close();
	if (successor && control.afterHandover === "wait") return waitBehind(successor, delivered);
	successor?.peer.close();
	return delivered ? EXIT.ok : EXIT.runtime;
}

/** Another agent is at work. Should it vanish, whoever supervises this one starts it anew. */
async function waitBehind({ peer, pid }: Successor, delivered: boolean): Promise<number> {
	log.info(`pid ${pid} has taken over; waiting for a signal`, { pauseMs: 0 });
	let vanished = false;
	void peer.gone.then(() => {
		vanished = true;
	});
	await untilStopped(peer.gone);
	peer.close();
	if (!vanished) return delivered ? EXIT.ok : EXIT.runtime;
	log.error(`pid ${pid}, which had taken over, is gone`, { pauseMs: 0 });
	return EXIT.runtime;
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

function reloaderOf(config: Config, parsed: ParsedArguments, apply: ReloaderOptions["apply"]): Reloader {
	return new Reloader(config, {
		read: () => (config.file === undefined ? "" : readConfigFile(config.file)),
		make: (text) => makeConfig(config.file, text, parsed, process.env),
		apply,
		tell: (line) => log.info(line, { pauseMs: 0 }),
	});
}

/** Reloads on SIGHUP and when the file changes. Without a file SIGHUP ends the process, as it does by default. */
function reloads(file: string, reloader: Reloader): Disposable {
	process.on("SIGHUP", () => void reloader.reload("SIGHUP"));
	return watchFile(file, () => void reloader.reloadIfChanged(`${file} has changed`));
}
