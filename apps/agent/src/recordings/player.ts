import type { Address, Connection } from "@wirescribe/access-log";
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
import { RecordingError, type RecordingReader } from "@wirescribe/recording";
import type { WatchOptions } from "../cli/watch-options.ts";
import { recordOutput } from "../live/partition.ts";
import type { OutputPlan } from "../output/outlets.ts";
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
	/** What was looked up for the batch that follows. */
	const peers = new Map<number, Address>();
	const lanes = Array.from({ length: count }, (_, index) => {
		const data = {
			...plan,
			bootTime: node.bootTime,
			queryValues: options.queryValues,
			tcpOperations: options.tcpOperations,
		};
		const { output, frames } = recordOutput(data);
		const partition = new Partition({
			output,
			tcpOperations: options.tcpOperations,
			peerOf: ({ socketId }) => peers.get(socketId),
			owns: (socketId) => socketId % count === index,
			select: (connection) => isSelected(connection, options),
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
			if (frame.type === "answer" && frame.kind === "peer") peers.set(frame.key as number, frame.value as Address);
			if (frame.type !== "batch" && frame.type !== "clock") continue;
			clockNs = frame.clockNs;
			for (const { partition, frames } of lanes) {
				if (frame.type === "batch") partition.consume(frame.batch, clockNs);
				else partition.tick(clockNs);
				collect(frames);
			}
			if (frame.type === "batch") peers.clear();
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

/** The kernel's selection, said again for what was recorded. */
function isSelected(connection: Connection, { pids, ports, comms, role }: WatchOptions): boolean {
	const byProcess =
		pids.length + comms.length === 0 || pids.includes(connection.pid) || comms.includes(connection.comm);
	const byPort = ports.length === 0 || ports.includes(connection.local.port) || ports.includes(connection.remote.port);
	return byProcess && byPort && (role === undefined || connection.role === role);
}
