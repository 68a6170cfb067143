import type { JsonTransaction } from "@wirescribe/access-log";
import { FrameCursor, LINE, type RecordCounts } from "@wirescribe/pipeline";
import type { Outlet } from "./outlet.ts";

/** Hands each transaction to somebody in this process, as its JSON line says it. */
export class JsonFeed implements Outlet {
	readonly #take: (tx: JsonTransaction) => void;
	readonly #decoder = new TextDecoder();
	#taken = 0;

	constructor(take: (tx: JsonTransaction) => void) {
		this.#take = take;
	}

	frames(buffer: ArrayBuffer): void {
		for (const frame = new FrameCursor(buffer); frame.next(); ) {
			if (frame.kind !== LINE) continue;
			this.#taken++;
			this.#take(JSON.parse(this.#decoder.decode(frame.bytes.subarray(frame.bodyStart, frame.end))) as JsonTransaction);
		}
	}

	counts(): RecordCounts {
		const resent = { units: 0, records: 0 };
		return { accepted: this.#taken, acked: this.#taken, retained: 0, spooled: 0, lost: {}, resent };
	}

	async drained(): Promise<void> {}

	async close(): Promise<void> {}
}
