import type { Chunk } from "./chunk.ts";

/** What stays of a closed connection for its late events: at most 64 bytes. */
export class Tombstone {
	/** The last operation that was handed in before the close. */
	readonly lastDataId: number;
	/** Chunks that came after the close, and doubles of earlier ones among them. */
	late: number = 0;
	duplicates: number = 0;

	constructor(lastDataId: number) {
		this.lastDataId = lastDataId;
	}

	/** Counts a chunk that came after the close. */
	note(chunk: Pick<Chunk, "dataId">): void {
		if (chunk.dataId <= this.lastDataId) this.duplicates++;
		else this.late++;
	}
}
