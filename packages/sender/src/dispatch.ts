import type { Strand } from "./strand.ts";

/** Spreads keys evenly: sockets are numbered one after another, so that the low bits alone would do, but not for all. */
export function slotOf(key: number | string, slots: number): number {
	if (slots === 1) return 0;
	if (typeof key === "number") return (Math.imul(key | 0, 0x9e3779b1) >>> 16) % slots;
	let hash = 0x811c9dc5;
	for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
	return (hash >>> 0) % slots;
}

/** Chooses among strands where a unit is to go. */
export type Dispatch = (strands: readonly Strand[]) => Strand;

/** In turn; lanes that fail are passed over, unless all do. */
export function roundRobin(): Dispatch {
	let next = 0;
	return (strands) => {
		for (let tried = 0; tried < strands.length; tried++) {
			const strand = strands[next++ % strands.length] as Strand;
			if (strand.failures === 0) return strand;
		}
		return strands[next++ % strands.length] as Strand;
	};
}

/** Where the fewest bytes wait; a strand that fails comes after all that do not. */
export function leastPending(): Dispatch {
	return (strands) => {
		let best = strands[0] as Strand;
		for (const strand of strands) {
			if (strand.failures === 0 && best.failures > 0) best = strand;
			else if ((strand.failures === 0) === (best.failures === 0) && strand.pendingBytes < best.pendingBytes)
				best = strand;
		}
		return best;
	};
}

/** The strand that has the oldest unit of those in memory that are not on their way. */
export function oldestIdle(strands: readonly Strand[]): Strand | undefined {
	let oldest: Strand | undefined;
	let age = Number.POSITIVE_INFINITY;
	for (const strand of strands) {
		const unit = strand.oldestIdle();
		if (unit === undefined || unit.age >= age) continue;
		oldest = strand;
		age = unit.age;
	}
	return oldest;
}
