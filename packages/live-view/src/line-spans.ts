import { formatBytes, formatDuration, type JsonMessage, type JsonTransaction } from "@wirescribe/access-log";
import type { Span } from "./frame.ts";
import { processOf } from "./grouping.ts";
import { span } from "./lines.ts";
import { statusTone } from "./request-lines.ts";

/** One second is long for anybody. */
const SLOW_MS = 1_000;

function sizeText(size: JsonMessage | null): string {
	return size === null ? "-" : formatBytes(size.header_bytes + size.body_bytes);
}

/** The two ends, the client first: each process stands with its end. */
function ends(tx: JsonTransaction): readonly Span[] {
	const own = [...(tx.pid === null ? [] : [span(processOf(tx), "accent"), span(" ")]), span(tx.local, "dim")];
	const other = [
		...(tx.remote_process ? [span(processOf(tx.remote_process)), span(" ")] : []),
		span(tx.peer ?? tx.remote, "dim"),
	];
	const arrow = span(" → ", "dim");
	return tx.role === "server" ? [...other, arrow, ...own] : [...own, arrow, ...other];
}

/**
 * One transaction as one line for people:
 *
 * ```text
 * 01:44:05.123 200   1.2ms GET /index.html  curl(811) 127.0.0.1:40312 → nginx(812) 127.0.0.1:80  78B > 853B
 * ```
 */
export function lineSpans(tx: JsonTransaction): readonly Span[] {
	const status = tx.status === null ? "---" : String(tx.status);
	const took = formatDuration(tx.duration_ms * 1e6).padStart(6);
	const request =
		tx.method === null ? [span("(request not seen)", "warn")] : [span(tx.method, "strong"), span(` ${tx.path ?? ""}`)];
	return [
		span(`${tx.time.slice(11, 23)} `, "dim"),
		span(status, statusTone(tx.status)),
		span(` ${took} `, tx.duration_ms >= SLOW_MS ? "warn" : "plain"),
		...request,
		span(tx.host === null ? "  " : `  ${tx.host}  `, "dim"),
		...ends(tx),
		span(`  ${sizeText(tx.request)} > ${sizeText(tx.response)}`, "dim"),
		...(tx.partial.length === 0 ? [] : [span(`  [${tx.partial.join(", ")}]`, "warn")]),
	];
}
