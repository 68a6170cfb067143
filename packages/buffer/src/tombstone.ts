import type { Chunk } from "./chunk.ts";

/** What stays of a closed connection for its late events: at most 64 bytes. */
export class Tombstone {
	/** The last operation that was handed in before the close. */
	readonly lastDataId: number;
	/** Chunks of later operations that came after the close. */
	late: number = 0;
	/** Chunks of earlier operations that came after the close. */
	duplicates: number = 0;

	/** Left behind when a connection is forgotten. */
	constructor(lastDataId: number) {
		this.lastDataId = lastDataId;
	}

	/** Counts a chunk that came after the close. */
	note(chunk: Pick<Chunk, "dataId">): void {
		if (chunk.dataId <= this.lastDataId) this.duplicates++;
		else this.late++;
	}
}
