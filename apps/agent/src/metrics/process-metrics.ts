import process from "node:process";
import type { ReloadCounts } from "../config/reloader.ts";
import { liveHeapBytes } from "./live-heap.ts";
import { labelled, type MetricGroup, type MetricRow, type MetricValue, single } from "./metric-row.ts";

const STARTED_SECONDS = Date.now() / 1000 - process.uptime();

function gauge(name: string, help: string, values: () => readonly MetricValue[]): MetricRow {
	return { name, type: "gauge", help, labels: [], values };
}

function countsOf({ applied, refused, unchanged }: ReloadCounts): Record<string, number> {
	return { applied, refused, unchanged };
}

export const processMetrics: MetricGroup = {
	title: "The agent itself",
	about: "What the process is, what it needs, and how it does.",
	rows: [
		{
			name: "wirescribe_info",
			type: "gauge",
			help: "1; which version this is, and what runs it.",
			labels: ["version", "runtime"],
			values: ({ version, runtime }) => [[1, { version, runtime }]],
		},
		{
			name: "wirescribe_ready",
			type: "gauge",
			help: "1 while /readyz says so.",
			labels: [],
			values: ({ ready }) => single(Number(ready)),
		},
		{
			name: "wirescribe_config_stale",
			type: "gauge",
			help: "1 while the last reload of the configuration was refused: the one before goes on. Only with a file, as the next one.",
			labels: [],
			values: ({ reloads }) => single(reloads && Number(reloads.stale)),
		},
		{
			name: "wirescribe_config_reloads_total",
			type: "counter",
			help: "Reloads of the configuration, by what became of them: applied, refused, or unchanged.",
			labels: ["result"],
			values: ({ reloads }) => labelled("result", reloads && countsOf(reloads)),
		},
		{
			name: "wirescribe_kubernetes_synced",
			type: "gauge",
			help: "1 when the first lists of the API server are complete. Only with Kubernetes, as the next two.",
			labels: [],
			values: ({ session }) => single(session?.kubernetes && Number(session.kubernetes.synced)),
		},
		{
			name: "wirescribe_kubernetes_pods",
			type: "gauge",
			help: "Pods of this node that are known.",
			labels: [],
			values: ({ session }) => single(session?.kubernetes?.pods),
		},
		{
			name: "wirescribe_kubernetes_failures_total",
			type: "counter",
			help: "Requests to the API server that failed.",
			labels: [],
			values: ({ session }) => single(session?.kubernetes?.failures),
		},
		{
			name: "wirescribe_log_lines_total",
			type: "counter",
			help: "Lines that the agent wrote on stderr about itself, by level.",
			labels: ["level"],
			values: ({ log }) => labelled("level", log.written),
		},
		{
			name: "wirescribe_log_lines_repeated_total",
			type: "counter",
			help: "Lines that were like one before and only counted.",
			labels: [],
			values: ({ log }) => single(log.repeated),
		},
		{
			name: "process_cpu_seconds_total",
			type: "counter",
			help: "CPU time of the process, by where it was spent. Not that of the programs in the kernel.",
			labels: ["mode"],
			values: () => {
				const { user, system } = process.cpuUsage();
				return labelled("mode", { user: user / 1e6, system: system / 1e6 });
			},
		},
		gauge("process_resident_memory_bytes", "Memory of the process.", () => single(process.memoryUsage().rss)),
		gauge("process_heap_bytes", "Of this, the JavaScript heap of the main thread that is in use.", () =>
			single(process.memoryUsage().heapUsed),
		),
		gauge("process_live_heap_bytes", "Of the heap, what the last full collection left: not in Deno and Bun.", () =>
			single(liveHeapBytes()),
		),
		gauge("process_start_time_seconds", "When the process started, since 1970.", () => single(STARTED_SECONDS)),
	],
};
