import type { Connection, TransactionPolicy } from "@wirescribe/access-log";
import { type CaptureHandle, type CaptureRing, isInWatchedPart, openRing } from "@wirescribe/bpf-programs";
import { monotonicClock } from "@wirescribe/connections";
import type { DataPolicy } from "@wirescribe/data-policy";
import type { PartitionSetup, Partition as QueuePartition } from "@wirescribe/event-queue";
import type { WorkloadChange } from "@wirescribe/kubernetes";
import {
	type ConnectionSummary,
	type EndpointCounts,
	EndpointMeter,
	OutputBuffer,
	Partition,
	type PartitionLedger,
	type PartitionOptions,
	type RecordOutput,
} from "@wirescribe/pipeline";
import { type HandoverBounds, type HandoverCounts, HandoverOutput } from "../handover/handover-output.ts";
import type { Throttle } from "../protection/ladder.ts";
import { Attributor } from "./attributor.ts";
import { MeteredPolicy } from "./metered-policy.ts";
import type { ProcessEvent } from "./process-events.ts";
import { Outputs, outputsOf, protectedPolicy, protectionOf, type RecordOutputData } from "./record-writing.ts";
import { isSelectedConnection, judgesConnections, type WatchSelection } from "./selection.ts";
import type { SurroundingsListener } from "./surroundings.ts";
import { UnseenEnds } from "./unseen-ends.ts";

/** What a partition is told, also across threads: plain data. */
export interface LivePartitionData extends RecordOutputData {
	readonly capture: CaptureHandle;
	readonly tcpOperations: boolean;
	/** Requests are counted by endpoint, up to so many of them; 0: not at all. */
	readonly endpoints: number;
	/** How much is left out to keep a budget when it begins. */
	readonly throttle: Throttle;
	/** Whose requests are this agent's when it begins. */
	readonly handover: HandoverBounds;
	readonly selection: WatchSelection;
	/** Partitions of one session tell each other of their sockets; undefined: there is only one. */
	readonly channel: string | undefined;
	readonly kubernetes: boolean;
	/** Where processes are looked up. */
	readonly proc: string;
	/** What is known of the cluster when the partition is made, or made anew. */
	readonly workloads: readonly WorkloadChange[];
}

/** How a partition stands, for metrics and for readers. */
export interface PartitionState {
	readonly ledger: PartitionLedger;
	/** Bytes in its ring that it has not drained. */
	readonly queuedBytes: number;
	/** Empty when endpoints are not counted. */
	readonly endpoints: readonly EndpointCounts[];
	/** As many of the open connections as were asked for. */
	readonly connections: readonly ConnectionSummary[];
	readonly handover: HandoverCounts;
}

/**
 * `ledger`: how things stand; `connections`: the same and more, with so many connections. `finish`: the programs are detached; drain,
 * hand out everything, then the ledger. The others are no questions but news.
 */
export type PartitionQuestion =
	| "ledger"
	| "finish"
	| { readonly connections: number }
	| { readonly handover: HandoverBounds }
	| { readonly processes: readonly ProcessEvent[] }
	| { readonly workloads: readonly WorkloadChange[] }
	| { readonly reconfigure: Reconfigured }
	| { readonly protect: Throttle };

/** What a reload may change of a partition. */
export type Reconfigured = RecordOutputData & Pick<LivePartitionData, "tcpOperations" | "selection">;

type Selecting = Pick<LivePartitionData, "selection" | "tcpOperations">;
type LookedAt = Pick<PartitionOptions, "select" | "tcpOperations">;

/** One drain fills at most this much; a ring that holds more is drained again at once. */
const BATCH_BYTES = 1 << 20;

/** Drains one ring, reads it, and emits frames of finished records. Runs inline or on a worker thread, the same. */
export class LivePartition implements QueuePartition<never>, SurroundingsListener {
	readonly #ring: CaptureRing;
	readonly #partition: Partition;
	readonly #frames = new OutputBuffer();
	readonly #output: Outputs;
	readonly #emit: (buffer: ArrayBuffer) => void;
	readonly #now = monotonicClock();
	readonly #batch = new Uint8Array(BATCH_BYTES);
	readonly #attributor: Attributor;
	readonly #unseen: UnseenEnds;
	readonly #meter: EndpointMeter | undefined;
	readonly #handover: HandoverOutput;
	#data: Reconfigured;
	#throttle: Throttle;
	#policy: DataPolicy | undefined;

	/** Called before a batch is read, so that what happened to processes is known first; on threads nobody can be asked. */
	before: () => void = () => {};

	constructor({ data, emit }: PartitionSetup<LivePartitionData>) {
		const ring = openRing(data.capture);
		this.#meter = data.endpoints > 0 ? new EndpointMeter(data.endpoints) : undefined;
		this.#ring = ring;
		this.#data = data;
		this.#throttle = data.throttle;
		this.#policy = protectedPolicy(data, data.throttle);
		this.#output = new Outputs(this.#outputs(data));
		this.#handover = new HandoverOutput(this.#output, data.handover);
		this.#emit = emit;
		this.#attributor = new Attributor(data);
		this.#attributor.workloadsChanged(data.workloads);
		this.#unseen = new UnseenEnds(ring);
		this.#partition = new Partition({
			output: this.#handover,
			policy: this.#metered(),
			...lookedAt(data),
			skip: (socketId, direction, before, plaintext) => {
				if (before === "all") ring.skipAll(socketId, plaintext);
				else ring.skip(socketId, direction, before, plaintext);
			},
		});
	}

	pull(): number {
		let events = 0;
		for (;;) {
			const bytes = this.#ring.drain(this.#batch);
			if (bytes === 0) break;
			const batch = this.#batch.subarray(0, bytes);
			this.before();
			const nowNs = this.#now();
			this.#attributor.look(batch, nowNs);
			this.#attribute();
			for (const socketId of this.#attributor.strangers()) this.#partition.hold(socketId);
			events += this.#partition.consume(batch, nowNs);
			if (bytes < BATCH_BYTES / 2) break;
		}
		if (events > 0) this.#flush();
		return events;
	}

	wait(timeoutMs: number): void {
		this.#ring.wait(timeoutMs);
	}

	tick(): void {
		const nowNs = this.#now();
		this.#attributor.tick(nowNs);
		this.#attribute();
		this.#partition.tick(nowNs);
		for (const id of this.#unseen.look(nowNs, () => this.#partition.open())) this.#partition.endUnseen(id, nowNs);
		this.#flush();
	}

	ask(question: unknown): PartitionLedger | PartitionState | undefined {
		return this.#answer(question as PartitionQuestion);
	}

	#answer(question: PartitionQuestion): PartitionLedger | PartitionState | undefined {
		if (typeof question === "object") {
			if ("connections" in question) return this.#state(question.connections);
			if ("handover" in question) this.#handover.bounds = question.handover;
			else if ("processes" in question) this.processEvents(question.processes);
			else if ("reconfigure" in question) this.#reconfigure(question.reconfigure);
			else if ("protect" in question) this.#protect(question.protect);
			else this.workloadsChanged(question.workloads);
			return undefined;
		}
		if (question === "finish") {
			while (this.pull() > 0);
			this.#partition.close(this.#now());
			this.#flush();
		}
		return this.#partition.ledger();
	}

	#outputs(data: RecordOutputData): RecordOutput[] {
		const outputs = outputsOf(data, this.#policy, this.#frames);
		return this.#meter ? [...outputs, this.#meter] : outputs;
	}

	#metered(): TransactionPolicy | undefined {
		return this.#policy && this.#meter ? new MeteredPolicy(this.#policy, this.#meter) : this.#policy;
	}

	#state(connections: number): PartitionState {
		return {
			ledger: this.#partition.ledger(),
			queuedBytes: this.#ring.available,
			endpoints: this.#meter?.counts() ?? [],
			connections: this.#partition.summaries(connections),
			handover: this.#handover.counts,
		};
	}

	/** What was read until now goes out as it was asked for then. */
	#reconfigure(data: Reconfigured): void {
		this.pull();
		this.#flush();
		if (!sameSelection(this.#data, data)) {
			const keeps = (one: Connection): boolean => isSelectedConnection(data.selection, one);
			this.#partition.reselect({ ...lookedAt(data), keeps }, this.#now());
			this.#flush();
		}
		if (JSON.stringify(this.#data.policy) !== JSON.stringify(data.policy)) {
			// Its rate limits begin anew.
			this.#policy = protectedPolicy(data, this.#throttle);
			this.#partition.obey(this.#metered());
		}
		this.#output.outputs = this.#outputs(data);
		this.#data = data;
	}

	/** What was read until now is of the time before, when more was watched. */
	#protect(throttle: Throttle): void {
		const before = this.#throttle;
		this.#throttle = throttle;
		this.pull();
		this.#flush();
		const nowNs = this.#now();
		// Sockets are others when the programs are attached again.
		if (throttle.detached && !before.detached) this.#partition.close(nowNs);
		if (throttle.watched < before.watched) this.#leaveOut(throttle.watched, nowNs);
		this.#partition.limitConnections(throttle.connections);
		this.#obey(throttle);
		this.#flush();
	}

	/** The kernel has been told. Of a connection that is watched no more what waits is handed out, and it may come back. */
	#leaveOut(watched: number, nowNs: number): void {
		const keeps = ({ socketId }: Connection): boolean => isInWatchedPart(socketId, watched);
		this.#partition.reselect({ ...lookedAt(this.#data), keeps }, nowNs);
	}

	#obey(throttle: Throttle): void {
		if (this.#policy) {
			this.#policy.protect(protectionOf(throttle));
			return;
		}
		this.#policy = protectedPolicy(this.#data, throttle);
		if (this.#policy) this.#partition.obey(this.#metered());
	}

	processEvents(events: readonly ProcessEvent[]): void {
		this.#attributor.processEvents(events);
		this.#attribute();
	}

	workloadsChanged(changes: readonly WorkloadChange[]): void {
		this.#attributor.workloadsChanged(changes);
		this.#attribute();
	}

	#attribute(): void {
		for (const [socketId, attribution] of this.#attributor.take()) this.#partition.attribute(socketId, attribution);
	}

	close(): void {
		this.#attributor.close();
		this.#ring.close();
	}

	#flush(): void {
		const frames = this.#frames.take();
		if (frames) this.#emit(frames);
	}
}

/** Whether the same connections are looked at, in the same way. */
export function sameSelection(a: Selecting, b: Selecting): boolean {
	return a.tcpOperations === b.tcpOperations && JSON.stringify(a.selection) === JSON.stringify(b.selection);
}

function lookedAt({ selection, tcpOperations }: Selecting): LookedAt {
	if (!judgesConnections(selection)) return { tcpOperations };
	return { tcpOperations, select: (one) => isSelectedConnection(selection, one) };
}

/** The factory that worker threads call. */
export function createPartition(setup: PartitionSetup<LivePartitionData>): LivePartition {
	return new LivePartition(setup);
}
