import { deliveryMetrics } from "./delivery-metrics.ts";
import { endpointMetrics } from "./endpoint-metrics.ts";
import { kernelMetrics } from "./kernel-metrics.ts";
import { lossMetrics } from "./loss-metrics.ts";
import type { MetricGroup } from "./metric-row.ts";
import { processMetrics } from "./process-metrics.ts";
import { protectionMetrics } from "./protection-metrics.ts";
import { readingMetrics } from "./reading-metrics.ts";

/** Endpoints that have series of their own; `other` stands for the rest. */
export const MAX_ENDPOINTS = 100;

/** Every metric that `/metrics` shows, in its order: what was lost comes first. docs/metrics.md is made from this table. */
export const METRIC_GROUPS: readonly MetricGroup[] = [
	lossMetrics,
	endpointMetrics,
	kernelMetrics,
	readingMetrics,
	deliveryMetrics,
	protectionMetrics,
	processMetrics,
];
