import type { ProgramCost } from "@wirescribe/bpf-programs";
import { tlsText } from "../doctor/tls.ts";
import type { ProcessVisibility } from "./invisible.ts";
import type { Plan } from "./make-plan.ts";

/** The plan for people: hooks, costs, memory, privileges, and what stays invisible. */
export function planText(plan: Plan): string {
	return [
		problemsText(plan),
		hooksText(plan),
		costsText(plan),
		memoryText(plan),
		privilegesText(plan),
		plan.tls === undefined ? "TLS\n  not read (--no-tls)\n" : `TLS\n${tlsText(plan.tls).replaceAll(/^.{4}/gm, "")}`,
		invisibleText(plan),
		plan.measured === undefined ? "" : measuredText(plan.measured),
	]
		.filter((part) => part !== "")
		.join("\n");
}

function problemsText({ problems }: Plan): string {
	return problems.map(({ what }) => `CANNOT RUN  ${what}\n`).join("");
}

function hooksText({ hooks }: Plan): string {
	const rows = hooks.map(({ name, why, cost }) => [name, why, cost] as const);
	return `Hooks in the kernel, ${hooks.length}: name, why, cost added to each call\n${table(rows)}`;
}

function costsText({ costs }: Plan): string {
	return (
		"Costs, as measured on the machine of bench/RESULTS.md\n" +
		table([
			[`${costs.unhookedNs} ns`, "each system call of the machine that has no hook"],
			[`${costs.otherNs} ns`, "each read, write or close that is on no TCP socket"],
			[`${costs.exchangeElsewhereNs} ns`, "each read or write on a connection that is not selected"],
			[`${costs.exchangeNs} ns`, "each read or write of a request or response that is watched"],
			[`${costs.agentUsPerRequest} us`, "CPU of the agent for each request that is logged"],
		])
	);
}

function memoryText({ memory }: Plan): string {
	const { agentBytes, kernelBytes, maps, partitions, queueBytes } = memory;
	const largest = maps.filter(({ bytes, name }) => bytes >= 2 ** 20 && name !== "events");
	return (
		"Memory\n" +
		table([
			[
				mebibytes(kernelBytes),
				`kernel maps: ${largest.map(({ name, bytes }) => `${name} ${mebibytes(bytes)}`).join(", ")}`,
			],
			[mebibytes(queueBytes), `queues to ${partitions} partition${partitions === 1 ? "" : "s"}`],
			[mebibytes(agentBytes), "the agent's own, at 20,000 requests/s"],
		])
	);
}

function privilegesText({ privileges }: Plan): string {
	const rows = privileges.map(
		({ gives, held, name, need, without }) =>
			[
				held ? "held" : need === "required" ? "MISSING" : "not held",
				name,
				held ? gives : `without: ${without}`,
			] as const,
	);
	return `Privileges\n${table(rows)}`;
}

function invisibleText({ neverSeen, processes }: Plan): string {
	const rows = [...Map.groupBy(processes, (one) => `${one.comm}\n${visibilityText(one)}`)].map(([key, group]) => {
		const [comm = "", text = ""] = key.split("\n");
		return [`${comm} (${pidsText(group.map(({ pid }) => pid))})`, text] as const;
	});
	return (
		(rows.length > 0 ? `Processes with TLS, or with something that is never seen\n${table(rows)}\n` : "") +
		`Never seen, of any process\n${neverSeen.map((what) => `  ${what}\n`).join("")}`
	);
}

function visibilityText({ invisible, tls }: ProcessVisibility): string {
	return [...tls.map((path) => `TLS by ${path}: visible`), ...invisible.map((what) => `NOT visible: ${what}`)].join(
		"; ",
	);
}

function pidsText(pids: readonly number[]): string {
	return pids.length <= 3 ? pids.join(", ") : `${pids.slice(0, 2).join(", ")} and ${pids.length - 2} more`;
}

/** What each program has cost since the start, the dearest first. */
export function measuredText(programs: readonly ProgramCost[]): string {
	const rows = programs
		.filter(({ runs }) => runs > 0)
		.sort((a, b) => b.runTimeNs - a.runTimeNs)
		.map(
			({ name, runs, runTimeNs, missed }) =>
				[
					name,
					`${Math.round(runTimeNs / runs)} ns a run`,
					`${runs} runs`,
					`${(runTimeNs / 1e6).toFixed(1)} ms${missed > 0 ? `, ${missed} missed` : ""}`,
				] as const,
		);
	return `Measured since the start, by the kernel\n${table(rows)}`;
}

function mebibytes(bytes: number): string {
	return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function table(rows: readonly (readonly string[])[]): string {
	const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
	return rows
		.map(
			(row) =>
				`  ${row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join("  ")}\n`,
		)
		.join("");
}
