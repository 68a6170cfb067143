import { release } from "node:os";
import process from "node:process";
import type { Attribution, NodeInfo } from "@wirescribe/access-log";
import { type Capture, type CaptureRing, openRing } from "@wirescribe/bpf-programs";
import { CLOSE_CAUSE, close, FRAME_BYTES, head, KIND, nextFrame } from "@wirescribe/bpf-programs/events";
import { monotonicClock } from "@wirescribe/connections";
import { EventQueue, type Partition } from "@wirescribe/event-queue";
import type { OperationCounts } from "@wirescribe/pipeline";
import { type RecordingHeader, RecordingWriter } from "@wirescribe/recording";
import type { WatchOptions } from "../cli/watch-options.ts";
import { Attributor } from "../live/attributor.ts";
import { kernelCounts } from "../live/kernel-counts.ts";
import { openKernel } from "../live/open-kernel.ts";
import { describeNode } from "../live/session.ts";
import { Surroundings } from "../live/surroundings.ts";
import { UnseenEnds } from "../live/unseen-ends.ts";
import { ANSWER } from "./answers.ts";

const BATCH_BYTES = 1 << 20;

/** What a recording says of itself, beside what the format asks for: all that a replay would have to look up. */
export interface RecordedHeader extends RecordingHeader {
	readonly node: NodeInfo;
}

/** What a recording ends with: what the kernel counted, so that a replay has the whole ledger. */
export interface RecordedSummary {
	readonly operations: OperationCounts;
	readonly requestStartsLost: number;
}

/** A running recording. It has one partition: a replay may have as many as it likes. */
export class Recorder {
	readonly #capture: Capture;
	#surroundings: Surroundings | undefined;
	readonly #writer: RecordingWriter;
	readonly #queue: EventQueue<never, undefined>;
	readonly #partition: RecordingPartition;
	/** Settles with the error that ended the recording early. */
	readonly failed: Promise<Error>;

	private constructor(capture: Capture, writer: RecordingWriter, options: AttributionOptions) {
		const { promise, resolve } = Promise.withResolvers<Error>();
		this.failed = promise;
		this.#capture = capture;
		this.#writer = writer;
		this.#partition = new RecordingPartition(openRing(capture.handle(0)), writer, options);
		this.#queue = new EventQueue("recording", {
			partitions: 1,
			placement: "inline",
			factory: () => this.#partition,
			onError: ({ error }) => resolve(new Error(error.message)),
		});
	}

	static async start(file: string, raw: boolean, version: string, options: WatchOptions): Promise<Recorder> {
		const node = describeNode(options);
		const header: RecordedHeader = {
			redacted: !raw,
			startedAt: new Date().toISOString(),
			kernel: release(),
			machine: process.arch,
			wirescribe: version,
			node,
		};
		const writer = await RecordingWriter.create(file, header);
		try {
			const recorder = new Recorder(openKernel(options, 1), writer, options);
			await recorder.#queue.start();
			const surroundings = await Surroundings.watch(recorder.#capture, options, recorder.#partition.attributor);
			recorder.#surroundings = surroundings;
			recorder.#partition.before = () => surroundings.poll();
			return recorder;
		} catch (error) {
			await writer.close();
			throw error;
		}
	}

	/** Detaches, drains, writes the end. Returns what was recorded. */
	async stop(): Promise<RecordedSummary & { readonly bytes: number }> {
		this.#capture.detach();
		this.#surroundings?.stop();
		this.#partition.drain();
		const { operations, requestStartsLost } = kernelCounts(this.#capture, this.#partition.operations, 0);
		await this.#queue.close();
		const summary: RecordedSummary = { operations, requestStartsLost };
		await this.#writer.close({ ...summary });
		this.#surroundings?.tls.close();
		this.#capture.close();
		return { ...summary, bytes: this.#writer.bytes };
	}
}

type AttributionOptions = Pick<WatchOptions, "kubernetes" | "proc">;

/** Copies what the ring hands over to the file; the clock with it, because a replay has no other. */
class RecordingPartition implements Partition<never> {
	readonly #ring: CaptureRing;
	readonly #writer: RecordingWriter;
	readonly #now = monotonicClock();
	readonly #batch = new Uint8Array(BATCH_BYTES);
	readonly attributor: Attributor;
	readonly #unseen: UnseenEnds;
	/** Socket -> its last event. */
	readonly #open = new Map<number, number>();
	/** Operation events written. */
	operations = 0;
	/** Called before a batch is looked at, so that what happened to processes is known first. */
	before: () => void = () => {};

	constructor(ring: CaptureRing, writer: RecordingWriter, { kubernetes, proc }: AttributionOptions) {
		this.#ring = ring;
		this.#writer = writer;
		this.attributor = new Attributor({ channel: undefined, kubernetes: kubernetes !== undefined, proc });
		this.#unseen = new UnseenEnds(ring);
	}

	pull(): number {
		const bytes = this.#ring.drain(this.#batch);
		if (bytes === 0) return 0;
		const batch = this.#batch.subarray(0, bytes);
		const operations = this.#note(batch);
		this.operations += operations;
		this.before();
		const nowNs = this.#now();
		this.attributor.look(batch, nowNs);
		// Before the batch that asks for them.
		this.#writeAnswers();
		this.#writer.writeBatch(0, nowNs, batch);
		return Math.max(operations, 1);
	}

	drain(): void {
		while (this.pull() > 0);
	}

	tick(): void {
		const nowNs = this.#now();
		this.attributor.tick(nowNs);
		this.#writeAnswers();
		this.#writer.writeClock(0, nowNs);
		for (const id of this.#unseen.look(nowNs, () => this.#open)) {
			this.#open.delete(id);
			this.#writer.writeAnswer(ANSWER.ended, id, nowNs);
		}
	}

	close(): void {
		this.#writer.writeClock(0, this.#now());
		this.attributor.close();
		this.#ring.close();
	}

	#writeAnswers(): void {
		for (const [socketId, found] of this.attributor.take()) {
			this.#writer.writeAnswer(ANSWER.attribution, socketId, found satisfies Attribution);
		}
	}

	/** Which sockets are open, and when something was last seen of each. Returns how many operations a batch holds. */
	#note(batch: Uint8Array): number {
		const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
		let operations = 0;
		for (let at = 0; at + FRAME_BYTES < batch.length; at = nextFrame(view, at)) {
			const event = at + FRAME_BYTES;
			const kind = head.kind(view, event);
			if (kind === KIND.operation) operations++;
			const ended = kind === KIND.close && close.cause(view, event) === CLOSE_CAUSE.life_ended;
			if (ended) this.#open.delete(head.socketId(view, event));
			else if (kind !== KIND.close) this.#open.set(head.socketId(view, event), head.endNs(view, event));
		}
		return operations;
	}
}
