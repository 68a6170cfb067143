import type { Attribution } from "@wirescribe/access-log";
import {
	compareFrames,
	type Ledger,
	makeLedger,
	type OutputBuffer,
	type OutputFrame,
	outputFrames,
	Partition,
	type RecordCounts,
} from "@wirescribe/pipeline";
import { type AnswerFrame, RecordingError, type RecordingReader } from "@wirescribe/recording";
import type { WatchOptions } from "../cli/watch-options.ts";
import { recordOutput } from "../live/record-writing.ts";
import { isSelectedConnection } from "../live/selection.ts";
import type { OutputPlan } from "../output/outlets.ts";
import { ANSWER } from "./answers.ts";
import type { RecordedHeader, RecordedSummary } from "./recorder.ts";

/** What a replay came to. `damage`: where the file ended before its end; what came before it was replayed. */
export interface Played {
	/** All frames, ordered by end time, connection, sequence: the same for any number of partitions. */
	readonly frames: readonly OutputFrame[];
	readonly damage: RecordingError | undefined;
	ledger(records: RecordCounts): Ledger;
}

/** Runs a recording through partitions on the recorded clock, as fast as it goes. Memory grows with the output. */
export async function play(reader: RecordingReader, plan: OutputPlan, options: WatchOptions): Promise<Played> {
	const { node } = reader.header as RecordedHeader;
	const count = options.partitions ?? 1;
	const lanes = Array.from({ length: count }, (_, index) => {
		const data = {
			...plan,
			bootTime: node.bootTime,
			queryValues: options.queryValues,
			policy: options.policy,
			partitions: count,
			tcpOperations: options.tcpOperations,
		};
		const { output, policy, frames } = recordOutput(data);
		const partition = new Partition({
			output,
			policy,
			tcpOperations: options.tcpOperations,
			owns: (socketId) => socketId % count === index,
			select: (connection) => isSelectedConnection(options.selection, connection),
		});
		return { partition, frames };
	});
	const collected: OutputFrame[] = [];
	const collect = (frames: OutputBuffer): void => {
		const buffer = frames.take();
		if (buffer) for (const frame of outputFrames(buffer)) collected.push(frame);
	};
	let clockNs = 0;
	let summary: RecordedSummary | undefined;
	let damage: RecordingError | undefined;
	try {
		for await (const frame of reader) {
			if (frame.type === "end") summary = frame.summary as RecordedSummary;
			if (frame.type === "answer") for (const { partition } of lanes) answer(partition, frame);
			if (frame.type !== "batch" && frame.type !== "clock") continue;
			clockNs = frame.clockNs;
			for (const { partition, frames } of lanes) {
				if (frame.type === "batch") partition.consume(frame.batch, clockNs);
				else partition.tick(clockNs);
				collect(frames);
			}
		}
	} catch (error) {
		if (!(error instanceof RecordingError)) throw error;
		damage = error;
	}
	for (const { partition, frames } of lanes) {
		partition.close(clockNs);
		collect(frames);
	}
	const partitions = lanes.map(({ partition }) => partition.ledger());
	return {
		frames: collected.sort(compareFrames),
		damage,
		ledger: (records) =>
			makeLedger({
				operations: summary?.operations ?? null,
				requestStartsLost: summary?.requestStartsLost ?? 0,
				partitions,
				records,
			}),
	};
}

/** What was looked up when it was recorded. */
function answer(partition: Partition, { kind, key, value }: AnswerFrame): void {
	const socketId = Number(key);
	if (kind === ANSWER.attribution) partition.attribute(socketId, value as Attribution);
	else if (kind === ANSWER.ended) partition.endUnseen(socketId, Number(value));
}
