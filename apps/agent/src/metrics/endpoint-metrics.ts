import { DURATION_BOUNDS, OUTCOMES } from "@wirescribe/pipeline";
import type { MetricGroup } from "./metric-row.ts";

export const endpointMetrics: MetricGroup = {
	title: "Requests",
	about:
		"Rate, errors and duration of the requests that the filter means, whether the sample and the rate limits let them into the log or not. An endpoint is method and path template (`GET /orders/{id}`): numbers, ids and tokens in a path are `{id}`, queries are left out. At most 100 endpoints have series of their own, the ones that were answered first; later ones, unknown methods, and paths that were only ever answered with 400, 404, 405 or 414 are `other`. A request between two processes of this machine counts twice, once for each `role`.",
	rows: [
		{
			name: "wirescribe_http_requests_total",
			type: "counter",
			help: 'Requests by how they were answered (status 1xx to 5xx; none: no answer was seen). Errors: status=~"5xx|none".',
			labels: ["endpoint", "role", "status"],
			values: ({ endpoints }) =>
				endpoints.flatMap(({ endpoint, role, outcomes }) =>
					OUTCOMES.map((status, index) => [outcomes[index] ?? 0, { endpoint, role, status }] as const),
				),
		},
		{
			name: "wirescribe_http_request_duration_seconds",
			type: "histogram",
			help: "From the first operation of the request to the last one of its answer, as this side saw it.",
			labels: ["endpoint", "role"],
			bounds: DURATION_BOUNDS,
			series: ({ endpoints }) =>
				endpoints.map(({ endpoint, role, durations, durationSumSeconds }) => ({
					labels: { endpoint, role },
					counts: durations,
					sum: durationSumSeconds,
				})),
		},
	],
};
