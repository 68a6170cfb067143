import { UnitBuilder } from "./unit.ts";

/** A unit that takes records: what the sender keeps beside its bytes. */
export class OpenUnit {
	readonly builder: UnitBuilder = new UnitBuilder();
	/** What its first message begins with. */
	header: Uint8Array = new Uint8Array(0);
	/** Closes it when its first record is old enough. */
	timer: ReturnType<typeof setTimeout> | undefined;
}
