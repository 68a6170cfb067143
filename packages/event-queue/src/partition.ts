/**
 * A partition: the piece of state that one key's events always meet.
 *
 * It owns what it holds alone. Nothing of it is shared with other partitions, so it needs no locks; its methods are
 * never called at the same time, and never while another of them is running. Only `ask` and `close` may be asynchronous.
 */
export interface Partition<E> {
	/** Drains the partition's own source; returns how many events it took. Called on a timer of 1-20 ms. */
	pull?(): number;
	/**
	 * Waits for the own source, at most `timeoutMs` (never more than 100). May block its thread; so it is called on
	 * worker threads only, and only when nothing has come for 100 ms.
	 */
	wait?(timeoutMs: number): void;
	/** Takes pushed events, in the order of `push`. The array is only valid during the call. */
	consume?(events: readonly E[]): void;
	/** Time passes. `nowMs` only grows; its zero is different on each thread. */
	tick?(nowMs: number): void;
	/** Answers a question of the owner. Question and answer cross threads by structured clone. */
	ask?(question: unknown): unknown;
	/** Everything has been drained. After this nothing is called any more. */
	close?(): void | Promise<void>;
}

/** What a partition is given when it is made, and again, fresh, when its worker had to be replaced. */
export interface PartitionSetup<D> {
	readonly index: number;
	/** The queue's `data(index)`: a structured clone of it on threads. */
	readonly data: D;
	/** Hands finished bytes to the owner (`onOutput`). The buffer is given away: on threads it is detached. */
	emit(buffer: ArrayBuffer): void;
}

/** Makes a partition. A worker module exports one, named `createPartition`. */
export type PartitionFactory<E, D> = (setup: PartitionSetup<D>) => Partition<E> | Promise<Partition<E>>;

/** Where in a partition's life an error came up. `worker`: the thread itself ended. */
export type PartitionPhase = "create" | "pull" | "wait" | "consume" | "tick" | "ask" | "close" | "output" | "worker";

/** An error as plain data: class, name and code do not survive the way between threads. */
export interface PartitionFailure {
	readonly name: string;
	readonly message: string;
	readonly code?: string;
	readonly stack?: string;
}

/** Anything thrown, as plain data. */
export function toFailure(error: unknown): PartitionFailure {
	if (!(error instanceof Error)) return { name: "Error", message: String(error) };
	const code = (error as { code?: unknown }).code;
	return {
		name: error.name,
		message: error.message,
		...(typeof code === "string" ? { code } : {}),
		...(error.stack === undefined ? {} : { stack: error.stack }),
	};
}
