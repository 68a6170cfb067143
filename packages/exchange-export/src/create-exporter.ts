import { curlExporter } from "./curl.ts";
import type { Exporter, ExportOptions } from "./exporter.ts";
import { harExporter } from "./har.ts";
import { k6Exporter } from "./k6.ts";
import { vitestExporter } from "./vitest-fixture.ts";

/** What exchanges can be exported as. */
export const EXPORT_FORMATS = ["har", "curl", "k6", "vitest"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const EXPORTERS: Readonly<Record<ExportFormat, (options: ExportOptions) => Exporter>> = {
	har: harExporter,
	curl: curlExporter,
	k6: k6Exporter,
	vitest: vitestExporter,
};

/** What makes the text of a format. */
export function createExporter(format: ExportFormat, options: ExportOptions): Exporter {
	return EXPORTERS[format](options);
}
