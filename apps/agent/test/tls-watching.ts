/** What tests of TLS have in common: an agent that watches one port, clients, and what the lines of both ends must tell. */
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ledger } from "@wirescribe/pipeline";
import { expect } from "vitest";
import { Program } from "./servers.ts";
import { type Line, Wirescribe } from "./wirescribe.ts";

/** An agent that watches one port, or what else is asked for. */
export async function watching(port: number | undefined, ...more: string[]): Promise<Wirescribe> {
	const ports = port === undefined ? [] : ["--port", String(port)];
	const options = ["--output", "json", ...ports, "--query-values", "--ledger", ledgerFile, ...more];
	return Wirescribe.start(["run", ...options], { tls: true });
}

export const ledgerFile: string = join(tmpdir(), `wirescribe-tls-ledger-${process.pid}.json`);

/** Waits for `count` lines, ends the agent, and gives its ledger. */
export async function end(wirescribe: Wirescribe, count: number): Promise<Ledger> {
	await wirescribe.until(() => wirescribe.lineCount >= count, `${count} lines`);
	expect(await wirescribe.stop()).toBe(0);
	expect(wirescribe.lines.map(({ path }) => path)).toHaveLength(count);
	expect(wirescribe.stderr).not.toContain("does not balance");
	const ledger = JSON.parse(readFileSync(ledgerFile, "utf8")) as Ledger;
	rmSync(ledgerFile);
	return ledger;
}

export async function run(file: string, ...args: string[]): Promise<void> {
	await using client = new Program(file, args);
	expect(await client.exit(), client.output).toBe(0);
}

/** The line of each end for one path; both ends tell the same. */
export function bothEnds(lines: readonly Line[], path: string): Line {
	const found = lines.filter((line) => line.path === path);
	expect(
		found.map(({ role }) => role).sort(),
		`${path} in ${JSON.stringify(lines.map((line) => `${line.comm} ${line.role} ${line.path}`))}`,
	).toEqual(["client", "server"]);
	const [client, server] = found.sort((a, b) => (a.role < b.role ? -1 : 1)) as [Line, Line];
	for (const line of found) expect(line).toMatchObject({ tls: true, protocol: "http/1.1", partial: [] });
	for (const field of ["method", "host", "status", "request", "response"] as const) {
		expect(client[field]).toEqual(server[field]);
	}
	expect([client.local, client.remote]).toEqual([server.remote, server.local]);
	return server;
}

/** What the clients of `tls-programs.ts` have asked for under this name. */
export function threeRequests(lines: readonly Line[], name: string): void {
	expect(bothEnds(lines, `/${name}/get?size=7`)).toMatchObject({
		method: "GET",
		status: 200,
		request: { body_bytes: 0 },
		response: { body_bytes: 7 },
	});
	expect(bothEnds(lines, `/${name}/post`)).toMatchObject({
		method: "POST",
		status: 201,
		request: { body_bytes: 10 },
		response: { body_bytes: 5 },
	});
	expect(bothEnds(lines, `/${name}/large?size=20000`).response?.body_bytes).toBe(20_000);
}
