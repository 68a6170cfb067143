import { nextPause, type PullInterval } from "./pacer.ts";
import { type Partition, type PartitionFailure, type PartitionPhase, toFailure } from "./partition.ts";

/** What a runner tells its host, which is the queue itself or a worker's port. */
export interface RunnerHost {
	/** A call into the partition threw. */
	failed(phase: PartitionPhase, failure: PartitionFailure): void;
	/** `pull` took events of the partition's own source. */
	pulled(count: number): void;
}

export interface RunnerOptions {
	readonly interval: PullInterval;
	readonly tickIntervalMs: number;
	/** Whether `wait` may block: only on a thread that nobody else lives on. */
	readonly mayBlock: boolean;
	/** How long the last drain may take, for a source that never runs dry. */
	readonly drainMs: number;
}

/** After this long without an event a thread waits in the partition's own `wait` instead of a timer. */
const IDLE_MS = 100;
const MAX_WAIT_MS = 100;
/** The pause after a pull that threw doubles up to this, so that a broken source does not flood its owner. */
const MAX_BACKOFF_MS = 1000;

/** Lives a partition's life: the same code inline and on a worker thread. */
export class PartitionRunner<E> {
	readonly #partition: Partition<E>;
	readonly #host: RunnerHost;
	readonly #options: RunnerOptions;
	#pause: number;
	#backoff = 0;
	#lastActive = performance.now();
	#lastTick = performance.now();
	#timer: ReturnType<typeof setTimeout> | undefined;
	#immediate: ReturnType<typeof setImmediate> | undefined;
	#running = false;

	constructor(partition: Partition<E>, host: RunnerHost, options: RunnerOptions) {
		this.#partition = partition;
		this.#host = host;
		this.#options = options;
		this.#pause = options.interval.min;
	}

	start(): void {
		this.#running = true;
		if (this.#partition.pull || this.#partition.tick) this.#schedule(this.#firstPause());
	}

	/** True when the partition took the events without an error. */
	consume(events: readonly E[]): boolean {
		this.#lastActive = performance.now();
		return this.#guard("consume", () => this.#consume(events)) === true;
	}

	async ask(question: unknown): Promise<unknown> {
		return await this.#partition.ask?.(question);
	}

	/** Takes what the own source still has, then closes the partition. */
	async close(): Promise<void> {
		this.#running = false;
		if (this.#timer) clearTimeout(this.#timer);
		if (this.#immediate) clearImmediate(this.#immediate);
		const deadline = performance.now() + this.#options.drainMs;
		while (this.#partition.pull && this.#pull() > 0 && performance.now() < deadline);
		this.#guard("tick", () => this.#partition.tick?.(performance.now()));
		try {
			await this.#partition.close?.();
		} catch (error) {
			this.#host.failed("close", toFailure(error));
		}
	}

	#firstPause(): number {
		return this.#partition.pull ? this.#pause : this.#options.tickIntervalMs;
	}

	#schedule(ms: number): void {
		this.#timer = setTimeout(() => this.#turn(), ms);
	}

	#turn(): void {
		if (!this.#running) return;
		const now = performance.now();
		const taken = this.#partition.pull ? this.#pull() : 0;
		if (taken > 0) this.#lastActive = now;
		if (this.#partition.tick && now - this.#lastTick >= this.#options.tickIntervalMs) {
			this.#lastTick = now;
			this.#guard("tick", () => this.#partition.tick?.(now));
		}
		const idle = taken === 0 && now - this.#lastActive >= IDLE_MS;
		if (idle && this.#backoff === 0 && this.#partition.wait && this.#options.mayBlock) this.#wait();
		else this.#schedule(this.#nextPause(taken));
	}

	#nextPause(taken: number): number {
		if (!this.#partition.pull) return this.#options.tickIntervalMs;
		if (this.#backoff > 0) return this.#backoff;
		this.#pause = nextPause(this.#pause, taken, this.#options.interval);
		return this.#pause;
	}

	#wait(): void {
		this.#pause = this.#options.interval.min;
		const limit = this.#partition.tick ? Math.min(MAX_WAIT_MS, this.#options.tickIntervalMs) : MAX_WAIT_MS;
		const waited = this.#guard("wait", () => this.#partition.wait?.(limit) ?? true);
		// Not at once: what the owner has sent meanwhile comes first.
		if (waited) this.#immediate = setImmediate(() => this.#turn());
		else this.#schedule(MAX_WAIT_MS);
	}

	#pull(): number {
		const taken = this.#guard("pull", () => this.#partition.pull?.() ?? 0);
		this.#backoff = taken === undefined ? Math.min(MAX_BACKOFF_MS, Math.max(20, this.#backoff * 2)) : 0;
		if (taken) this.#host.pulled(taken);
		return taken ?? 0;
	}

	#consume(events: readonly E[]): true {
		if (!this.#partition.consume) {
			throw new TypeError(`Cannot take ${events.length} pushed events: the partition has no consume()`);
		}
		this.#partition.consume(events);
		return true;
	}

	/** What the call returned, or undefined when it threw; the host has been told then. */
	#guard<T>(phase: PartitionPhase, call: () => T): T | undefined {
		try {
			return call();
		} catch (error) {
			this.#host.failed(phase, toFailure(error));
			return undefined;
		}
	}
}
