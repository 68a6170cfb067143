import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { Tinypool } from "tinypool";
import type { Lane, LaneEvents, LaneOptions } from "./lane.ts";
import { type FromWorker, packFrames, type ToWorker } from "./messages.ts";
import { type PartitionFailure, toFailure } from "./partition.ts";
import { EventQueueError } from "./queue-error.ts";
import type { WorkerTask } from "./worker.ts";

interface Question {
	resolve(answer: unknown): void;
	reject(error: EventQueueError): void;
}

/** One worker at a time, from its start to its end. */
interface Life {
	readonly port: MessagePort;
	readonly abort: AbortController;
	started: boolean;
	ended: boolean;
}

/** A worker that dies younger than this, so many times in a row, is not replaced again. */
const SHORT_LIFE_MS = 1000;
const SHORT_LIVES = 5;

/** A partition on a worker thread, spoken to over a port of its own. */
export class ThreadLane<E, D> implements Lane<E> {
	readonly crossesThreads: boolean = true;
	readonly #pool: Tinypool;
	readonly #module: string;
	readonly #events: LaneEvents;
	readonly #options: LaneOptions<D>;
	readonly #questions: Map<number, Question> = new Map();
	#nextQuestion = 1;
	#life: Life | undefined;
	#born = 0;
	#shortLives = 0;
	#closing = false;
	#settleStart: { resolve(): void; reject(error: Error): void } | undefined;
	#settleClose: (() => void) | undefined;

	constructor(pool: Tinypool, module: string, events: LaneEvents, options: LaneOptions<D>) {
		this.#pool = pool;
		this.#module = module;
		this.#events = events;
		this.#options = options;
	}

	start(): Promise<void> {
		return new Promise((resolve, reject) => {
			this.#settleStart = { resolve, reject };
			this.#begin();
		});
	}

	send(events: readonly E[]): void {
		const frames = packFrames(events);
		if (frames) this.#post({ t: "frames", frames, count: events.length }, [frames]);
		else this.#post({ t: "events", events });
	}

	ask(question: unknown): Promise<unknown> {
		if (!this.#life || this.#life.ended) return Promise.reject(this.#gone("there is no worker"));
		return new Promise((resolve, reject) => {
			const id = this.#nextQuestion++;
			this.#questions.set(id, { resolve, reject });
			this.#post({ t: "ask", id, question });
		});
	}

	async close(): Promise<void> {
		this.#closing = true;
		if (!this.#life || this.#life.ended) return;
		const { closeTimeoutMs } = this.#options;
		let timer: ReturnType<typeof setTimeout> | undefined;
		await new Promise<void>((resolve) => {
			this.#settleClose = resolve;
			timer = setTimeout(() => {
				const message = `The partition did not close within ${closeTimeoutMs} ms: its worker is ended as it is`;
				this.#events.failed("close", { name: "EventQueueError", message, code: "ERR_PARTITION_GONE" });
				this.#end(undefined);
			}, closeTimeoutMs);
			this.#post({ t: "close" });
		});
		clearTimeout(timer);
	}

	#begin(): void {
		const { port1, port2 } = new MessageChannel();
		const { index, interval, tickIntervalMs, drainMs } = this.#options;
		const options = { interval, tickIntervalMs, drainMs, mayBlock: true };
		const life: Life = { port: port1, abort: new AbortController(), started: false, ended: false };
		this.#life = life;
		port1.on("message", (message: FromWorker) => this.#receive(life, message));
		this.#born = performance.now();
		const task: WorkerTask = { port: port2, module: this.#module, index, data: this.#options.data(), options };
		// A task that returns has said why on its own port, and may be ahead of that: only a task that fails counts here.
		this.#pool.run(task, { transferList: [port2] as never, signal: life.abort.signal }).catch((error: unknown) => {
			if (!life.ended) this.#end(toFailure(error), true);
		});
	}

	#receive(life: Life, message: FromWorker): void {
		if (life.ended) return;
		if (message.t === "consumed") this.#events.consumed(message.count, message.failed);
		else if (message.t === "pulled") this.#events.pulled(message.count);
		else if (message.t === "output") this.#events.output(message.buffer);
		else if (message.t === "failed") this.#events.failed(message.phase, message.failure);
		else if (message.t === "answer") this.#answered(message.id, (question) => question.resolve(message.answer));
		else if (message.t === "ask-failed") this.#unanswered(message.id, message.failure);
		else if (message.t === "started") this.#started(life, message.threadId);
		else this.#end(message.t === "start-failed" ? message.failure : undefined);
	}

	#unanswered(id: number, failure: PartitionFailure): void {
		const where = `Cannot answer in partition ${this.#options.index}`;
		const error = new EventQueueError("ERR_PARTITION_ASK", `${where}: ${failure.name}: ${failure.message}`);
		this.#answered(id, (question) => question.reject(error));
	}

	#started(life: Life, threadId: number): void {
		life.started = true;
		// A worker that leaves by process.exit() settles no task: only its exit tells.
		const worker = this.#pool.threads.find((thread) => thread.threadId === threadId);
		worker?.once("exit", () => {
			if (!life.ended) this.#end({ name: "EventQueueError", message: "The worker's thread ended" }, true);
		});
		this.#settleStart?.resolve();
		this.#settleStart = undefined;
	}

	/** The worker is through: closed in order (no failure), or dead. */
	#end(failure: PartitionFailure | undefined, mayRestart = false): void {
		const life = this.#life;
		if (!life || life.ended) return;
		life.ended = true;
		life.port.close();
		for (const question of this.#questions.values()) question.reject(this.#gone(failure?.message ?? "it was closed"));
		this.#questions.clear();
		if (failure && this.#settleStart) {
			const why = `${failure.name}: ${failure.message}`;
			this.#settleStart.reject(
				new EventQueueError("ERR_PARTITION_START", `Cannot start partition ${this.#options.index}: ${why}`),
			);
			this.#settleStart = undefined;
		} else if (failure) {
			const restarting = mayRestart && !this.#closing && this.#maySucceed();
			this.#events.failed("worker", failure);
			this.#events.died(restarting);
			life.abort.abort();
			if (restarting) this.#begin();
		}
		this.#settleClose?.();
		this.#settleClose = undefined;
	}

	#maySucceed(): boolean {
		this.#shortLives = performance.now() - this.#born < SHORT_LIFE_MS ? this.#shortLives + 1 : 0;
		return this.#shortLives < SHORT_LIVES;
	}

	#answered(id: number, settle: (question: Question) => void): void {
		const question = this.#questions.get(id);
		this.#questions.delete(id);
		if (question) settle(question);
	}

	#post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
		if (this.#life && !this.#life.ended) this.#life.port.postMessage(message, transfer);
	}

	#gone(why: string): EventQueueError {
		return new EventQueueError("ERR_PARTITION_GONE", `Cannot ask partition ${this.#options.index}: ${why}`);
	}
}
