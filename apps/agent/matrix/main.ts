/**
 * `npm run test:matrix`: real programs on both ends, and what the agent logs of them compared with what they count.
 *
 *     npm run test:matrix                        every cell, in some five minutes
 *     npm run test:matrix -- nginx keep-alive    only cells whose `client > server: scenario` contains each of these words
 *
 * The last line is `N passed, N failed`: of each cell the server's side, the client's, and each cell's counters.
 * Interrupted (SIGINT, SIGTERM), it judges what it has.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { type Ledger, ledgerText } from "@wirescribe/pipeline";
import { ensureDebian } from "../../../tools/debian.ts";
import { type Line, Wirescribe } from "../test/wirescribe.ts";
import { type PlannedCell, plannedCells } from "./cells.ts";
import { contradictions, judge, LineIndex, short } from "./judge.ts";
import { type MatrixServer, type PlannedServer, plannedServers } from "./servers.ts";
import { openStage } from "./stage.ts";
import { type Judged, table } from "./table.ts";
import type { Cell } from "./truth.ts";

const SERVERS = ["nginx-light", "apache2-bin", "python3", "golang-go", "openssl"];
const CLIENTS = ["curl", "wget", "python3-pycurl", "nghttp2-client", "wrk"];

const wanted = process.argv.slice(2);

function nameOf(client: string, server: string, scenario: string): string {
	return `${client} > ${server}: ${scenario}`;
}

function isWanted({ client, server, scenario }: PlannedCell): boolean {
	return wanted.every((word) => nameOf(client, server.name, scenario).includes(word));
}

async function run(): Promise<number> {
	await ensureDebian([...SERVERS, ...CLIENTS]);
	await using stack = new AsyncDisposableStack();
	const stage = await openStage(stack);
	const planned = plannedCells(plannedServers()).filter(isWanted);
	const servers = new Map<PlannedServer, MatrixServer>();
	for (const { server } of planned) if (!servers.has(server)) servers.set(server, await server.start(stage));
	const ledgerFile = join(stage.folder, "ledger.json");
	const ports = [...servers.values()].flatMap(({ port }) => ["--port", String(port)]);
	const options = ["--output", "json", "--query-values", "--ring-size", "64MB", "--ledger", ledgerFile];
	await using wirescribe = await Wirescribe.start(["run", ...options, ...ports], { tls: true });
	const cells: Cell[] = [];
	let interrupted = false;
	for (const signal of ["SIGINT", "SIGTERM"] as const) {
		process.once(signal, () => {
			interrupted = true;
		});
	}
	for (const cell of planned) {
		if (interrupted) break;
		if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${nameOf(cell.client, cell.server.name, cell.scenario)}`);
		cells.push(await cell.run(stage, servers.get(cell.server) as MatrixServer));
	}
	if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
	await quiet(wirescribe);
	const code = await wirescribe.stop();
	const ledger = JSON.parse(readFileSync(ledgerFile, "utf8")) as Ledger;
	const missing = interrupted ? [`interrupted after ${cells.length} of ${planned.length} cells`] : [];
	return report(cells, wirescribe.lines, ledger, [...missing, ...(code === 0 ? [] : [`the agent ended with ${code}`])]);
}

/** Waits until nothing more is logged. What is still missing then comes when the agent ends, or never. */
async function quiet(wirescribe: Wirescribe): Promise<void> {
	for (let count = -1; count !== wirescribe.lineCount; ) {
		count = wirescribe.lineCount;
		await sleep(1000);
	}
}

/** Prints everything; the number of failures. */
function report(cells: readonly Cell[], lines: readonly Line[], ledger: Ledger, problems: readonly string[]): number {
	const index = new LineIndex(lines);
	const judged: Judged[] = [];
	const failures: string[] = [...problems];
	for (const cell of cells) {
		const name = nameOf(cell.client, cell.server, cell.scenario);
		for (const side of ["server", "client"] as const) {
			const verdict = judge(cell, side, index, ledger.tls.notVisible);
			judged.push({ cell, side, verdict });
			if (verdict.kind === "wrong") failures.push(`${name}, ${side}'s side: ${some(verdict.words)}`);
		}
		const words = contradictions(cell);
		if (words.length > 0) failures.push(`${name}, counters: ${some(words)}`);
	}
	const invented = index.unasked().map((line) => JSON.stringify({ ...line, path: line.path && short(line.path) }));
	if (invented.length > 0) failures.push(`lines that nobody has asked for: ${some(invented)}`);
	console.log(table(judged));
	console.log(`\n${ledgerText(ledger)}`);
	for (const failure of failures) console.log(`FAIL  ${failure}`);
	const checks = 3 * cells.length + 2;
	console.log(`${checks - failures.length} passed, ${failures.length} failed`);
	return failures.length;
}

function some(words: readonly string[]): string {
	const more = words.length > 3 ? ` … and ${words.length - 3} more` : "";
	return `${words.slice(0, 3).join("; ")}${more}`;
}

process.exitCode = (await run()) === 0 ? 0 : 1;
