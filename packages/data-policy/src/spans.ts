/** What stands for what was masked. */
export const MASK = "x";

interface Span {
	readonly from: number;
	to: number;
	readonly mask: string;
}

/** Places of one text that must not leave. Rules find them in the text as it was seen, so that none depends on another one. */
export class Spans {
	readonly #spans: Span[] = [];

	get isEmpty(): boolean {
		return this.#spans.length === 0;
	}

	/** From `from` up to `to`, UTF-16 units; what stands for it may be longer. */
	add(from: number, to: number, mask: string = MASK): void {
		if (to > from) this.#spans.push({ from, to, mask });
	}

	/** The places of a part of the text, which begins at `offset` of it. */
	addAll(part: Spans, offset: number): void {
		for (const { from, to, mask } of part.#spans) this.add(from + offset, to + offset, mask);
	}

	/** The first `length` units of the text with all places masked; of several that overlap, one mask stands for all. */
	render(text: string, length: number = text.length): string {
		let rendered = "";
		let at = 0;
		for (const { from, to, mask } of this.#merged()) {
			if (from >= length) break;
			rendered += text.slice(at, from) + mask;
			at = to;
		}
		return at < length ? rendered + text.slice(at, length) : rendered;
	}

	#merged(): readonly Span[] {
		const merged: Span[] = [];
		for (const span of this.#spans.sort((a, b) => a.from - b.from || b.to - a.to)) {
			const last = merged.at(-1);
			if (last && span.from < last.to) last.to = Math.max(last.to, span.to);
			else merged.push({ ...span });
		}
		return merged;
	}
}
