import type { Partition } from "@wirescribe/event-queue";

/** A partition that only looks at each record. */
export function createPartition(): Partition<Uint8Array> {
	let records = 0;
	let sum = 0;
	return {
		consume: (events) => {
			records += events.length;
			for (const event of events) sum += event[0]!;
		},
		ask: () => ({ records, sum }),
	};
}
