import process from "node:process";
import { LINE, outputFrames, type RecordCounts } from "@wirescribe/pipeline";
import { log } from "../logging/log.ts";
import type { DeliveryState, Outlet } from "./outlet.ts";

/** Bytes that wait for a slow reader of stdout before new lines are dropped, counted. */
const MAX_WAITING_BYTES = 64 << 20;

/**
 * Lines on stdout. A reader that is slow costs memory up to a bound, then lines (`lost.queue`); a reader that has gone
 * (`wirescribe run | head`) ends the command by `onGone`.
 */
export class StdoutOutlet implements Outlet {
	#accepted = 0;
	#written = 0;
	#dropped = 0;
	#gone = false;
	readonly #failed: (error: NodeJS.ErrnoException) => void;

	constructor(onGone: () => void) {
		this.#failed = (error) => {
			this.#gone = true;
			if (error.code !== "EPIPE") log.error(`cannot write to stdout: ${error.message}`);
			onGone();
		};
		process.stdout.on("error", this.#failed);
	}

	frames(buffer: ArrayBuffer): void {
		const lines: Uint8Array[] = [];
		for (const frame of outputFrames(buffer)) if (frame.kind === LINE) lines.push(frame.body);
		if (lines.length === 0) return;
		this.#accepted += lines.length;
		if (this.#gone || process.stdout.writableLength > MAX_WAITING_BYTES) {
			this.#dropped += lines.length;
			return;
		}
		process.stdout.write(Buffer.concat(lines), (error) => {
			if (error) this.#dropped += lines.length;
			else this.#written += lines.length;
		});
	}

	counts(): RecordCounts {
		return {
			accepted: this.#accepted,
			acked: this.#written,
			retained: this.#accepted - this.#written - this.#dropped,
			spooled: 0,
			lost: { queue: this.#dropped },
			resent: { units: 0, records: 0 },
		};
	}

	state(): DeliveryState {
		return { lanes: [], retainedBytes: process.stdout.writableLength };
	}

	async drained(): Promise<void> {
		await this.#wait(Number.POSITIVE_INFINITY);
	}

	async close(deadlineMs: number): Promise<void> {
		await this.#wait(performance.now() + deadlineMs);
		// What is still under way may fail yet.
		if (this.#accepted === this.#written + this.#dropped) process.stdout.off("error", this.#failed);
	}

	async #wait(endMs: number): Promise<void> {
		while (!this.#gone && this.#accepted > this.#written + this.#dropped && performance.now() < endMs) {
			await new Promise((resolve) => setTimeout(resolve, 5));
		}
	}
}
