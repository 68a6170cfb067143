import { formatBytes, formatDuration, type JsonTransaction, printable } from "@wirescribe/access-log";
import type { FrameLine, Tone } from "./frame.ts";
import { peerOf, processOf } from "./grouping.ts";
import { line, span } from "./lines.ts";
import { padTo } from "./text-width.ts";

/** Wide enough to show the other end, too. */
const WITH_PEER = 110;
const PROCESS_WIDTH = 16;
const PEER_WIDTH = 22;

/** The tone of a status: none, or a 5xx, is bad. */
export function statusTone(status: number | null): Tone {
	if (status === null || status >= 500) return "bad";
	if (status >= 400) return "warn";
	return status >= 300 ? "accent" : "good";
}

/** The head of the list of exchanges. */
export function requestHead(width: number, title: string, focus: boolean): FrameLine {
	const tone = focus ? "accent" : "dim";
	const peer = width >= WITH_PEER ? `${padTo("PEER", PEER_WIDTH)} ` : "";
	return line(width, [
		span(` ${padTo("TIME", 12)} CODE ${padTo("TOOK", 6, "right")} ${padTo("SIZE", 6, "right")} `, tone),
		span(`${padTo("PROCESS", PROCESS_WIDTH)} ${peer}${title}`, tone),
	]);
}

/** One exchange. */
export function requestLine(width: number, tx: JsonTransaction, selected: boolean): FrameLine {
	const size = tx.response === null ? "-" : formatBytes(tx.response.header_bytes + tx.response.body_bytes);
	const what = tx.method === null ? "(request not seen)" : `${tx.method} ${tx.path ?? ""}`;
	const peer = width >= WITH_PEER ? `${padTo(printable(peerOf(tx)), PEER_WIDTH)} ` : "";
	return line(
		width,
		[
			span(` ${tx.time.slice(11, 23)} `, "dim"),
			span(padTo(tx.status === null ? "---" : String(tx.status), 4), statusTone(tx.status)),
			span(` ${padTo(formatDuration(tx.duration_ms * 1e6), 6, "right")} ${padTo(size, 6, "right")} `),
			span(`${padTo(printable(processOf(tx)), PROCESS_WIDTH)} ${peer}`, "dim"),
			span(what),
		],
		selected,
	);
}
