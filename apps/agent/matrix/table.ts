import { SCENARIO_ORDER } from "./cells.ts";
import type { Verdict } from "./judge.ts";
import type { Cell, Side } from "./truth.ts";

export interface Judged {
	readonly cell: Cell;
	readonly side: Side;
	readonly verdict: Verdict;
}

const SIGNS = { right: "ok", reported: "--", wrong: "!!" } as const;

/**
 * One row a pair of programs, one column a scenario, `server side/client side` in a field. Numbers refer to the notes
 * below: the reasons that the tool gives.
 */
export function table(judged: readonly Judged[]): string {
	const scenarios = SCENARIO_ORDER.filter((name) => judged.some(({ cell }) => cell.scenario === name));
	const notes = new Map<string, number>();
	const rows = new Map<string, Map<string, string[]>>();
	for (const { cell, verdict } of judged) {
		const pair = `${cell.client} > ${cell.server}`;
		const row = rows.get(pair) ?? new Map<string, string[]>();
		rows.set(pair, row);
		row.set(cell.scenario, [...(row.get(cell.scenario) ?? []), field(verdict, notes)]);
	}
	const lines = [["client > server", ...scenarios]];
	for (const [pair, row] of rows) lines.push([pair, ...scenarios.map((name) => row.get(name)?.join(" ") ?? "")]);
	const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
	const text = lines.map((line) =>
		line
			.map((word, column) => word.padEnd(widths[column] ?? 0))
			.join("  ")
			.trimEnd(),
	);
	const footnotes = [...notes].map(([note, number]) => `  ${number}  ${note}`);
	return [
		"Each field: server's side, client's side. ok: every request once, as the truth has it; ok and a number: with the reason that",
		"the tool gives; --: it cannot be told, and the tool says why; !!: wrong; empty: the program cannot do it.",
		"",
		...text,
		"",
		...footnotes,
	].join("\n");
}

function field({ kind, words }: Verdict, notes: Map<string, number>): string {
	if (kind === "wrong" || words.length === 0) return SIGNS[kind];
	const numbers = words.map((word) => {
		if (!notes.has(word)) notes.set(word, notes.size + 1);
		return notes.get(word);
	});
	return `${SIGNS[kind]}${numbers.join(",")}`;
}
