import type { EndpointCounts } from "@wirescribe/pipeline";
import type { ReloadCounts } from "../config/reloader.ts";
import type { SessionState } from "../live/session-state.ts";
import type { LogCounts } from "../logging/logger.ts";

/** What one scrape shows, of one moment: so the ledger's identities hold among the figures of a scrape. */
export interface MetricsSnapshot {
	readonly version: string;
	readonly runtime: string;
	/** Undefined until the programs are attached. */
	readonly session: SessionState | undefined;
	readonly endpoints: readonly EndpointCounts[];
	readonly log: LogCounts;
	readonly ready: boolean;
	/** Undefined: there is no configuration file. */
	readonly reloads: ReloadCounts | undefined;
}

export type MetricValue = readonly [value: number, labels?: Readonly<Record<string, string>>];

interface Described {
	readonly name: string;
	/** One sentence, with its unit where the name has none. */
	readonly help: string;
	readonly labels: readonly string[];
}

/** A metric: how it is called, what it means, and where its values are found in a snapshot. */
export type MetricRow =
	| (Described & {
			readonly type: "counter" | "gauge";
			readonly values: (snapshot: MetricsSnapshot) => readonly MetricValue[];
	  })
	| (Described & {
			readonly type: "histogram";
			/** Upper bounds; one class more is for what is above. */
			readonly bounds: readonly number[];
			readonly series: (snapshot: MetricsSnapshot) => readonly HistogramSeries[];
	  });

export interface HistogramSeries {
	readonly labels: Readonly<Record<string, string>>;
	/** In each class, not summed up. */
	readonly counts: readonly number[];
	readonly sum: number;
}

/** Metrics of one subject, for the documentation. */
export interface MetricGroup {
	readonly title: string;
	readonly about: string;
	readonly rows: readonly MetricRow[];
}

/** A value for each entry, the entry's name as label. */
export function labelled(label: string, counts: Readonly<Record<string, number>> | undefined): MetricValue[] {
	return Object.entries(counts ?? {}).map(([name, count]) => [count, { [label]: name }]);
}

/** One value without labels, if it is there. */
export function single(value: number | undefined): MetricValue[] {
	return value === undefined ? [] : [[value]];
}
