import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Link } from "@wirescribe/libbpf";

/** Closes links on a thread of its own, one after another; it keeps no program running. */
export class LinkCloser {
	#worker: Worker | undefined;

	close(links: readonly Link[]): void {
		const handles = links.map((link) => link.release());
		this.#start().postMessage(handles);
	}

	/** What was given is still closed; then the thread ends. */
	end(): void {
		this.#worker?.postMessage(undefined);
		this.#worker = undefined;
	}

	#start(): Worker {
		if (this.#worker) return this.#worker;
		const worker = new Worker(new URL(`./link-closer-thread${extname(import.meta.url)}`, import.meta.url));
		worker.unref();
		this.#worker = worker;
		return worker;
	}
}
