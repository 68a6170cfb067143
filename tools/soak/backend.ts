import { setTimeout as sleep } from "node:timers/promises";
import { type Collector, startCollector } from "@wirescribe/collector";

/** How long nobody listens when it is restarted. */
const DOWN_MS = 3_000;

/** The embedded collector; a restart is a new one at the same address. It counts, and keeps nothing. */
export class Backend implements AsyncDisposable {
	readonly address: string;
	restarts: number = 0;
	#collector: Collector;

	private constructor(collector: Collector) {
		this.#collector = collector;
		this.address = collector.address;
	}

	static async start(): Promise<Backend> {
		return new Backend(await startCollector({ listen: "127.0.0.1:0", onBytes: () => {} }));
	}

	async restart(): Promise<void> {
		await this.#collector.close();
		await sleep(DOWN_MS);
		this.#collector = await startCollector({ listen: this.address, onBytes: () => {} });
		this.restarts++;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#collector.close();
	}
}
