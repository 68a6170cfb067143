import type { RecordCounts } from "@wirescribe/pipeline";
import type { Outlet } from "./outlet.ts";

/** How long an outlet whose time is over goes on to deliver what it has. */
const RETIREMENT_MS = 60_000;
/** What is left then gets this much more. */
const LAST_MS = 100;

/** An outlet for which nothing more comes: it delivers what it has, and is closed. */
export class Retirement {
	/** Settles when it is closed. */
	readonly done: Promise<void>;
	readonly #hurried = Promise.withResolvers<number>();

	/** `closed` is told what has become of its records. */
	constructor(outlet: Outlet, closed: (counts: RecordCounts) => void) {
		this.done = this.#seeOff(outlet).then(() => closed(outlet.counts()));
	}

	/** It has no longer than this. */
	hurry(deadlineMs: number): Promise<void> {
		this.#hurried.resolve(deadlineMs);
		return this.done;
	}

	async #seeOff(outlet: Outlet): Promise<void> {
		const timer = setTimeout(() => this.#hurried.resolve(LAST_MS), RETIREMENT_MS);
		timer.unref();
		const deadlineMs = await Promise.race([outlet.drained().then(() => LAST_MS), this.#hurried.promise]);
		clearTimeout(timer);
		await outlet.close(deadlineMs);
	}
}
