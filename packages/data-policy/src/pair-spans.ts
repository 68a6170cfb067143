import type { Spans } from "./spans.ts";

/**
 * Masks values of `name=value&name=value`, a query or a form, from `from` up to `to`. A word without `=` may be the value itself: it
 * is masked when `masks("")` says so.
 */
export function pairSpans(
	text: string,
	from: number,
	to: number,
	masks: (name: string) => boolean,
	spans: Spans,
): void {
	for (let at = from; at < to; ) {
		const next = text.indexOf("&", at);
		const end = next === -1 || next > to ? to : next;
		// Looked for in the pair alone: in the text it would be the next pairs' time, again and again.
		const pair = text.slice(at, end);
		const equals = pair.indexOf("=");
		if (equals === -1) {
			if (masks("")) spans.add(at, end);
		} else if (masks(decoded(pair.slice(0, equals)))) spans.add(at + equals + 1, end);
		at = end + 1;
	}
}

/** A name as it was meant: a secret must not hide behind an escape. */
function decoded(name: string): string {
	const spaced = name.replaceAll("+", " ");
	if (!spaced.includes("%")) return spaced;
	return spaced.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
