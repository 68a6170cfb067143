/** How a piece of text looks; the terminal side has a colour for each, or none. */
export type Tone = "plain" | "dim" | "strong" | "accent" | "good" | "warn" | "bad";

/** Text without any control character, in one tone. */
export interface Span {
	readonly text: string;
	readonly tone: Tone;
}

/** One line of a frame: never wider than it. */
export interface FrameLine {
	readonly spans: readonly Span[];
	/** Shown inverted: a title, or where the cursor is. */
	readonly inverse: boolean;
}

/** What a terminal shows: as many lines as it is high. */
export type Frame = readonly FrameLine[];

/** The text of a frame, for tests and for terminals without colours. */
export function frameText(frame: Frame): string {
	return frame
		.map(({ spans }) =>
			spans
				.map(({ text }) => text)
				.join("")
				.trimEnd(),
		)
		.join("\n");
}
