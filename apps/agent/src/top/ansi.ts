import type { FrameLine, Tone } from "@wirescribe/live-view";

/** Select Graphic Rendition (ECMA-48) for each tone: what a terminal's own colours make readable on any background. */
const SGR: Readonly<Record<Tone, string>> = {
	plain: "",
	dim: "2",
	strong: "1",
	accent: "36",
	good: "32",
	warn: "33",
	bad: "31;1",
};
const COLOURLESS: Readonly<Record<Tone, string>> = { ...SGR, accent: "", good: "", warn: "1", bad: "1" };

/** A line as a terminal takes it. Without colours what matters is bold, and what is chosen is inverted. */
export function ansiLine({ spans, inverse }: FrameLine, color: boolean): string {
	const codes = color ? SGR : COLOURLESS;
	let text = "";
	for (const span of spans) {
		// Within an inverted line colours would be a background of their own.
		const code = inverse ? "7" : codes[span.tone];
		text += code === "" ? span.text : `\u001b[${code}m${span.text}\u001b[0m`;
	}
	return text;
}
