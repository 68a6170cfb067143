import type { Lane, LaneEvents, LaneOptions } from "./lane.ts";
import type { PartitionFactory } from "./partition.ts";
import { PartitionRunner } from "./partition-runner.ts";
import { EventQueueError } from "./queue-error.ts";

/** A partition on the owner's own thread: calls instead of messages, timers instead of waiting. */
export class InlineLane<E, D> implements Lane<E> {
	readonly crossesThreads: boolean = false;
	readonly #factory: PartitionFactory<E, D>;
	readonly #events: LaneEvents;
	readonly #options: LaneOptions<D>;
	#runner: PartitionRunner<E> | undefined;

	constructor(factory: PartitionFactory<E, D>, events: LaneEvents, options: LaneOptions<D>) {
		this.#factory = factory;
		this.#events = events;
		this.#options = options;
	}

	async start(): Promise<void> {
		const { index } = this.#options;
		const partition = await this.#factory({
			index,
			data: this.#options.data(),
			emit: (buffer) => this.#events.output(buffer),
		});
		this.#runner = new PartitionRunner(partition, this.#events, { ...this.#options, mayBlock: false });
		this.#runner.start();
	}

	send(events: readonly E[]): void {
		this.#events.consumed(events.length, !this.#runner?.consume(events));
	}

	async ask(question: unknown): Promise<unknown> {
		if (!this.#runner) throw new EventQueueError("ERR_PARTITION_GONE", "Cannot ask: the partition has not started");
		return await this.#runner.ask(question);
	}

	async close(): Promise<void> {
		await this.#runner?.close();
	}
}
