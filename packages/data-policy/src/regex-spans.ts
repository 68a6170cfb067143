import type { RE2JS } from "re2js";
import type { Spans } from "./spans.ts";

/** So many places a rule finds in one text; what follows the last of them is masked as a whole. */
export const MAX_PLACES = 100;

/**
 * Finds every place of the expression. Each search is linear in the text (RE2), and their number is bounded: so is the sum, also for
 * expressions that look at all of the text to find one letter of it.
 */
export function regexSpans(regex: RE2JS, text: string, spans: Spans): void {
	// Most texts have none, and that is told at a fraction of the cost.
	if (!regex.test(text)) return;
	const matcher = regex.matcher(text);
	for (let places = 0; matcher.find(); places++) {
		if (places === MAX_PLACES) {
			spans.add(matcher.start(), text.length);
			return;
		}
		spans.add(matcher.start(), matcher.end());
	}
}
