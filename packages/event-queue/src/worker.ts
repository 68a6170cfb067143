/**
 * The worker's side of a queue on threads: one never-ending task that runs one partition.
 *
 * The pool loads this module in its workers; nobody else needs it.
 *
 * @module
 */
import { type MessagePort, threadId } from "node:worker_threads";
import { type FromWorker, type ToWorker, unpackFrames } from "./messages.ts";
import { type PartitionFactory, toFailure } from "./partition.ts";
import { PartitionRunner, type RunnerOptions } from "./partition-runner.ts";

/** What the pool hands to {@linkcode runPartition}. */
export interface WorkerTask {
	readonly port: MessagePort;
	/** URL of the module that exports `createPartition`. */
	readonly module: string;
	readonly index: number;
	readonly data: unknown;
	readonly options: RunnerOptions;
}

/** Counts of pulled events are collected this long, so that a busy partition does not also send messages. */
const REPORT_MS = 200;

type Post = (message: FromWorker, transfer?: ArrayBuffer[]) => void;

/** Runs one partition until the owner closes it. */
export async function runPartition(task: WorkerTask): Promise<void> {
	const { port } = task;
	const post: Post = (message, transfer) => port.postMessage(message, transfer ?? []);
	let runner: PartitionRunner<unknown>;
	const pulled = new PulledCount(post);
	try {
		const factory = await loadFactory(task.module);
		const emit = (buffer: ArrayBuffer): void => post({ t: "output", buffer }, [buffer]);
		const partition = await factory({ index: task.index, data: task.data, emit });
		const host = {
			failed: (phase: Extract<FromWorker, { t: "failed" }>["phase"], failure: ReturnType<typeof toFailure>): void =>
				post({ t: "failed", phase, failure }),
			pulled: (count: number): void => pulled.add(count),
		};
		runner = new PartitionRunner(partition, host, task.options);
	} catch (error) {
		post({ t: "start-failed", failure: toFailure(error) });
		return;
	}
	await serve(port, post, runner, pulled);
}

/** The factory that a partition module exports. */
export async function loadFactory(url: string): Promise<PartitionFactory<unknown, unknown>> {
	const module = (await import(url)) as { createPartition?: unknown };
	if (typeof module.createPartition !== "function") {
		throw new TypeError(`Cannot create a partition: '${url}' does not export a function 'createPartition'`);
	}
	return module.createPartition as PartitionFactory<unknown, unknown>;
}

function serve(port: MessagePort, post: Post, runner: PartitionRunner<unknown>, pulled: PulledCount): Promise<void> {
	return new Promise((resolve) => {
		const consume = (events: readonly unknown[]): void => {
			const failed = !runner.consume(events);
			post({ t: "consumed", count: events.length, failed });
		};
		const ask = async (id: number, question: unknown): Promise<void> => {
			try {
				const answer = await runner.ask(question);
				pulled.report();
				post({ t: "answer", id, answer });
			} catch (error) {
				post({ t: "ask-failed", id, failure: toFailure(error) });
			}
		};
		const close = async (): Promise<void> => {
			await runner.close();
			pulled.report();
			post({ t: "closed" });
			resolve();
		};
		port.on("message", (message: ToWorker) => {
			if (message.t === "events") consume(message.events);
			else if (message.t === "frames") consume(unpackFrames(message.frames, message.count));
			else if (message.t === "ask") void ask(message.id, message.question);
			else void close();
		});
		post({ t: "started", threadId });
		runner.start();
	});
}

class PulledCount {
	readonly #post: Post;
	#count = 0;
	#reported = 0;

	constructor(post: Post) {
		this.#post = post;
	}

	add(count: number): void {
		this.#count += count;
		if (performance.now() - this.#reported >= REPORT_MS) this.report();
	}

	report(): void {
		this.#reported = performance.now();
		if (this.#count > 0) this.#post({ t: "pulled", count: this.#count });
		this.#count = 0;
	}
}
