import type { MetricGroup, MetricRow } from "../../apps/agent/src/metrics/metric-row.ts";
import { METRIC_GROUPS } from "../../apps/agent/src/metrics/metric-table.ts";

const INTRODUCTION = `# Metrics

\`wirescribe run --metrics-listen 127.0.0.1:9465\` serves three pages:

| page | what it says |
| --- | --- |
| \`/metrics\` | everything below, in Prometheus' text format; all figures of a scrape are of one moment |
| \`/healthz\` | 200 while the process and its partitions answer, else 503: for a liveness probe |
| \`/readyz\` | 200 when everything that was asked for is there, else 503; one line for each thing, what is missing by name: for a readiness probe |

Nothing listens unless asked: several agents may run on one machine, who can reach the port learns which endpoints its
services have, and counting by endpoint costs CPU. Bind it to loopback or to the node's address, not to all interfaces. The agent never logs
requests for these pages, neither its own end nor the scraper's where that is on the same machine.

On SIGUSR2 the agent shows its ledger on stderr, and writes its whole state as JSON (connections, queues, lanes, attached probes, ledger) to
\`--state-file FILE\`, else to stderr. Its own messages are lines of text, or with \`--log-format json\` of JSON, on stderr; a line that repeats within five
seconds is counted, and written once more with how often it came.
`;

/** docs/metrics.md, from the table that /metrics is made from. */
export function metricsPage(): string {
	return `${INTRODUCTION}\n${METRIC_GROUPS.map(groupText).join("\n")}`;
}

function groupText({ title, about, rows }: MetricGroup): string {
	const head = "| metric | type | labels | meaning |\n| --- | --- | --- | --- |";
	return `## ${title}\n\n${about}\n\n${head}\n${rows.map(rowText).join("\n")}\n`;
}

function rowText({ name, type, labels, help }: MetricRow): string {
	const names = labels.map((label) => `\`${label}\``).join(", ");
	return `| \`${name}\` | ${type} | ${names} | ${help.replaceAll("|", "\\|")} |`;
}
