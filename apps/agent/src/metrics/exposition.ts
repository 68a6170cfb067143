import { type Metric, Registry } from "prom-client";
import type { HistogramSeries, MetricGroup, MetricRow, MetricsSnapshot } from "./metric-row.ts";

/** A value as prom-client's registry writes it. */
interface ShownValue {
	readonly metricName?: string;
	readonly labels: Readonly<Record<string, string | number>>;
	readonly value: number;
}

/** A table of metrics as text for a scraper. */
export class Exposition {
	readonly #registry = new Registry();
	#snapshot: MetricsSnapshot | undefined;

	constructor(groups: readonly MetricGroup[]) {
		for (const row of groups.flatMap(({ rows }) => rows)) this.#register(row);
	}

	get contentType(): string {
		return this.#registry.contentType;
	}

	/** All metrics of one snapshot. They are read before this returns its promise, so that scrapes do not mix. */
	text(snapshot: MetricsSnapshot): Promise<string> {
		this.#snapshot = snapshot;
		return this.#registry.metrics();
	}

	/** Counted elsewhere, on other threads, values are only shown here: prom-client's own metrics would count them again. */
	#register(row: MetricRow): void {
		const { name, help, type } = row;
		const get = () => Promise.resolve({ name, help, type, values: valuesOf(row, this.#snapshot as MetricsSnapshot) });
		this.#registry.registerMetric({ name, help, type, get } as unknown as Metric);
	}
}

function valuesOf(row: MetricRow, snapshot: MetricsSnapshot): ShownValue[] {
	if (row.type === "histogram") {
		return row.series(snapshot).flatMap((series) => histogramValues(row.name, row.bounds, series));
	}
	return row.values(snapshot).map(([value, labels = {}]) => ({ labels, value }));
}

function histogramValues(
	name: string,
	bounds: readonly number[],
	{ counts, labels, sum }: HistogramSeries,
): ShownValue[] {
	let total = 0;
	const buckets = counts.map((count, index): ShownValue => {
		total += count;
		return { metricName: `${name}_bucket`, labels: { ...labels, le: bounds[index] ?? "+Inf" }, value: total };
	});
	return [
		...buckets,
		{ metricName: `${name}_sum`, labels, value: sum },
		{ metricName: `${name}_count`, labels, value: total },
	];
}
