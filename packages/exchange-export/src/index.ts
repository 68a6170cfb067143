/**
 * Exchanges of an access log for the tools that people use: HAR 1.2, curl commands, a k6 script, vitest fixtures.
 *
 * {@link createExporter} gives an {@link Exporter}, which turns parsed JSON lines into text, one exchange after the other, and keeps
 * nothing. What the log does not have (headers and bodies are in it when they were asked for) is said in the export, not made up.
 * Values come from the wire: in a shell, in a script, in JSON each stands so that it can do nothing but be a value.
 *
 * @module
 */
export { createExporter, EXPORT_FORMATS, type ExportFormat } from "./create-exporter.ts";
export type { Exporter, ExportOptions } from "./exporter.ts";
export { shellQuote } from "./shell-quote.ts";
