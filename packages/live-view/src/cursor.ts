/** What moves a cursor in a list. */
const STEPS: Readonly<Record<string, number>> = {
	up: -1,
	down: 1,
	pageup: -10,
	pagedown: 10,
	home: Number.NEGATIVE_INFINITY,
	end: Number.POSITIVE_INFINITY,
};

/** Whether this key moves a cursor. */
export function movesCursor(key: string): boolean {
	return Object.hasOwn(STEPS, key);
}

/** Where a key takes the cursor in a list of so many; -1 is nowhere. */
export function moved(at: number, key: string, length: number): number {
	if (length === 0) return -1;
	const step = STEPS[key] ?? 0;
	if (at === -1) return step < 0 && key !== "home" ? length - 1 : key === "end" ? length - 1 : 0;
	return Math.min(Math.max(at + step, 0), length - 1);
}
