/** The benchmark's tables: medians over the rounds, ratios within the run. */
import { median, spread } from "../statistics.ts";
import type { Observer } from "./observers.ts";
import type { Turn } from "./turn.ts";

/** Turns by observer's name; `none` is the turn without one. */
export type Turns = ReadonlyMap<string, readonly Turn[]>;

export interface Results {
	readonly observers: readonly Observer[];
	readonly fixed: Turns;
	readonly ceiling: Turns;
	readonly rate: number;
}

const share = (turn: Turn): number => turn.logged / turn.expected;

/** Observer CPU per logged transaction, microseconds. The warm-up's share of what was logged is not of this load. */
function cpuPerLogged(turn: Turn): number {
	const measured = turn.made / (turn.made + turn.warm);
	return (turn.cpuSeconds * 1e6) / Math.max(1, turn.logged * measured);
}

function over(turns: Turns, name: string, pick: (turn: Turn) => number): number {
	return median((turns.get(name) ?? []).map(pick));
}

/** Lowest and highest, where the rounds differ: a noisy machine shows here. */
function range(turns: Turns, name: string, pick: (turn: Turn) => number, digits: number): string {
	const values = (turns.get(name) ?? []).map(pick);
	const show = (value: number): string => number(value, digits);
	return values.length < 2 ? show(median(values)) : spread(values, show);
}

function number(value: number, digits: number): string {
	return Number.isFinite(value)
		? value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })
		: "–";
}

function percent(value: number): string {
	// Rounded down: 100 % means every one.
	return Number.isFinite(value) ? `${(Math.floor(value * 10_000) / 100).toFixed(2)} %` : "–";
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
	return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

function fixedTable(results: Results, observers: readonly Observer[]): string {
	const { fixed } = results;
	const cost = (name: string): number => over(fixed, name, cpuPerLogged);
	const rows = observers.map(({ name, title }) => [
		title,
		number(
			over(fixed, name, (turn) => turn.expected),
			0,
		),
		percent(over(fixed, name, share)),
		range(fixed, name, cpuPerLogged, 2),
		`${number(cost(name) / cost("httpry"), 2)} x`,
		`${number(cost(name) / cost("tshark"), 2)} x`,
		number(over(fixed, name, (turn) => turn.peakRssKib) / 1024, 0),
		number(over(fixed, name, (turn) => turn.p99Us) / 1000, 1),
	]);
	const head = [
		"observer",
		"to log",
		"logged",
		"CPU µs per logged",
		"of httpry",
		"of tshark",
		"peak RSS MiB",
		"p99 ms",
	];
	return table(head, rows);
}

function ceilingTable(results: Results, observers: readonly Observer[]): string {
	const { ceiling } = results;
	const unobserved = over(ceiling, "none", (turn) => turn.rate);
	const rate = (turn: Turn): number => turn.rate;
	const rows = observers.map(({ name, title }) => [
		title,
		range(ceiling, name, rate, 0),
		number(over(ceiling, name, rate) / unobserved, 2),
		number(
			over(ceiling, name, (turn) => turn.expected),
			0,
		),
		percent(over(ceiling, name, share)),
		range(ceiling, name, cpuPerLogged, 2),
		number(over(ceiling, name, (turn) => turn.peakRssKib) / 1024, 0),
	]);
	return table(
		["observer", "requests/s", "of unobserved", "to log", "logged", "CPU µs per logged", "peak RSS MiB"],
		rows,
	);
}

/** The goals of this stage, each with its figure. */
function goals(results: Results): string {
	const cost = (name: string): number => over(results.fixed, name, cpuPerLogged);
	const ceiling = (name: string): number =>
		over(results.ceiling, name, (turn) => turn.rate) / over(results.ceiling, "none", (turn) => turn.rate);
	const ours = cost("wirescribe");
	const line = (what: string, figure: number, met: boolean, goal: string): string =>
		Number.isFinite(figure) ? `- ${what}: ${number(figure, 2)} (goal: ${goal}): ${met ? "met" : "**not met**"}\n` : "";
	const floor = Number.isFinite(ceiling("c-consumer")) ? `; C consumer: ${number(ceiling("c-consumer"), 2)}` : "";
	return (
		line("CPU per transaction, of httpry's", ours / cost("httpry"), ours <= 3 * cost("httpry"), "at most 3") +
		line("CPU per transaction, of tshark's", ours / cost("tshark"), ours < 0.3 * cost("tshark"), "below 0.3") +
		line("ceiling, of the unobserved", ceiling("wirescribe"), ceiling("wirescribe") >= 0.7, `at least 0.7${floor}`)
	);
}

function remarks(results: Results): string {
	const lines: string[] = [];
	for (const [scenario, turns] of Object.entries({ fixed: results.fixed, ceiling: results.ceiling })) {
		for (const [name, list] of turns) {
			for (const [round, turn] of list.entries()) {
				if (turn.remarks.length > 0)
					lines.push(`- ${scenario}, ${name}, round ${round + 1}: ${turn.remarks.join("; ")}`);
			}
		}
	}
	return lines.length === 0 ? "" : `\nRemarks:\n\n${lines.join("\n")}\n`;
}

/** The tables as Markdown. */
export function report(results: Results): string {
	const together = results.observers.filter(({ both }) => !both);
	const apart = results.observers.filter(({ both }) => both);
	const parts: string[] = [];
	if (results.fixed.size > 0) {
		parts.push(`At ${number(results.rate, 0)} requests/s:`, fixedTable(results, together));
		const free = over(results.fixed, "none", (turn) => turn.p99Us) / 1000;
		parts.push(`Without an observer, the 99th percentile is ${number(free, 1)} ms.`);
		if (apart.length > 0)
			parts.push("Both sides watched, so two transactions to log for each request:", fixedTable(results, apart));
	}
	if (results.ceiling.size > 0) {
		const free = range(results.ceiling, "none", (turn) => turn.rate, 0);
		parts.push(
			`At the server's ceiling, which is ${free} requests/s without an observer:`,
			ceilingTable(results, together),
		);
		if (apart.length > 0) parts.push("Both sides watched:", ceilingTable(results, apart));
	}
	return `${parts.join("\n\n")}\n\n${goals(results)}${remarks(results)}`;
}
