import type { Connection } from "@wirescribe/access-log";
import { EventReader } from "./event-reader.ts";

/** A connection as an event describes it, and the network namespace that its addresses belong to. */
export interface DescribedConnection extends Connection {
	/** Inode of the namespace. */
	readonly netns: number;
	/** Effective user of the process, as the kernel saw it. */
	readonly uid: number;
}

/** The connections that a batch describes: for what is to be looked up about them before the batch is consumed. */
export function describedConnections(batch: Uint8Array): DescribedConnection[] {
	const reader = new EventReader();
	const described: DescribedConnection[] = [];
	for (let event = reader.first(batch); event !== undefined; event = reader.next()) {
		if (event === "connection") described.push({ ...reader.describe(), netns: reader.netns, uid: reader.uid });
	}
	return described;
}
