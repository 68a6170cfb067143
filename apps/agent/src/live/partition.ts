import type { Instant } from "@wirescribe/access-log";
import { type CaptureHandle, type CaptureRing, openRing } from "@wirescribe/bpf-programs";
import { monotonicClock } from "@wirescribe/connections";
import type { PartitionSetup, Partition as QueuePartition } from "@wirescribe/event-queue";
import type { WorkloadChange } from "@wirescribe/kubernetes";
import {
	type ConnectionSummary,
	type EndpointCounts,
	EndpointMeter,
	LineOutput,
	MessageOutput,
	OutputBuffer,
	Partition,
	type PartitionLedger,
	type RecordOutput,
} from "@wirescribe/pipeline";
import { type HandoverBounds, type HandoverCounts, HandoverOutput } from "../handover/handover-output.ts";
import { Attributor } from "./attributor.ts";
import type { ProcessEvent } from "./process-events.ts";
import { isSelectedConnection, judgesConnections, type WatchSelection } from "./selection.ts";
import type { SurroundingsListener } from "./surroundings.ts";
import { UnseenEnds } from "./unseen-ends.ts";

/** What a partition is told, also across threads: plain data. */
export interface LivePartitionData {
	readonly capture: CaptureHandle;
	readonly lines: "text" | "json" | undefined;
	readonly messages: boolean;
	readonly color: boolean;
	readonly bootTime: Instant;
	readonly queryValues: boolean;
	readonly tcpOperations: boolean;
	/** Requests are counted by endpoint, up to so many of them; 0: not at all. */
	readonly endpoints: number;
	/** Whose requests are this agent's when it begins. */
	readonly handover: HandoverBounds;
	readonly selection: WatchSelection;
	/** Partitions of one session tell each other of their sockets; undefined: there is only one. */
	readonly channel: string | undefined;
	readonly kubernetes: boolean;
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
 * `ledger`: how things stand; `connections`: the same and more, with so many connections. `finish`: the programs are detached; drain, hand out everything, then the same. The others are no
 * questions but news.
 */
export type PartitionQuestion =
	| "ledger"
	| "finish"
	| { readonly connections: number }
	| { readonly handover: HandoverBounds }
	| { readonly processes: readonly ProcessEvent[] }
	| { readonly workloads: readonly WorkloadChange[] };

/** What is needed to write records. */
export type RecordOutputData = Pick<LivePartitionData, "lines" | "messages" | "color" | "bootTime" | "queryValues">;

/** One drain fills at most this much; a ring that holds more is drained again at once. */
const BATCH_BYTES = 1 << 20;

/** Sends each record to several outputs. */
class Both implements RecordOutput {
	readonly #outputs: readonly RecordOutput[];
	constructor(outputs: readonly RecordOutput[]) {
		this.#outputs = outputs;
	}
	transaction: RecordOutput["transaction"] = (transaction, operations, sequence) => {
		for (const output of this.#outputs) output.transaction(transaction, operations, sequence);
	};
	operations: RecordOutput["operations"] = (connection, operations, sequence) => {
		for (const output of this.#outputs) output.operations(connection, operations, sequence);
	};
}

/** What a partition writes its records to, and the frames that come of it. */
export function recordOutput(data: RecordOutputData): { output: RecordOutput; frames: OutputBuffer } {
	const frames = new OutputBuffer();
	const outputs: RecordOutput[] = [];
	if (data.lines) outputs.push(new LineOutput(frames, { output: data.lines, ...data }));
	if (data.messages) outputs.push(new MessageOutput(frames));
	return { output: outputs.length === 1 ? (outputs[0] as RecordOutput) : new Both(outputs), frames };
}

/** Drains one ring, reads it, and emits frames of finished records. Runs inline or on a worker thread, the same. */
export class LivePartition implements QueuePartition<never>, SurroundingsListener {
	readonly #ring: CaptureRing;
	readonly #partition: Partition;
	readonly #frames: OutputBuffer;
	readonly #emit: (buffer: ArrayBuffer) => void;
	readonly #now = monotonicClock();
	readonly #batch = new Uint8Array(BATCH_BYTES);
	readonly #attributor: Attributor;
	readonly #unseen: UnseenEnds;
	readonly #meter: EndpointMeter | undefined;
	readonly #handover: HandoverOutput;

	/** Called before a batch is read, so that what happened to processes is known first; on threads nobody can be asked. */
	before: () => void = () => {};

	constructor({ data, emit }: PartitionSetup<LivePartitionData>) {
		const ring = openRing(data.capture);
		const { output, frames } = recordOutput(data);
		this.#meter = data.endpoints > 0 ? new EndpointMeter(data.endpoints) : undefined;
		this.#handover = new HandoverOutput(this.#meter ? new Both([output, this.#meter]) : output, data.handover);
		this.#ring = ring;
		this.#frames = frames;
		this.#emit = emit;
		this.#attributor = new Attributor(data);
		this.#attributor.workloadsChanged(data.workloads);
		this.#unseen = new UnseenEnds(ring);
		const { selection } = data;
		this.#partition = new Partition({
			output: this.#handover,
			tcpOperations: data.tcpOperations,
			...(judgesConnections(selection) ? { select: (one) => isSelectedConnection(selection, one) } : {}),
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

	#state(connections: number): PartitionState {
		return {
			ledger: this.#partition.ledger(),
			queuedBytes: this.#ring.available,
			endpoints: this.#meter?.counts() ?? [],
			connections: this.#partition.summaries(connections),
			handover: this.#handover.counts,
		};
	}

	processEvents(events: readonly ProcessEvent[]): void {
		this.#attributor.processEvents(events);
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

/** The factory that worker threads call. */
export function createPartition(setup: PartitionSetup<LivePartitionData>): LivePartition {
	return new LivePartition(setup);
}
