/** What the rounds and slices of a benchmark come to. */

export function sorted(values: readonly number[]): number[] {
	return [...values].sort((a, b) => a - b);
}

export function median(values: readonly number[]): number {
	const ordered = sorted(values);
	const middle = ordered.length >> 1;
	const upper = ordered[middle] ?? Number.NaN;
	return ordered.length % 2 === 1 ? upper : ((ordered[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The median with the lowest and the highest in parentheses: a noisy machine shows there. */
export function spread(values: readonly number[], show: (value: number) => string): string {
	const ordered = sorted(values);
	return `${show(median(values))} (${show(ordered[0] ?? Number.NaN)}–${show(ordered.at(-1) ?? Number.NaN)})`;
}
