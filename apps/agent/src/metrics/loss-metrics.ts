import { EVENT_LOST, OPERATION_LOST, RECORD_LOST, REQUEST_LOST } from "@wirescribe/access-log";
import { type OperationCounts, type RecordCounts, sum } from "@wirescribe/pipeline";
import type { MetricGroup, MetricsSnapshot, MetricValue } from "./metric-row.ts";

/** Each reason of a list, also those that have not happened: an alert needs a series before its first loss. */
function losses(
	stage: string,
	reasons: Readonly<Record<string, string>>,
	counts: Readonly<Record<string, number>>,
): MetricValue[] {
	return Object.keys({ ...reasons, ...counts }).map((reason) => [counts[reason] ?? 0, { stage, reason }]);
}

function lost({ session }: MetricsSnapshot): MetricValue[] {
	if (!session) return [];
	const { messages, operations, records } = session.ledger;
	const { requestStartsLost } = messages;
	const { connections_lost, closes_lost, processes_lost } = session.counters;
	const events = { connection_event: connections_lost, close_event: closes_lost, process_event: processes_lost };
	return [
		...losses("kernel", OPERATION_LOST, { ...operations?.lost, missed: operations?.programRunMisses ?? 0 }),
		...losses("kernel", EVENT_LOST, events),
		...losses("requests", REQUEST_LOST, {
			request_start: requestStartsLost,
			not_handed_out: messages.lost - requestStartsLost,
		}),
		...losses("delivery", RECORD_LOST, records.lost),
	];
}

function operationsImbalance({ seen, skipped, submitted, lost }: OperationCounts): number {
	return Math.abs(seen - sum(skipped) - submitted - sum(lost));
}

function recordsImbalance({ accepted, acked, retained, spooled, lost }: RecordCounts): number {
	return Math.abs(accepted - acked - retained - spooled - sum(lost));
}

function imbalance({ session }: MetricsSnapshot): MetricValue[] {
	if (!session) return [];
	const { operations, messages, records } = session.ledger;
	const { leftOut, requestStartsRead, requestStartsLost, requestStartsNotWatched } = messages;
	const { logged, partial, unpaired, lost, open } = messages;
	const ended = logged + partial + unpaired + sum(leftOut) + lost - requestStartsLost + open;
	return [
		...(operations ? [[operationsImbalance(operations), { identity: "operations" }] as const] : []),
		[Math.abs(requestStartsRead + requestStartsNotWatched - ended), { identity: "requests" }],
		[recordsImbalance(records), { identity: "records" }],
	];
}

export const lossMetrics: MetricGroup = {
	title: "Loss",
	about:
		"What should have been logged and was not, by the stage that lost it and the reason. Each reason, and what to do about it, is in [losses.md](losses.md). An alert on `rate(wirescribe_lost_total[5m]) > 0` misses nothing.",
	rows: [
		{
			name: "wirescribe_lost_total",
			type: "counter",
			help: "Lost, by stage and reason: operations in the kernel, requests between kernel and log, records in delivery.",
			labels: ["stage", "reason"],
			values: lost,
		},
		{
			name: "wirescribe_ledger_imbalance",
			type: "gauge",
			help: "What the ledger cannot account for: 0, or a defect (operations may be off by calls that are just being handled).",
			labels: ["identity"],
			values: imbalance,
		},
	],
};
