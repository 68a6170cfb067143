import type { SlabPool } from "./slabs.ts";
import { UnitBuilder } from "./unit-builder.ts";

/** A unit that takes records: what the sender keeps beside its bytes. */
export class OpenUnit {
	readonly builder: UnitBuilder;
	/** What its first message begins with. */
	header: Uint8Array = new Uint8Array(0);
	/** Closes it when its first record is old enough. */
	timer: ReturnType<typeof setTimeout> | undefined;

	/** Its place among the open units. */
	readonly slot: number;

	constructor(slot: number, pool: SlabPool) {
		this.slot = slot;
		this.builder = new UnitBuilder(pool);
	}
}
