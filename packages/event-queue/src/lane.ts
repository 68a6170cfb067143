import type { PartitionFailure, PartitionPhase } from "./partition.ts";
import type { RunnerOptions } from "./partition-runner.ts";

/** What a lane tells the queue. */
export interface LaneEvents {
	/** The partition is done with `count` pushed events; `failed` when `consume` threw on them. */
	consumed(count: number, failed: boolean): void;
	pulled(count: number): void;
	output(buffer: ArrayBuffer): void;
	failed(phase: PartitionPhase, failure: PartitionFailure): void;
	/** The worker is gone and with it what it had been sent; `restarting` when a new one is on its way. */
	died(restarting: boolean): void;
}

/** The way from the queue to one partition: the contract that both placements keep. */
export interface Lane<E> {
	/** True when events sent together travel together: sending few at a time is then a waste. */
	readonly crossesThreads: boolean;
	start(): Promise<void>;
	send(events: readonly E[]): void;
	ask(question: unknown): Promise<unknown>;
	close(): Promise<void>;
}

/** What lanes of both placements need to know. */
export interface LaneOptions<D> extends Omit<RunnerOptions, "mayBlock"> {
	readonly queue: string;
	readonly index: number;
	/** Asked for each start: a replaced worker gets a fresh one. */
	data(): D;
	readonly closeTimeoutMs: number;
}
