import { extname } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { NodeInfo } from "@wirescribe/access-log";
import type { Capture } from "@wirescribe/bpf-programs";
import { nodeInfo } from "@wirescribe/connections";
import { EventQueue } from "@wirescribe/event-queue";
import type { WorkloadChange } from "@wirescribe/kubernetes";
import { possibleCpus } from "@wirescribe/libbpf";
import { type Ledger, makeLedger, type PartitionLedger, sumPartitions } from "@wirescribe/pipeline";
import type { WatchOptions } from "../cli/watch-options.ts";
import { partitionsOf } from "../config/tuning.ts";
import { EVERYTHING, type HandoverBounds, NOTHING_YET } from "../handover/handover-output.ts";
import { log } from "../logging/log.ts";
import { MAX_ENDPOINTS } from "../metrics/metric-table.ts";
import type { Outlet } from "../output/outlet.ts";
import { handOut, type OutletSet, Outlets, type OutputPlan, planOutput } from "../output/outlets.ts";
import { type Throttle, UNTHROTTLED } from "../protection/ladder.ts";
import { Protection } from "../protection/protection.ts";
import { UsageMeter } from "../protection/usage.ts";
import { kernelCounts } from "./kernel-counts.ts";
import { openKernel } from "./open-kernel.ts";
import {
	LivePartition,
	type LivePartitionData,
	type PartitionQuestion,
	type PartitionState,
	type Reconfigured,
	sameSelection,
} from "./partition.ts";
import { kernelSelection } from "./selection.ts";
import type { SessionState } from "./session-state.ts";
import { Surroundings, type SurroundingsListener } from "./surroundings.ts";
import { startLine } from "./watched-text.ts";

type Queue = EventQueue<never, LivePartitionData>;

/** Everything must be over this long after the first signal. */
const SHUTDOWN_MS = 10_000;

/** The kernel needs a second or two to let go of the programs; until then they cannot be attached again. */
const RESUME_PAUSE_MS = 200;

/** A running capture: kernel, partitions, outlets. */
export interface Session {
	/** What is watched, and what to try: the one line a start shows. */
	readonly startLine: string;
	/** Settles when there is nobody left to write to. */
	readonly ended: Promise<void>;
	ledger(): Promise<Ledger>;
	/** The ledger and all that stands beside it, with at most so many connections of each partition. */
	state(connections: number): Promise<SessionState>;
	/** Changes whose requests are this agent's, while two of them see everything. */
	handover(bounds: HandoverBounds): Promise<void>;
	/** Never reports connections of another agent. */
	exclude(pid: number): void;
	/**
	 * Goes on with other options, without losing an event: selection, output, backend. The rest of them must be as before. Throws, and
	 * changes nothing, when an outlet cannot be opened. Needs a session that is reconfigurable; one call at a time.
	 */
	reconfigure(options: WatchOptions): Promise<void>;
	/** No more events, drain, deliver; the last ledger. */
	stop(): Promise<Ledger>;
	/** Lets go of the kernel's programs, which takes it about two seconds: after the ledger was shown. */
	close(): void;
}

/** Where a session's records go, when they do not go where the options say. */
export interface SessionOutput {
	readonly plan: OutputPlan;
	/** `end` is called when there is nobody left to write to. */
	open(end: () => void): Outlet;
}

export interface SessionSetup {
	/** Other options may be given later. */
	readonly reconfigurable?: boolean;
	readonly output?: SessionOutput;
	/** Another agent, by pid, that is still at work: nothing is written until {@link Session.handover} says from when on. */
	readonly predecessor?: number;
}

export async function startSession(options: WatchOptions, setup: SessionSetup = {}): Promise<Session> {
	const { reconfigurable = false, output, predecessor } = setup;
	const partitions = partitionsOf(options);
	const others = predecessor === undefined ? [] : [predecessor];
	const capture = openKernel(options, partitions, { reselect: reconfigurable, others });
	const handover = predecessor === undefined ? EVERYTHING : NOTHING_YET;
	try {
		return await startQueue(
			{ options, output, handover, throttle: UNTHROTTLED },
			describeNode(options),
			capture,
			partitions,
		);
	} catch (error) {
		capture.close();
		throw error;
	}
}

/** This node as a collector wants to know it. */
export function describeNode({ clusterName, selection }: WatchOptions): NodeInfo {
	return { ...nodeInfo(), clusterName, excludeNamespaces: selection.excludeNamespaces };
}

/** What holds now. */
interface Current {
	options: WatchOptions;
	handover: HandoverBounds;
	throttle: Throttle;
	readonly output: SessionOutput | undefined;
}

async function startQueue(current: Current, node: NodeInfo, capture: Capture, partitions: number): Promise<Session> {
	const { options, output } = current;
	const { promise: ended, resolve: end } = Promise.withResolvers<void>();
	const outlets = output
		? Outlets.only(output.open(end))
		: await Outlets.open(options, () => describeNode(current.options), end);
	/** Where the frames of each partition go: all to the same outlets, but while these change. */
	const sets = Array.from({ length: partitions }, () => outlets.current);
	let inline: LivePartition | undefined;
	/** By uid, for a partition whose worker had to be replaced. */
	const workloads = new Map<string, WorkloadChange>();
	const queue: Queue = new EventQueue<never, LivePartitionData>("capture", {
		partitions,
		placement: partitions === 1 ? "inline" : "threads",
		factory: (setup) => {
			inline = new LivePartition(setup);
			return inline;
		},
		worker: new URL(`./partition${extname(import.meta.url)}`, import.meta.url).href,
		data: (index) => ({
			...reconfigured(current, node),
			capture: capture.handle(index),
			endpoints: options.observability.metricsListen ? MAX_ENDPOINTS : 0,
			throttle: current.throttle,
			handover: current.handover,
			channel: partitions > 1 ? `wirescribe-${process.pid}` : undefined,
			kubernetes: options.kubernetes !== undefined,
			proc: options.proc,
			workloads: [...workloads.values()],
		}),
		onOutput: (index, buffer) => handOut(sets[index] as OutletSet, buffer),
		onError: ({ partition, phase, error }) => {
			log.error(`partition ${partition} failed in ${phase}: ${error.message}`);
		},
		onWarning: ({ message }) => log.warn(message),
	});
	await queue.start();
	const surroundings = await Surroundings.watch(
		capture,
		options,
		inline ?? listenerOnThreads(queue, partitions, workloads),
	);
	if (inline) inline.before = () => surroundings.poll();
	const session = new LiveSession({ current, node, capture, surroundings, queue, outlets, sets, ended });
	await session.protection.keep(options.protection);
	return session;
}

/** What a partition has to know of the options, at its start and when they change. */
function reconfigured({ options, output }: Current, { bootTime }: NodeInfo): Reconfigured {
	const plan = output?.plan ?? planOutput(options);
	const { queryValues, policy, tcpOperations, selection } = options;
	const partitions = partitionsOf(options);
	return { ...plan, bootTime, queryValues, policy, partitions, tcpOperations, selection };
}

function listenerOnThreads(
	queue: Queue,
	partitions: number,
	workloads: Map<string, WorkloadChange>,
): SurroundingsListener {
	const tell = (news: PartitionQuestion): void => {
		// A partition that is being replaced misses the news: it begins with what is known then.
		for (let index = 0; index < partitions; index++) void queue.ask(index, news).catch(() => {});
	};
	return {
		processEvents: (processes) => tell({ processes }),
		workloadsChanged(changes) {
			for (const change of changes) {
				if (change.entry) workloads.set(change.uid, change);
				else workloads.delete(change.uid);
			}
			tell({ workloads: changes });
		},
	};
}

/** What a session is made of. */
interface Parts {
	readonly current: Current;
	readonly node: NodeInfo;
	readonly capture: Capture;
	readonly surroundings: Surroundings;
	readonly queue: Queue;
	readonly outlets: Outlets;
	/** By partition. */
	readonly sets: OutletSet[];
	readonly ended: Promise<void>;
}

class LiveSession implements Session {
	readonly startLine: string;
	readonly ended: Promise<void>;
	readonly protection: Protection;
	readonly #parts: Parts;

	constructor(parts: Parts) {
		this.#parts = parts;
		const { capture, current } = parts;
		const { measureProbes } = current.options.observability;
		const meter = new UsageMeter(measureProbes ? () => capture.programs() : undefined);
		this.protection = new Protection(
			() => meter.measure(),
			(throttle) => this.#work(throttle),
		);
		this.ended = parts.ended;
		this.startLine = startLine(parts.current.options);
	}

	async ledger(): Promise<Ledger> {
		const partitions = (await this.#ask("ledger")) as PartitionLedger[];
		const drained = sumPartitions(partitions).operationsDrained;
		return this.#assemble(partitions, Math.max(0, this.#parts.capture.counters().submitted - drained));
	}

	async reconfigure(options: WatchOptions): Promise<void> {
		const { current, node, capture, surroundings, queue, outlets, sets } = this.#parts;
		const before = outlets.current;
		const after = await outlets.succeed(options);
		const selects = !sameSelection(current.options, options);
		current.options = options;
		if (selects) {
			capture.reselect(kernelSelection(options.selection), options.tcpOperations);
			surroundings.reselect(options.selection);
		}
		const question: PartitionQuestion = { reconfigure: reconfigured(current, node) };
		const asked = sets.map(async (_, index) => {
			// One that is being replaced begins with what holds now.
			await queue.ask(index, question).catch(() => {});
			// What it has handed out before its answer is of the old plan.
			sets[index] = after;
		});
		await Promise.all(asked);
		outlets.retire(before);
		await this.protection.keep(options.protection);
	}

	async state(connections: number): Promise<SessionState> {
		const { capture, current, outlets, queue, surroundings } = this.#parts;
		const states = (await this.#ask({ connections })) as PartitionState[];
		const counters = capture.counters();
		const ledgers = states.map(({ ledger }) => ledger);
		const drained = sumPartitions(ledgers).operationsDrained;
		return {
			ledger: this.#assemble(ledgers, Math.max(0, counters.submitted - drained)),
			counters,
			attached: capture.attached,
			missing: capture.missing,
			reads: capture.reads,
			programs: capture.programs(),
			partitions: states.map(({ ledger: _, ...state }) => state),
			queueBytes: current.options.ringBytes * (current.options.queue === "perf" ? possibleCpus() : 1),
			delivery: outlets.state(),
			restarts: queue.counters().restarts,
			kubernetes: surroundings.kubernetes,
			protection: this.protection.state(),
		};
	}

	async handover(handover: HandoverBounds): Promise<void> {
		this.#parts.current.handover = handover;
		await this.#ask({ handover });
	}

	exclude(pid: number): void {
		this.#parts.capture.exclude(pid);
	}

	async stop(): Promise<Ledger> {
		const { capture, surroundings, queue, outlets } = this.#parts;
		await this.protection.stop();
		capture.detach();
		surroundings.stop();
		const end = performance.now() + SHUTDOWN_MS;
		const partitions = (await this.#ask("finish")) as PartitionLedger[];
		await queue.close();
		await outlets.close(Math.max(end - performance.now(), 100));
		// Drained to the end: what is missing now is missing.
		return this.#assemble(partitions, 0);
	}

	close(): void {
		this.#parts.surroundings.tls.close();
		this.#parts.capture.close();
	}

	/** Does so much of the work from now on. */
	async #work(throttle: Throttle): Promise<void> {
		const { capture, current, outlets, queue, sets } = this.#parts;
		const before = current.throttle;
		current.throttle = throttle;
		if (throttle.detached && !before.detached) capture.suspend();
		if (before.detached && !throttle.detached) while (!capture.resume()) await sleep(RESUME_PAUSE_MS);
		capture.limit(throttle);
		outlets.limitRetained(throttle.retained);
		// One that is being replaced begins with what holds now.
		await Promise.all(sets.map((_, index) => queue.ask(index, { protect: throttle }).catch(() => {})));
	}

	async #ask(question: PartitionQuestion): Promise<unknown[]> {
		const answers = this.#parts.sets.map((_, index) => this.#parts.queue.ask(index, question));
		return Promise.all(answers);
	}

	#assemble(partitions: readonly PartitionLedger[], inRing: number): Ledger {
		const { capture, surroundings, outlets } = this.#parts;
		const drained = sumPartitions(partitions).operationsDrained;
		const kernel = kernelCounts(capture, drained, inRing);
		const { notVisible: tlsNotVisible, watched: tlsWatched } = surroundings.tls;
		const protection = this.protection.counts();
		return makeLedger({ ...kernel, partitions, records: outlets.counts(), tlsNotVisible, tlsWatched, protection });
	}
}
