/**
 * What was meant, for messages about a name that there is not. Apart from the filters, so that it costs no one their patterns.
 *
 * @module
 */

/**
 * The candidate that is at most two edits away from the name, the nearest one, of equals the first; undefined when none is.
 *
 * @example
 * ```ts
 * nearest("statsu", ["method", "status"]); // "status"
 * ```
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
	let best: string | undefined;
	let bestDistance = 3;
	for (const candidate of candidates) {
		if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
		const distance = editDistance(name, candidate);
		if (distance >= bestDistance) continue;
		bestDistance = distance;
		best = candidate;
	}
	return best;
}

function editDistance(a: string, b: string): number {
	let row = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let j = 1; j <= b.length; j++) {
			const substitution = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
			next.push(Math.min(substitution, (row[j] as number) + 1, (next[j - 1] as number) + 1));
		}
		row = next;
	}
	return row[b.length] as number;
}
