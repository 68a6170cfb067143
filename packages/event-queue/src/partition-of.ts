/** The partition of a key (a safe integer): always the same one, and neighbours are spread. */
export function partitionOf(key: number, partitions: number): number {
	if (partitions === 1) return 0;
	const high = Math.floor(key / 0x1_0000_0000);
	let hash = (key ^ Math.imul(high, 0x85ebca6b)) >>> 0;
	hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d) >>> 0;
	hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b) >>> 0;
	return ((hash ^ (hash >>> 16)) >>> 0) % partitions;
}
