import { WATCHED_ALL } from "@wirescribe/bpf-programs";
import type { BudgetState, ProtectionState } from "../protection/protection.ts";
import { type MetricGroup, type MetricRow, type MetricsSnapshot, type MetricValue, single } from "./metric-row.ts";

function ofBudgets({ session }: MetricsSnapshot, values: (one: BudgetState) => readonly MetricValue[]): MetricValue[] {
	return Object.entries(session?.protection.budgets ?? {}).flatMap(([budget, state]) =>
		values(state).map(([value, labels]) => [value, { budget, ...labels }] as const),
	);
}

function ofSteps(
	name: string,
	help: string,
	value: (step: { readonly seconds: number; readonly entered: number }) => number,
): MetricRow {
	const each = ({ steps }: BudgetState) => Object.entries(steps).map(([step, one]) => [value(one), { step }] as const);
	const values = (snapshot: MetricsSnapshot) => ofBudgets(snapshot, each);
	return { name: `wirescribe_protection_${name}`, type: "counter", help, labels: ["budget", "step"], values };
}

function part(name: string, help: string, value: (throttle: ProtectionState["throttle"]) => number): MetricRow {
	const values = ({ session }: MetricsSnapshot) => single(session && value(session.protection.throttle));
	return { name: `wirescribe_protection_${name}`, type: "gauge", help, labels: [], values };
}

export const protectionMetrics: MetricGroup = {
	title: "Self-protection",
	about:
		"How the budgets are kept, if there are any: [self-protection.md](self-protection.md). What is left out by it is in `wirescribe_left_out_total` (`protection-sample`, `protection-shed`, `not-watched`).",
	rows: [
		{
			name: "wirescribe_protection_step",
			type: "gauge",
			help: "The step that is taken now, by its place in the order of the budget's steps; 0: everything is logged.",
			labels: ["budget"],
			values: (snapshot) => ofBudgets(snapshot, ({ level }) => [[level]]),
		},
		{
			name: "wirescribe_protection_usage_ratio",
			type: "gauge",
			help: "What was used in the last second, as a part of the budget.",
			labels: ["budget"],
			values: (snapshot) => ofBudgets(snapshot, ({ usage }) => [[usage]]),
		},
		ofSteps("seconds_total", "Time spent on each step.", ({ seconds }) => seconds),
		ofSteps("transitions_total", "Times that each step was come to from another one.", ({ entered }) => entered),
		part("sample_ratio", "The part of the traces that is logged, of those that the sample lets through.", (one) => {
			return one.sampleRatio;
		}),
		part("watched_ratio", "The part of the connections that is watched.", ({ watched }) => watched / WATCHED_ALL),
	],
};
