import process from "node:process";
import { BpfError, enableStats } from "@wirescribe/libbpf";
import { isBalanced, sum } from "@wirescribe/pipeline";
import { CliError, EXIT } from "../cli/errors.ts";
import { helpText } from "../cli/options.ts";
import { parseWatch, WATCH_SPECS, type WatchOptions } from "../cli/watch-options.ts";
import { ControlServer, type Successor } from "../handover/control-server.ts";
import { finishOwnRequests } from "../handover/hand-over.ts";
import { besidePredecessor, findPredecessor, type Predecessor, takeOver } from "../handover/predecessor.ts";
import { type Session, startSession } from "../live/session.ts";
import { untilStopped } from "../live/signals.ts";
import { log } from "../logging/log.ts";
import { Status } from "../metrics/status.ts";
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
	const predecessor = await findPredecessor(options.control);
	using status = new Status(metricsListen, { state: "starting", plan, backend: options.backend });
	// The predecessor has the port, until it has been taken over from.
	if (!predecessor) await status.listen();
	try {
		const delivery = besidePredecessor(options.delivery, predecessor);
		return await watch({ ...options, delivery }, status, predecessor);
	} finally {
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

async function watch(options: WatchOptions, status: Status, predecessor: Predecessor | undefined): Promise<number> {
	const session = await startSession(options, predecessor?.hello.pid);
	if (predecessor) await takeOver(session, predecessor);
	status.sources.state = () => session.state(0);
	if (predecessor) await status.listen();
	const { socket, afterHandover } = options.control;
	const control =
		socket === undefined ? undefined : await ControlServer.listen(socket, session, options.delivery.spool?.folder);
	log.info(session.startLine, { pauseMs: 0 });
	process.on("SIGUSR2", () => void show(session, options));

	let successor: Successor | undefined;
	const handedOver = control?.successor.then(async (found) => {
		successor = found;
		if (afterHandover === "exit") status.close();
		await finishOwnRequests(session, found);
	});
	await untilStopped(Promise.race([session.ended, handedOver ?? session.ended]));
	status.sources.state = "stopping";
	control?.close();
	const ledger = await session.stop();
	reportLedger(ledger, options.ledgerFile);
	// Not delivered is a failure, also when it is accounted for.
	const delivered = isBalanced(ledger) && sum(ledger.records.lost) === 0;
	successor?.peer.send({ type: "done", delivered });
	session.close();
	if (successor && afterHandover === "wait") return waitBehind(successor, delivered);
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
