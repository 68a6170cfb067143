import { planOutput } from "../output/outlets.ts";
import type { Config, Effective, Source } from "./config.ts";
import { type Setting, type SettingValue, showValue } from "./setting.ts";
import { partitionsOf, showBytes } from "./tuning.ts";

/** Stands for a secret. */
const MASK = "***";

/** What holds of one key, without secrets: for `print-config --json`. */
export interface Printed {
	readonly key: string;
	/** Null: nothing. */
	readonly value: SettingValue | null;
	readonly source: string;
}

export function printed(config: Config): Printed[] {
	return config.values.map((one) => {
		const { setting, source } = one;
		const value = one.value ?? defaultOf(config, setting);
		return { key: setting.key, value: value !== null && setting.secret ? MASK : value, source: sourceText(source) };
	});
}

/** A value as a line shows it, without secrets. */
export function shownValue({ setting, value }: Effective): string {
	const text = value === undefined ? setting.default : showValue(value);
	return text !== "" && setting.secret ? MASK : text;
}

/** What holds where nobody said anything; some of it follows from the rest. */
function defaultOf({ options }: Config, { key, type, default: text }: Setting): SettingValue | null {
	switch (key) {
		case "access_log.exclude_namespaces":
			return options.selection.excludeNamespaces;
		case "access_log.output":
			return planOutput(options).lines ?? null;
		case "capture.partitions":
			return String(partitionsOf(options));
		case "capture.ring_size":
			return showBytes(options.ringBytes);
		default:
			return text === "" ? null : type.kind === "boolean" ? text === "true" : text;
	}
}

/** Who said so. */
export function sourceText(source: Source): string {
	switch (source.kind) {
		case "flag":
			return source.flag;
		case "env":
			return source.variable;
		case "file": {
			const from = source.from.length > 0 ? ` ($${source.from.join(", $")})` : "";
			return `${source.at.file}:${source.at.line}${from}`;
		}
		default:
			return "default";
	}
}

/** Names, values and a third column, each as wide as it has to be. */
export function columns(rows: readonly (readonly string[])[]): string {
	const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => (row[column] ?? "").length)));
	return rows
		.map(
			(row) =>
				`${row
					.map((cell, column) => cell.padEnd(widths[column] ?? 0))
					.join("  ")
					.trimEnd()}\n`,
		)
		.join("");
}
