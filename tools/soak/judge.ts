import type { Sample } from "./sample.ts";

/** How much may be left, or grow, before it counts as a leak. */
export const TOLERANCE = {
	/** Memory may grow by so much, or by this share of itself where that is more: over the second half, and from the first to the last quarter. */
	memoryMiB: 8,
	memoryShare: 0.08,
	/** Descriptors, threads and timers above those of the idle agent: a connection that is being made, a thread pool that is filled on demand. */
	handles: 4,
	/** Entries of a map above those of the idle agent: sockets and processes of the machine that are not ours. */
	mapEntries: 100,
	/** Records on their way: of processes of the machine that are not ours. */
	records: 100,
} as const;

/** What has grown while there was traffic, as sentences. */
export function growth(samples: readonly Sample[]): string[] {
	return (["rssMiB", "heapMiB"] as const).flatMap((key) => {
		const of = (part: readonly Sample[]): number[] => part.map((sample) => sample[key]);
		const quarter = Math.max(1, Math.floor(samples.length / 4));
		const [first, last] = [median(of(samples.slice(0, quarter))), median(of(samples.slice(-quarter)))];
		const half = samples.slice(Math.floor(samples.length / 2));
		const seconds = (half.at(-1)?.seconds ?? 0) - (half[0]?.seconds ?? 0);
		const risen = seconds * slope(half.map((sample) => [sample.seconds, sample[key]]));
		const allowed = Math.max(TOLERANCE.memoryMiB, first * TOLERANCE.memoryShare);
		const text = (from: string, by: number): string =>
			`${key} has grown by ${by.toFixed(1)} ${from}, more than ${allowed.toFixed(1)}`;
		return [
			...(risen > allowed ? [text(`in the second half (a line through ${half.length} samples)`, risen)] : []),
			...(last - first > allowed ? [text("from the first quarter to the last (medians)", last - first)] : []),
		];
	});
}

/** What an agent that is idle again holds more than when it was idle first, as sentences. */
export function leftovers(idle: Sample, now: Sample): string[] {
	const handles = (["fds", "threads", "timers"] as const)
		.filter((key) => now[key] - idle[key] > TOLERANCE.handles)
		.map((key) => `${key}: ${now[key]}, idle ${idle[key]}`);
	const maps = [...now.maps]
		.filter(([name, count]) => count - (idle.maps.get(name) ?? 0) > TOLERANCE.mapEntries)
		.map(([name, count]) => `map ${name}: ${count} entries, idle ${idle.maps.get(name) ?? 0}`);
	const retained = now.retained > TOLERANCE.records ? [`${now.retained} records are still retained`] : [];
	return [...handles, ...maps, ...retained];
}

function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Of the line through the points by least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
	const mean = (pick: 0 | 1): number => points.reduce((sum, point) => sum + point[pick], 0) / points.length;
	const [meanX, meanY] = [mean(0), mean(1)];
	const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
	return spread === 0 ? 0 : points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
}
