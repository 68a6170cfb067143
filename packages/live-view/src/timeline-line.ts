import type { FrameLine } from "./frame.ts";
import { line, span } from "./lines.ts";
import { textWidth } from "./text-width.ts";
import type { Timeline } from "./timeline.ts";

/** Minutes, seconds and tenths since the recording began. */
function clock(ms: number): string {
	const tenths = Math.floor(ms / 100);
	const minutes = Math.floor(tenths / 600);
	return `${minutes}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
}

/** Where a recording is: ` ▶ 0:12.3 ━━━━●──── 1:00.0 2x`. */
export function timelineLine(width: number, { positionMs, fromMs, toMs, playing, speed }: Timeline): FrameLine {
	const before = ` ${playing ? "▶" : "■"} ${clock(positionMs - fromMs)} `;
	const after = ` ${clock(toMs - fromMs)}  ${speed}x `;
	const track = Math.max(1, width - textWidth(before) - textWidth(after) - 1);
	const done = Math.round(((positionMs - fromMs) / (toMs - fromMs)) * track);
	return line(width, [
		span(before, playing ? "good" : "warn"),
		span("━".repeat(done), "accent"),
		span("●", "strong"),
		span("─".repeat(track - done), "dim"),
		span(after),
	]);
}
