import type { Sample } from "./sample.ts";

/** How much may be left, or grow, before it counts as a leak. */
export const TOLERANCE = {
	/** Memory may grow by so much, or by this share of itself where that is more: over the second half, and from the first to the last quarter. */
	memoryMiB: 8,
	memoryShare: 0.1,
	/** Descriptors, threads and timers above those of the idle agent: a connection that is being made, a thread pool that is filled on demand. */
	handles: 4,
	/** Entries of a map above those of the idle agent: sockets and processes of the machine that are not ours. */
	mapEntries: 100,
	/** Records on their way: of processes of the machine that are not ours. */
	records: 100,
} as const;

const WINDOWS = 6;

/** Five minutes: until then the runtime takes memory that it keeps, and tables of bounded size fill. */
const WARM_UP_SAMPLES = 30;
/** A quarter of an hour, so that each window has a full collection in it: under this load there is one in two minutes. */
export const LEAST_SAMPLES: number = WARM_UP_SAMPLES + 60;

/** What has grown while there was traffic, as sentences; nothing is said of fewer samples than `LEAST_SAMPLES`. */
export function growth(all: readonly Sample[]): string[] {
	if (all.length < LEAST_SAMPLES) return [];
	const samples = all.slice(WARM_UP_SAMPLES);
	return (["rssMiB", "heapMiB"] as const).flatMap((key) => {
		// A full collection, every two to four minutes, gives back what was taken since the one before. Where in that each part of the
		// time begins is chance, and moves its median by a tenth; what stands before a collection is a level.
		const level = (part: readonly Sample[]): number => high(part.map((sample) => sample[key]));
		const quarter = Math.ceil(samples.length / 4);
		const first = level(samples.slice(0, quarter));
		const quarters = level(samples.slice(-quarter)) - first;
		const half = windowsOf(samples).slice(WINDOWS / 2);
		const points = half.map((part) => [part[0]?.seconds ?? 0, level(part)] as const);
		const risen = ((points.at(-1)?.[0] ?? 0) - (points[0]?.[0] ?? 0)) * slope(points);
		const allowed = Math.max(TOLERANCE.memoryMiB, first * TOLERANCE.memoryShare);
		const text = (by: number, when: string): string =>
			`${key} has grown by ${by.toFixed(1)} ${when}, more than ${allowed.toFixed(1)}`;
		return [
			...(risen > allowed ? [text(risen, "in the second half")] : []),
			...(quarters > allowed ? [text(quarters, "from the first quarter to the last")] : []),
		];
	});
}

/** The samples in sixths. */
function windowsOf(samples: readonly Sample[]): (readonly Sample[])[] {
	const at = (n: number): number => Math.round((n * samples.length) / WINDOWS);
	return Array.from({ length: WINDOWS }, (_, n) => samples.slice(at(n), at(n + 1)));
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

/** Nine of ten are below it. */
function high(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length * 0.9)] ?? 0;
}

/** Of the line through the points by least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
	const mean = (pick: 0 | 1): number => points.reduce((sum, point) => sum + point[pick], 0) / points.length;
	const [meanX, meanY] = [mean(0), mean(1)];
	const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
	return spread === 0 ? 0 : points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
}
