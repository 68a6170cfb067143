import { release } from "node:os";
import process from "node:process";
import type { NodeInfo } from "@wirescribe/access-log";
import { type Capture, type CaptureRing, openRing } from "@wirescribe/bpf-programs";
import { FRAME_BYTES, head, KIND, nextFrame } from "@wirescribe/bpf-programs/events";
import { monotonicClock, nodeInfo } from "@wirescribe/connections";
import { EventQueue, type Partition } from "@wirescribe/event-queue";
import type { OperationCounts } from "@wirescribe/pipeline";
import { type RecordingHeader, RecordingWriter } from "@wirescribe/recording";
import type { WatchOptions } from "../cli/watch-options.ts";
import { kernelCounts } from "../live/kernel-counts.ts";
import { openKernel } from "../live/open-kernel.ts";
import { PeerLookup } from "../live/peer-lookup.ts";
import { TlsWatch } from "../live/tls-watch.ts";

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
	readonly #tls: TlsWatch;
	readonly #writer: RecordingWriter;
	readonly #queue: EventQueue<never, undefined>;
	readonly #partition: RecordingPartition;
	/** Settles with the error that ended the recording early. */
	readonly failed: Promise<Error>;

	private constructor(capture: Capture, writer: RecordingWriter, tls: boolean) {
		const { promise, resolve } = Promise.withResolvers<Error>();
		this.failed = promise;
		this.#capture = capture;
		this.#tls = new TlsWatch(capture, tls);
		this.#writer = writer;
		this.#partition = new RecordingPartition(openRing(capture.handle(0)), writer);
		this.#queue = new EventQueue("recording", {
			partitions: 1,
			placement: "inline",
			factory: () => this.#partition,
			onError: ({ error }) => resolve(new Error(error.message)),
		});
	}

	static async start(file: string, raw: boolean, version: string, options: WatchOptions): Promise<Recorder> {
		const node: NodeInfo = { ...nodeInfo(), clusterName: "", excludeNamespaces: [] };
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
			const recorder = new Recorder(openKernel(options, 1), writer, options.tls);
			await recorder.#queue.start();
			return recorder;
		} catch (error) {
			await writer.close();
			throw error;
		}
	}

	/** Detaches, drains, writes the end. Returns what was recorded. */
	async stop(): Promise<RecordedSummary & { readonly bytes: number }> {
		this.#capture.detach();
		this.#tls.stop();
		this.#partition.drain();
		const { operations, requestStartsLost } = kernelCounts(this.#capture, this.#partition.operations, 0);
		await this.#queue.close();
		const summary: RecordedSummary = { operations, requestStartsLost };
		await this.#writer.close({ ...summary });
		this.#tls.close();
		this.#capture.close();
		return { ...summary, bytes: this.#writer.bytes };
	}
}

/** Copies what the ring hands over to the file; the clock with it, because a replay has no other. */
class RecordingPartition implements Partition<never> {
	readonly #ring: CaptureRing;
	readonly #writer: RecordingWriter;
	readonly #now = monotonicClock();
	readonly #batch = new Uint8Array(BATCH_BYTES);
	readonly #peers = new PeerLookup();
	/** Operation events written. */
	operations = 0;

	constructor(ring: CaptureRing, writer: RecordingWriter) {
		this.#ring = ring;
		this.#writer = writer;
	}

	pull(): number {
		const bytes = this.#ring.drain(this.#batch);
		if (bytes === 0) return 0;
		const batch = this.#batch.subarray(0, bytes);
		const operations = countOperations(batch);
		this.operations += operations;
		this.#peers.look(batch);
		// Before the batch that asks for them.
		for (const [socketId, peer] of this.#peers.found) this.#writer.writeAnswer("peer", socketId, peer);
		this.#writer.writeBatch(0, this.#now(), batch);
		return Math.max(operations, 1);
	}

	drain(): void {
		while (this.pull() > 0);
	}

	tick(): void {
		this.#writer.writeClock(0, this.#now());
	}

	close(): void {
		this.#writer.writeClock(0, this.#now());
		this.#peers.close();
		this.#ring.close();
	}
}

/** Frames of a batch whose event is an operation. */
function countOperations(batch: Uint8Array): number {
	const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
	let operations = 0;
	for (let at = 0; at + FRAME_BYTES < batch.length; at = nextFrame(view, at)) {
		if (head.kind(view, at + FRAME_BYTES) === KIND.operation) operations++;
	}
	return operations;
}
