import type { RecordCounts } from "@wirescribe/pipeline";
import type { HandoverCounts } from "../handover/handover-output.ts";
import type { DeliveryState } from "../output/outlet.ts";
import { type MetricGroup, type MetricRow, type MetricsSnapshot, single } from "./metric-row.ts";

function row(
	type: "counter" | "gauge",
	name: string,
	help: string,
	value: (counts: RecordCounts) => number,
): MetricRow {
	const values = ({ session }: MetricsSnapshot) => single(session && value(session.ledger.records));
	return { name: `wirescribe_records_${name}`, type, help, labels: [], values };
}

function lane(name: string, help: string, value: (lane: DeliveryState["lanes"][number]) => number): MetricRow {
	const values = ({ session }: MetricsSnapshot) =>
		(session?.delivery.lanes ?? []).map((one, index) => [value(one), { lane: String(index) }] as const);
	return { name: `wirescribe_lane_${name}`, type: "gauge", help, labels: ["lane"], values };
}

function handover(name: string, help: string, value: (counts: HandoverCounts) => number): MetricRow {
	const values = ({ session }: MetricsSnapshot) =>
		single(session?.partitions.reduce((sum, one) => sum + value(one.handover), 0));
	return { name: `wirescribe_handover_${name}_total`, type: "counter", help, labels: [], values };
}

export const deliveryMetrics: MetricGroup = {
	title: "Delivery",
	about:
		"Where the records are: `accepted = acked + retained + spooled + lost`. With a backend these are the messages for it, else the lines on stdout. A lane is one connection to the backend.",
	rows: [
		row("counter", "accepted_total", "Records that were handed to delivery.", ({ accepted }) => accepted),
		row(
			"counter",
			"acked_total",
			"Records that the backend has acknowledged, or that were written to stdout.",
			({ acked }) => acked,
		),
		row("gauge", "retained", "Records in memory that are not acknowledged.", ({ retained }) => retained),
		row("gauge", "spooled", "Records that are on disk only.", ({ spooled }) => spooled),
		row(
			"counter",
			"resent_total",
			"Records sent again that may have arrived: possible duplicates.",
			({ resent }) => resent.records,
		),
		{
			name: "wirescribe_records_retained_bytes",
			type: "gauge",
			help: "Bytes of the records in memory.",
			labels: [],
			values: ({ session }) => single(session?.delivery.retainedBytes),
		},
		lane("connected", "1 while the lane has a connection.", ({ connected }) => Number(connected)),
		lane("healthy", "0 while what the lane tried last has failed.", ({ healthy }) => Number(healthy)),
		lane("in_flight_streams", "Streams that are open.", ({ inFlight }) => inFlight),
		lane("pending_units", "Units that are not acknowledged.", ({ pendingUnits }) => pendingUnits),
		lane("pending_bytes", "Bytes of these units.", ({ pendingBytes }) => pendingBytes),
		handover(
			"left",
			"Records left to the agent before or after this one, while both were reading.",
			({ left }) => left,
		),
		handover(
			"possible_doubles",
			"Requests so near to the change of agents that both may have written them.",
			({ possibleDoubles }) => possibleDoubles,
		),
	],
};
