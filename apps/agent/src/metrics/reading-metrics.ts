import type { Ledger } from "@wirescribe/pipeline";
import { labelled, type MetricGroup, type MetricRow, type MetricsSnapshot, single } from "./metric-row.ts";

function row(type: "counter" | "gauge", name: string, help: string, value: (ledger: Ledger) => number): MetricRow {
	const values = ({ session }: MetricsSnapshot) => single(session && value(session.ledger));
	return { name: `wirescribe_${name}`, type, help, labels: [], values };
}

export const readingMetrics: MetricGroup = {
	title: "Reading",
	about: "What became of the operations: requests, their answers, and the connections that they came on.",
	rows: [
		row(
			"counter",
			"operations_drained_total",
			"Operations read from the queues.",
			({ operations }) => operations?.drained ?? 0,
		),
		row(
			"counter",
			"malformed_events_total",
			"Events that could not be read.",
			({ attribution }) => attribution.malformed,
		),
		{
			name: "wirescribe_operations_total",
			type: "counter",
			help: "Operations read, by what they were used for: part of a request, on their own, or neither.",
			labels: ["use"],
			values: ({ session }) => {
				if (!session) return [];
				const { attributed, plain, notHttp, late, leftOut, notSelected } = session.ledger.attribution;
				return labelled("use", {
					transaction: attributed,
					plain,
					not_http: notHttp,
					late,
					not_selected: notSelected,
					left_out: leftOut,
				});
			},
		},
		row(
			"counter",
			"request_starts_read_total",
			"Requests whose start was read.",
			({ messages }) => messages.requestStartsRead,
		),
		{
			name: "wirescribe_messages_total",
			type: "counter",
			help: "Requests by how they were logged: whole, with something unknown, without an answer; and answers without a request.",
			labels: ["outcome"],
			values: ({ session }) => {
				if (!session) return [];
				const { logged, partial, unpaired, unpairedResponses } = session.ledger.messages;
				return labelled("outcome", { logged, partial, unpaired, unpaired_response: unpairedResponses });
			},
		},
		{
			name: "wirescribe_message_reasons_total",
			type: "counter",
			help: "Why messages are partial or unpaired; one message may have several reasons.",
			labels: ["reason"],
			values: ({ session }) => labelled("reason", session?.ledger.messages.reasons),
		},
		{
			name: "wirescribe_left_out_total",
			type: "counter",
			help: "Requests that were not logged on purpose: by the filter, the sample, the rate limit, or to keep a budget.",
			labels: ["reason"],
			values: ({ session }) => labelled("reason", session?.ledger.messages.leftOut),
		},
		row("gauge", "requests_open", "Requests that wait for their answer.", ({ messages }) => messages.open),
		row("gauge", "connections_open", "Connections that are watched now.", ({ connections }) => connections.open),
		row("counter", "connections_closed_total", "Connections that have ended.", ({ connections }) => connections.closed),
		row(
			"counter",
			"connections_ended_unseen_total",
			"Of these, connections whose end was lost and found by asking the kernel.",
			({ connections }) => connections.endedUnseen,
		),
		row(
			"counter",
			"connections_evicted_total",
			"Of these, connections that had to make room for newer ones.",
			({ connections }) => connections.evicted,
		),
		row("counter", "tls_connections_total", "Connections that are TLS.", ({ tls }) => tls.connections),
		row(
			"counter",
			"tls_connections_read_total",
			"Of these, connections whose plaintext was seen.",
			({ tls }) => tls.read,
		),
		row("gauge", "tls_files_watched", "Files whose TLS functions are watched.", ({ tls }) => tls.watched.length),
		row(
			"gauge",
			"tls_processes_not_visible",
			"Processes that spoke TLS that cannot be read; the ledger names them.",
			({ tls }) => tls.notVisible.length,
		),
	],
};
