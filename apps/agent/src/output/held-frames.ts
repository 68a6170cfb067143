import type { RecordCounts } from "@wirescribe/pipeline";
import type { Outlet } from "./outlet.ts";
import { NO_RECORDS } from "./record-counts.ts";

/** Keeps frames for an outlet that is not open yet. */
export class HeldFrames implements Outlet {
	#buffers: ArrayBuffer[] = [];

	frames(buffer: ArrayBuffer): void {
		this.#buffers.push(buffer);
	}

	/** Hands on what was kept, in its order. */
	release(outlet: Outlet): void {
		for (const buffer of this.#buffers.splice(0)) outlet.frames(buffer);
	}

	counts(): RecordCounts {
		return NO_RECORDS;
	}

	async drained(): Promise<void> {}

	async close(): Promise<void> {}
}
