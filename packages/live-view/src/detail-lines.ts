import { formatBytes, formatDuration, type JsonMessage, type JsonTransaction } from "@wirescribe/access-log";
import type { FrameLine, Tone } from "./frame.ts";
import { endpointOf, processOf } from "./grouping.ts";
import { line, span, wrap } from "./lines.ts";
import { statusTone } from "./request-lines.ts";
import { padTo } from "./text-width.ts";

const LABEL_WIDTH = 12;

type Row = readonly [label: string, value: string | undefined, tone?: Tone];

function sizeText(size: JsonMessage | null): string {
	if (size === null) return "not seen";
	return `${formatBytes(size.header_bytes)} head, ${formatBytes(size.body_bytes)} body`;
}

function ownProcess({ comm, pid, exe, uid }: JsonTransaction): string {
	const facts = [exe, uid === undefined ? undefined : `uid ${uid}`].filter((fact) => fact !== undefined);
	return [processOf({ comm, pid }), ...facts].join(" · ");
}

function traceText({ trace }: JsonTransaction): string | undefined {
	return trace ? `${trace.trace_id} span ${trace.span_id ?? "-"} (${trace.provider})` : undefined;
}

function workloadText(workload: JsonTransaction["kubernetes"]): string | undefined {
	if (!workload) return undefined;
	const { namespace, pod, container, owner, service } = workload;
	return [`${namespace}/${pod ?? service}`, container, owner, service].filter((part) => part).join(" · ");
}

function rows(tx: JsonTransaction, describe: (reason: string) => string | undefined): readonly Row[] {
	const request = tx.method === null ? "(not seen)" : `${tx.method} ${tx.path ?? ""}`;
	const reasons = tx.partial.map((reason): Row => {
		const why = describe(reason);
		return ["partial", why === undefined ? reason : `${reason}: ${why}`, "warn"];
	});
	return [
		["request", request, "strong"],
		["endpoint", tx.method === null ? undefined : endpointOf(tx)],
		["host", tx.host ?? undefined],
		["status", tx.status === null ? "no response" : String(tx.status), statusTone(tx.status)],
		["began", tx.time],
		["took", formatDuration(tx.duration_ms * 1e6)],
		["protocol", `${tx.protocol}${tx.tls ? " inside TLS" : ""}`],
		["sent", sizeText(tx.request)],
		["answered", sizeText(tx.response)],
		["seen by", `the ${tx.role}, in ${tx.operations} calls`],
		["process", ownProcess(tx)],
		["container", tx.container],
		["workload", workloadText(tx.kubernetes)],
		["local", tx.local],
		["remote", tx.remote],
		["real peer", tx.peer],
		["other end", tx.remote_process ? processOf(tx.remote_process) : undefined],
		["", workloadText(tx.remote_kubernetes)],
		["trace", traceText(tx)],
		...reasons,
	];
}

/** All that is known of one exchange, as lines; long values go on in the next one. */
export function detailLines(
	width: number,
	tx: JsonTransaction,
	describe: (reason: string) => string | undefined,
): FrameLine[] {
	const room = Math.max(10, width - LABEL_WIDTH - 2);
	return rows(tx, describe).flatMap(([label, value, tone = "plain"]) => {
		if (value === undefined) return [];
		return wrap(value, room).map((text, at) =>
			line(width, [span(` ${padTo(at === 0 ? label : "", LABEL_WIDTH)}`, "dim"), span(text, tone)]),
		);
	});
}
