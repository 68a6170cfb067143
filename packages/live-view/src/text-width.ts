import stringWidth from "string-width";

const graphemes: Intl.Segmenter = new Intl.Segmenter();
const ASCII = /^[\x20-\x7e]*$/;

/** How many columns a text takes in a terminal. */
export function textWidth(text: string): number {
	return ASCII.test(text) ? text.length : stringWidth(text);
}

/** The text in at most `width` columns; what does not fit is replaced by an ellipsis at the end. */
export function clip(text: string, width: number): string {
	if (width <= 0) return "";
	if (textWidth(text) <= width) return text;
	if (ASCII.test(text)) return `${text.slice(0, width - 1)}…`;
	let clipped = "";
	let columns = 0;
	for (const { segment } of graphemes.segment(text)) {
		columns += textWidth(segment);
		if (columns > width - 1) break;
		clipped += segment;
	}
	return `${clipped}…`;
}

/** The text in exactly `width` columns. */
export function padTo(text: string, width: number, align: "left" | "right" = "left"): string {
	const clipped = clip(text, width);
	const space = " ".repeat(Math.max(0, width - textWidth(clipped)));
	return align === "left" ? clipped + space : space + clipped;
}
