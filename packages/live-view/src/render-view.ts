import { formatBytes } from "@wirescribe/access-log";
import { formatCount, formatLatency, formatShare } from "./columns.ts";
import { detailLines } from "./detail-lines.ts";
import type { Frame, FrameLine } from "./frame.ts";
import { groupHead, groupLine } from "./group-lines.ts";
import { helpLines } from "./help-lines.ts";
import { bar, fill, line, span, windowAround } from "./lines.ts";
import type { ViewState } from "./live-view.ts";
import { requestHead, requestLine } from "./request-lines.ts";
import { timelineLine } from "./timeline-line.ts";

const KEYS = "q quit  p pause  g group  s sort  / filter  Tab requests  Enter look  ? help";
const RECORDING_KEYS = "q quit  Space play  ←→ seek  +- speed  g group  s sort  / filter  ? help";

/** One frame: the head, what is looked at, and what the keys do. */
export function renderView(view: ViewState, width: number, height: number): Frame {
	const head = headLines(view, width);
	const room = Math.max(0, height - head.length - 1);
	const bottom = view.prompt ? promptLine(view.prompt, width) : keysLine(view, width);
	return fill([...head, ...fill(body(view, width, room), room), bottom], height);
}

function body(view: ViewState, width: number, height: number): FrameLine[] {
	if (view.screen === "help") return helpLines(width, view.timeline !== undefined);
	if (view.screen === "detail") {
		const seen = view.requests[view.requestCursor];
		return seen ? [line(width, []), ...detailLines(width, seen.tx, view.describeReason)] : [];
	}
	if (view.only !== undefined) return requestLines(view, width, height, `REQUESTS of ${view.only}`, true);
	// The table gets what it needs, up to three fifths; the rest is the requests'.
	const tableHeight = Math.max(3, Math.min(view.groups.length + 1, Math.ceil(height * 0.6)));
	const table = groupLines(view, width, tableHeight);
	const requests = requestLines(view, width, height - table.length, "REQUEST", view.focus === "requests");
	return [...table, ...requests];
}

function headLines(view: ViewState, width: number): FrameLine[] {
	const clock = `${new Date(view.nowMs).toISOString().slice(11, 19)} UTC`;
	const lines = [bar(width, `wirescribe top · ${view.title}`, clock), totalLine(view, width), stateLine(view, width)];
	if (view.timeline) lines.push(timelineLine(width, view.timeline));
	if (view.notice !== undefined) lines.push(line(width, [span(` ${view.notice}`, "bad")]));
	return lines;
}

function totalLine({ model, nowMs }: ViewState, width: number): FrameLine {
	const { rate, count, failed, p50, p90, p99, requestRate, responseRate } = model.total(nowMs);
	return line(width, [
		span(` ${formatCount(rate)} req/s`, "strong"),
		span("  errors "),
		span(`${formatShare(failed, count)}%`, failed > 0 ? "bad" : "plain"),
		span(`  p50 ${formatLatency(p50)}  p90 ${formatLatency(p90)}  p99 ${formatLatency(p99)}`),
		span(`  in ${formatBytes(Math.round(requestRate))}/s  out ${formatBytes(Math.round(responseRate))}/s`),
	]);
}

function stateLine({ model, sort, descending, filterText, paused, missed }: ViewState, width: number): FrameLine {
	const by = sort.id === "name" ? "name" : sort.title;
	const spans = [
		span(` by ${model.grouping}, sorted by ${by}${descending ? "" : " upwards"}`, "dim"),
		span(model.once ? "" : " · both ends counted", "dim"),
		span(filterText === "" ? "" : ` · ${filterText}`, "accent"),
		span(paused ? ` · PAUSED, ${missed} requests not counted` : "", "warn"),
	];
	return line(
		width,
		spans.filter(({ text }) => text !== ""),
	);
}

function groupLines(view: ViewState, width: number, height: number): FrameLine[] {
	const { groups, groupCursor, sort, descending, focus, model } = view;
	const head = groupHead(width, model.grouping.toUpperCase(), sort, descending, focus === "groups");
	const rows = windowAround(groups, Math.max(0, groupCursor), height - 1);
	const selected = groups[groupCursor];
	const table = [head, ...rows.map((row) => groupLine(width, row, row === selected))];
	if (groups.length === 0) table.push(line(width, [span(" nothing in the last minute", "dim")]));
	return fill(table, height);
}

function requestLines(view: ViewState, width: number, height: number, title: string, focus: boolean): FrameLine[] {
	if (height <= 0) return [];
	const { requests, requestCursor } = view;
	const rows = windowAround(requests, Math.max(0, requestCursor), height - 1);
	const selected = requests[requestCursor];
	const list = rows.map((seen) => requestLine(width, seen.tx, seen === selected));
	return fill([requestHead(width, title, focus), ...list], height);
}

function keysLine({ screen, only, timeline }: ViewState, width: number): FrameLine {
	if (screen === "help") return bar(width, "any key goes back", "");
	if (screen === "detail") return bar(width, "Esc back  Up Down the next one  q quit", "");
	if (only !== undefined) return bar(width, "Esc back  Up Down move  Enter look closer  q quit", "");
	return bar(width, timeline ? RECORDING_KEYS : KEYS, "");
}

function promptLine({ text, error }: NonNullable<ViewState["prompt"]>, width: number): FrameLine {
	const trouble = error === undefined ? [] : [span(`  ${error}`, "bad")];
	return line(width, [span(" filter: ", "accent"), span(text), span("▏", "accent"), ...trouble]);
}
