import { LEVELS, type Level } from "./check.ts";
import type { Cell, Measured } from "./measure.ts";

/** What was aimed at on Node: how many times the runtime's llhttp, by level and case. */
const GOALS: Readonly<Record<Level, Readonly<Record<string, number>>>> = {
	lazy: { a: 4, b: 3, c: 4, d: 12, e: 4, f: 2.5, g: 12 },
	strings: { a: 2.5, b: 2, c: 2.5, d: 6, e: 2.5, f: 1.8, g: 6 },
	kept: {},
	observed: { a: 1.5, b: 1.3, c: 2, d: 4, e: 1.5, f: 1.2, g: 4 },
};
const TITLES: Readonly<Record<Level, string>> = {
	lazy: "core: start line and three values read",
	strings: "core: every header made a string",
	kept: "messages that may be kept: the same as at the first level",
	observed: "whole observed path: both directions, ids, times, pairs",
};

/** One runtime's results as Markdown. */
export function tableOf(measured: Measured): string {
	const parts = [`### ${measured.runtime}`, ""];
	for (const level of LEVELS) {
		const cells = measured.cells.filter((cell) => cell.level === level);
		if (cells.length > 0) parts.push(comparison(level, cells, measured.runtime.startsWith("Node")), "");
	}
	if (measured.growth.length > 0) parts.push(growth(measured), "");
	if (measured.idle !== undefined) {
		const { connections, bytesEach, restingBytesEach } = measured.idle;
		const [awake, resting] = [bytesEach, restingBytesEach].map(Math.round);
		parts.push(`${connections} idle keep-alive connections hold ${awake} bytes each, ${resting} when they rest.`, "");
	}
	for (const missing of measured.missing) parts.push(`Did not take part: ${missing}.`, "");
	return parts.join("\n");
}

function comparison(level: Level, cells: readonly Cell[], goals: boolean): string {
	const names = cells[0]!.results.map(({ name }) => name);
	const columns = [`${TITLES[level]} (ns a message)`, ...names, ...names.slice(1).map((name) => `faster than ${name}`)];
	const rows = cells.map((cell) => {
		const [ours, ...others] = cell.results;
		const ratios = others.map(({ nsPerMessage }) => (nsPerMessage / ours!.nsPerMessage).toFixed(2));
		const llhttp = names.indexOf("runtime's llhttp") - 1;
		if (goals && llhttp >= 0) {
			const goal = GOALS[level][cell.case];
			if (goal !== undefined) ratios[llhttp] += ` (goal ${goal})`;
		}
		const times = cell.results.map((one) => `${Math.round(one.nsPerMessage)} ±${Math.round(one.spread * 50)} %`);
		return [`${cell.case} ${cell.title}, ${Math.round(cell.bytes)} B`, ...times, ...ratios];
	});
	return markdown(columns, rows);
}

function growth({ growth: shapes }: Measured): string {
	const rows = shapes.map(({ name, halfMs, fullMs, read }) => {
		const ratio = fullMs / halfMs;
		const verdict = read.startsWith("WRONG") ? "" : `${ratio.toFixed(2)}${ratio > 2.3 ? " (more than 2.3)" : ""}`;
		return [name, halfMs.toFixed(2), fullMs.toFixed(2), verdict, read];
	});
	return markdown(["growth", "half the input, ms", "all of it, ms", "ratio", "read"], rows);
}

/** A Markdown table. */
export function markdown(columns: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
	return [line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
}
