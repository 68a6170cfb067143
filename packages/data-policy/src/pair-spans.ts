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
		const equals = text.indexOf("=", at);
		if (equals === -1 || equals >= end) {
			if (masks("")) spans.add(at, end);
		} else if (masks(decoded(text.slice(at, equals)))) spans.add(equals + 1, end);
		at = end + 1;
	}
}

/** A name as it was meant: a secret must not hide behind an escape. */
function decoded(name: string): string {
	const spaced = name.replaceAll("+", " ");
	if (!spaced.includes("%")) return spaced.toLowerCase();
	return spaced
		.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
		.toLowerCase();
}
