import type { Instant } from "@wirescribe/access-log";
import { type CaptureHandle, type CaptureRing, openRing } from "@wirescribe/bpf-programs";
import { monotonicClock } from "@wirescribe/connections";
import type { PartitionSetup, Partition as QueuePartition } from "@wirescribe/event-queue";
import {
	LineOutput,
	MessageOutput,
	OutputBuffer,
	Partition,
	type PartitionLedger,
	type RecordOutput,
} from "@wirescribe/pipeline";
import { PeerLookup } from "./peer-lookup.ts";

/** What a partition is told, also across threads: plain data. */
export interface LivePartitionData {
	readonly capture: CaptureHandle;
	readonly lines: "text" | "json" | undefined;
	readonly messages: boolean;
	readonly color: boolean;
	readonly bootTime: Instant;
	readonly queryValues: boolean;
	readonly tcpOperations: boolean;
}

/** `ledger`: how things stand. `finish`: the programs are detached; drain, hand out everything, then the same. */
export type PartitionQuestion = "ledger" | "finish";

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
export function recordOutput(data: Omit<LivePartitionData, "capture">): { output: RecordOutput; frames: OutputBuffer } {
	const frames = new OutputBuffer();
	const outputs: RecordOutput[] = [];
	if (data.lines) outputs.push(new LineOutput(frames, { output: data.lines, ...data }));
	if (data.messages) outputs.push(new MessageOutput(frames));
	return { output: outputs.length === 1 ? (outputs[0] as RecordOutput) : new Both(outputs), frames };
}

/** Drains one ring, reads it, and emits frames of finished records. Runs inline or on a worker thread, the same. */
class LivePartition implements QueuePartition<never> {
	readonly #ring: CaptureRing;
	readonly #partition: Partition;
	readonly #frames: OutputBuffer;
	readonly #emit: (buffer: ArrayBuffer) => void;
	readonly #now = monotonicClock();
	readonly #batch = new Uint8Array(BATCH_BYTES);
	readonly #peers = new PeerLookup();

	constructor({ data, emit }: PartitionSetup<LivePartitionData>) {
		const ring = openRing(data.capture);
		const { output, frames } = recordOutput(data);
		this.#ring = ring;
		this.#frames = frames;
		this.#emit = emit;
		this.#partition = new Partition({
			output,
			tcpOperations: data.tcpOperations,
			peerOf: ({ socketId }) => this.#peers.found.get(socketId),
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
			this.#peers.look(batch);
			events += this.#partition.consume(batch, this.#now());
			if (bytes < BATCH_BYTES / 2) break;
		}
		if (events > 0) this.#flush();
		return events;
	}

	wait(timeoutMs: number): void {
		this.#ring.wait(timeoutMs);
	}

	tick(): void {
		this.#partition.tick(this.#now());
		this.#flush();
	}

	ask(question: unknown): PartitionLedger {
		if (question === ("finish" satisfies PartitionQuestion)) {
			while (this.pull() > 0);
			this.#partition.close(this.#now());
			this.#flush();
		}
		return this.#partition.ledger();
	}

	close(): void {
		this.#peers.close();
		this.#ring.close();
	}

	#flush(): void {
		const frames = this.#frames.take();
		if (frames) this.#emit(frames);
	}
}

/** The factory that both placements of the queue call. */
export function createPartition(setup: PartitionSetup<LivePartitionData>): QueuePartition<never> {
	return new LivePartition(setup);
}
