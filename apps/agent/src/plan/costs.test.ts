import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { COSTS } from "./costs.ts";

const RESULTS = readFileSync(new URL("../../../../bench/RESULTS.md", import.meta.url), "utf8");

/** The numbers in the row of the table that begins like this. */
function row(begin: string): number[] {
	const line = RESULTS.split("\n").find((one) => one.startsWith(`| ${begin}`)) ?? "";
	return line
		.split("|")
		.slice(2, -1)
		.map((cell) => Number(/[\d.,]+/.exec(cell)?.[0]?.replaceAll(",", "")));
}

it("the plan's figures are those of bench/RESULTS.md", () => {
	const exchange = row("write or read of a small request");
	const agent = row("wirescribe, server's side, delivered");
	expect(COSTS).toEqual({
		unhookedNs: row("getppid")[2],
		otherNs: row("read of /dev/zero")[2],
		exchangeNs: exchange[2],
		exchangeElsewhereNs: exchange[1],
		agentUsPerRequest: agent[2],
		agentMemoryMiB: agent[5],
	});
});
