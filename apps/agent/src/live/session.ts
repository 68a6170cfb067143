import { availableParallelism } from "node:os";
import { extname } from "node:path";
import process from "node:process";
import type { NodeInfo } from "@wirescribe/access-log";
import type { Capture } from "@wirescribe/bpf-programs";
import { matchProcesses, nodeInfo } from "@wirescribe/connections";
import { EventQueue } from "@wirescribe/event-queue";
import type { WorkloadChange } from "@wirescribe/kubernetes";
import { possibleCpus } from "@wirescribe/libbpf";
import { type Ledger, makeLedger, type PartitionLedger, sumPartitions } from "@wirescribe/pipeline";
import type { WatchOptions } from "../cli/watch-options.ts";
import { EVERYTHING, type HandoverBounds, NOTHING_YET } from "../handover/handover-output.ts";
import { log } from "../logging/log.ts";
import { MAX_ENDPOINTS } from "../metrics/metric-table.ts";
import type { Outlet } from "../output/outlet.ts";
import { openOutlets, planOutput } from "../output/outlets.ts";
import { kernelCounts } from "./kernel-counts.ts";
import { openKernel } from "./open-kernel.ts";
import { LivePartition, type LivePartitionData, type PartitionQuestion, type PartitionState } from "./partition.ts";
import type { SessionState } from "./session-state.ts";
import { Surroundings, type SurroundingsListener } from "./surroundings.ts";

/** Everything must be over this long after the first signal. */
const SHUTDOWN_MS = 10_000;

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
	/** No more events, drain, deliver; the last ledger. */
	stop(): Promise<Ledger>;
	/** Lets go of the kernel's programs, which takes it about two seconds: after the ledger was shown. */
	close(): void;
}

/** `predecessor`: another agent that is still at work; nothing is written until {@link Session.handover} says from when on. */
export async function startSession(options: WatchOptions, predecessor?: number): Promise<Session> {
	const node = describeNode(options);
	const partitions = options.queue === "perf" ? 1 : (options.partitions ?? defaultPartitions());
	const capture = openKernel(options, partitions, predecessor === undefined ? [] : [predecessor]);
	const handover = predecessor === undefined ? EVERYTHING : NOTHING_YET;
	try {
		return await startQueue(options, node, capture, partitions, handover);
	} catch (error) {
		capture.close();
		throw error;
	}
}

/** This node as a collector wants to know it. */
export function describeNode({ clusterName, selection }: WatchOptions): NodeInfo {
	return { ...nodeInfo(), clusterName, excludeNamespaces: selection.excludeNamespaces };
}

/** One, inline, below 4 cores; else half of them, each on a thread of its own. */
export function defaultPartitions(): number {
	const cores = availableParallelism();
	return cores < 4 ? 1 : Math.floor(cores / 2);
}

async function startQueue(
	options: WatchOptions,
	node: NodeInfo,
	capture: Capture,
	partitions: number,
	handover: HandoverBounds,
): Promise<Session> {
	const { promise: ended, resolve: end } = Promise.withResolvers<void>();
	const plan = planOutput(options);
	const outlet = await openOutlets(plan, options, () => describeNode(options), end);
	let inline: LivePartition | undefined;
	/** By uid, for a partition whose worker had to be replaced. */
	const workloads = new Map<string, WorkloadChange>();
	const queue = new EventQueue<never, LivePartitionData>("capture", {
		partitions,
		placement: partitions === 1 ? "inline" : "threads",
		factory: (setup) => {
			inline = new LivePartition(setup);
			return inline;
		},
		worker: new URL(`./partition${extname(import.meta.url)}`, import.meta.url).href,
		data: (index) => ({
			...plan,
			capture: capture.handle(index),
			bootTime: node.bootTime,
			queryValues: options.queryValues,
			tcpOperations: options.tcpOperations,
			endpoints: options.observability.metricsListen ? MAX_ENDPOINTS : 0,
			handover,
			selection: options.selection,
			channel: partitions > 1 ? `wirescribe-${process.pid}` : undefined,
			kubernetes: options.kubernetes !== undefined,
			workloads: [...workloads.values()],
		}),
		onOutput: (_index, buffer) => outlet.frames(buffer),
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
	return new LiveSession(options, capture, surroundings, queue, outlet, partitions, ended);
}

function listenerOnThreads(
	queue: EventQueue<never, LivePartitionData>,
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

class LiveSession implements Session {
	readonly startLine: string;
	readonly ended: Promise<void>;
	readonly #capture: Capture;
	readonly #surroundings: Surroundings;
	readonly #queue: EventQueue<never, LivePartitionData>;
	readonly #outlet: Outlet;
	readonly #partitions: number;
	readonly #queueBytes: number;

	constructor(
		options: WatchOptions,
		capture: Capture,
		surroundings: Surroundings,
		queue: EventQueue<never, LivePartitionData>,
		outlet: Outlet,
		partitions: number,
		ended: Promise<void>,
	) {
		this.#capture = capture;
		this.#surroundings = surroundings;
		this.#queue = queue;
		this.#outlet = outlet;
		this.#partitions = partitions;
		this.#queueBytes = options.ringBytes * (options.queue === "perf" ? possibleCpus() : 1);
		this.ended = ended;
		this.startLine = startLine(options);
	}

	async ledger(): Promise<Ledger> {
		const partitions = (await this.#ask("ledger")) as PartitionLedger[];
		const drained = sumPartitions(partitions).operationsDrained;
		return this.#assemble(partitions, Math.max(0, this.#capture.counters().submitted - drained));
	}

	async state(connections: number): Promise<SessionState> {
		const states = (await this.#ask({ connections })) as PartitionState[];
		const counters = this.#capture.counters();
		const ledgers = states.map(({ ledger }) => ledger);
		const drained = sumPartitions(ledgers).operationsDrained;
		return {
			ledger: this.#assemble(ledgers, Math.max(0, counters.submitted - drained)),
			counters,
			attached: this.#capture.attached,
			missing: this.#capture.missing,
			reads: this.#capture.reads,
			programs: this.#capture.programs(),
			partitions: states.map(({ ledger: _, ...state }) => state),
			queueBytes: this.#queueBytes,
			delivery: this.#outlet.state(),
			restarts: this.#queue.counters().restarts,
			kubernetes: this.#surroundings.kubernetes,
		};
	}

	async handover(handover: HandoverBounds): Promise<void> {
		await this.#ask({ handover });
	}

	exclude(pid: number): void {
		this.#capture.exclude(pid);
	}

	async stop(): Promise<Ledger> {
		this.#capture.detach();
		this.#surroundings.stop();
		const end = performance.now() + SHUTDOWN_MS;
		const partitions = (await this.#ask("finish")) as PartitionLedger[];
		await this.#queue.close();
		await this.#outlet.close(Math.max(end - performance.now(), 100));
		// Drained to the end: what is missing now is missing.
		return this.#assemble(partitions, 0);
	}

	close(): void {
		this.#surroundings.tls.close();
		this.#capture.close();
	}

	#ask(question: PartitionQuestion): Promise<unknown[]> {
		const answers = Array.from({ length: this.#partitions }, (_, index) => this.#queue.ask(index, question));
		return Promise.all(answers);
	}

	#assemble(partitions: readonly PartitionLedger[], inRing: number): Ledger {
		const drained = sumPartitions(partitions).operationsDrained;
		const kernel = kernelCounts(this.#capture, drained, inRing);
		const { notVisible: tlsNotVisible, watched: tlsWatched } = this.#surroundings.tls;
		return makeLedger({ ...kernel, partitions, records: this.#outlet.counts(), tlsNotVisible, tlsWatched });
	}
}

function startLine({ selection, backend, kubernetes }: WatchOptions): string {
	const watched = matchProcesses(selection).length;
	const { pids = [], comms = [], exes = [], containers = [], cgroups = [], exclude, ports = [] } = selection;
	const everything = pids.length + comms.length + exes.length + containers.length + cgroups.length === 0 && !exclude;
	const what = everything
		? `all ${watched} processes`
		: `${watched} process${watched === 1 ? "" : "es"}, and those that will match`;
	const on = ports.length > 0 ? ` on port ${ports.join(", ")}` : "";
	const pods = kubernetes ? ` of node ${kubernetes.nodeName}` : "";
	const where = backend ? `; delivering to ${backend.host}:${backend.port}` : "";
	const port = ports[0] ?? 8080;
	return `watching ${what}${on}${pods}${where}; try: curl http://localhost:${port}/ · Ctrl-C ends and shows the ledger`;
}
