import type { ProgramCost } from "@wirescribe/bpf-programs";
import { labelled, type MetricGroup, type MetricRow, type MetricsSnapshot, single } from "./metric-row.ts";

type Counters = NonNullable<MetricsSnapshot["session"]>["counters"];

function counter(name: string, help: string, value: (counters: Counters) => number): MetricRow {
	const values = ({ session }: MetricsSnapshot) => single(session && value(session.counters));
	return { name: `wirescribe_kernel_${name}_total`, type: "counter", help, labels: [], values };
}

function program(name: string, help: string, value: (cost: ProgramCost) => number): MetricRow {
	const values = ({ session }: MetricsSnapshot) =>
		(session?.programs ?? []).filter(({ runs }) => runs > 0).map((one) => [value(one), { program: one.name }] as const);
	return { name: `wirescribe_kernel_program_${name}`, type: "counter", help, labels: ["program"], values };
}

export const kernelMetrics: MetricGroup = {
	title: "Kernel and queues",
	about: "What the programs in the kernel saw and handed on, and how full the queues to user space are.",
	rows: [
		counter("operations_seen", "System calls and TLS calls that the programs looked at.", ({ seen }) => seen),
		{
			name: "wirescribe_kernel_operations_skipped_total",
			type: "counter",
			help: "Operations left out on purpose, by reason.",
			labels: ["reason"],
			values: ({ session }) => labelled("reason", session?.ledger.operations?.skipped),
		},
		counter("operations_submitted", "Operations that went into a queue.", ({ submitted }) => submitted),
		counter("bytes_submitted", "Bytes that went into the queues, headers included.", (one) => one.bytes_submitted),
		counter(
			"request_starts_seen",
			"Operations that looked like the start of a request.",
			(one) => one.request_starts_seen,
		),
		counter(
			"response_starts_seen",
			"Operations that looked like the start of a response.",
			(one) => one.response_starts_seen,
		),
		counter(
			"payload_faults",
			"Operations whose bytes could not be copied; they are logged without.",
			(one) => one.payload_faults,
		),
		counter("sockets_born", "Sockets that the programs began to watch.", (one) => one.sockets_born),
		counter("sockets_ended", "Of these, sockets whose end was seen.", (one) => one.sockets_ended),
		counter(
			"wakeups",
			"Times a reader was woken; while traffic flows it polls and nobody is.",
			({ wakeups }) => wakeups,
		),
		{
			name: "wirescribe_kernel_programs_attached",
			type: "gauge",
			help: "Places that programs are attached to, without TLS.",
			labels: [],
			values: ({ session }) => single(session?.attached.length),
		},
		program("runs_total", "Runs of each program. Only with --measure-probes, as the next one.", ({ runs }) => runs),
		program("seconds_total", "Time that each program has run.", ({ runTimeNs }) => runTimeNs / 1e9),
		{
			name: "wirescribe_queue_bytes",
			type: "gauge",
			help: "Bytes in the queue that its partition has not read yet.",
			labels: ["partition"],
			values: ({ session }) =>
				(session?.partitions ?? []).map(({ queuedBytes }, index) => [queuedBytes, { partition: String(index) }]),
		},
		{
			name: "wirescribe_queue_capacity_bytes",
			type: "gauge",
			help: "Bytes that the queue can hold.",
			labels: ["partition"],
			values: ({ session }) =>
				(session?.partitions ?? []).map((_, index) => [session?.queueBytes ?? 0, { partition: String(index) }]),
		},
		{
			name: "wirescribe_partition_restarts_total",
			type: "counter",
			help: "Partitions whose thread had to be replaced.",
			labels: [],
			values: ({ session }) => single(session?.restarts),
		},
	],
};
