/** Large enough that the price of a write does not matter, small enough that a slow peer shows progress. */
export const SLAB_BYTES: number = 64 * 1024;
/** So many are kept at most when nobody needs them: 4 MiB. */
const MAX_FREE = 64;

/**
 * Memory that is used again and again: records are copied into slabs, slabs are written, and come back when their unit is
 * acknowledged. One is made only when none is free, so there are never more than were in use at one time; making and
 * collecting 1 MiB for each unit costs more than sending it.
 */
export class SlabPool {
	readonly #free: Uint8Array<ArrayBuffer>[] = [];

	take(): Uint8Array<ArrayBuffer> {
		return this.#free.pop() ?? new Uint8Array(SLAB_BYTES);
	}

	/** Takes back what nobody reads any more. The ends of units are no slabs: they are left to the collector. */
	give(slabs: readonly Uint8Array<ArrayBuffer>[]): void {
		for (const slab of slabs) {
			if (slab.buffer.byteLength === SLAB_BYTES && this.#free.length < MAX_FREE) this.#free.push(slab);
		}
	}
}
