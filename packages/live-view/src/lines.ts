import { printable } from "@wirescribe/access-log";
import type { FrameLine, Span, Tone } from "./frame.ts";
import { clip, padTo, textWidth } from "./text-width.ts";

/** A piece of text; what the wire put into it is made harmless. */
export function span(text: string, tone: Tone = "plain"): Span {
	return { text: printable(text), tone };
}

/** A line of these pieces, cut where the frame ends. */
export function line(width: number, spans: readonly Span[], inverse = false): FrameLine {
	const kept: Span[] = [];
	let left = width;
	for (const { text, tone } of spans) {
		const clipped = clip(text, left);
		if (clipped === "") continue;
		kept.push({ text: clipped, tone });
		left -= textWidth(clipped);
	}
	if (inverse && left > 0) kept.push({ text: " ".repeat(left), tone: "plain" });
	return { spans: kept, inverse };
}

/** An inverted line with something at either end. */
export function bar(width: number, left: string, right: string): FrameLine {
	const end = ` ${printable(right)} `;
	return line(width, [span(padTo(` ${printable(left)}`, Math.max(0, width - textWidth(end)))), span(end)], true);
}

/** Exactly as many lines as there is room for. */
export function fill(lines: readonly FrameLine[], height: number): FrameLine[] {
	const empty: FrameLine = { spans: [], inverse: false };
	return Array.from({ length: height }, (_, at) => lines[at] ?? empty);
}

/** The part of a list that fits, such that the cursor is in it. */
export function windowAround<T>(items: readonly T[], cursor: number, height: number): readonly T[] {
	const first = Math.max(0, Math.min(cursor - Math.floor(height / 2), items.length - height));
	return items.slice(first, first + height);
}

/** Text in lines of at most `width` columns. */
export function wrap(text: string, width: number): string[] {
	const lines: string[] = [];
	let current = "";
	for (const character of printable(text)) {
		if (textWidth(current + character) > width) {
			lines.push(current);
			current = "";
		}
		current += character;
	}
	return [...lines, current];
}
