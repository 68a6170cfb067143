/**
 * `npm run bench:queue`: 400-byte records from one thread to another, in every runtime, by one message each, by one pool
 * task each, through an `EventQueue` and through a `SharedQueue`. Writes its section of bench/RESULTS.md.
 *
 *   --runtimes Node  Node, Bun, Deno
 *   --no-write       print only
 */
import { join } from "node:path";
import process from "node:process";
import { runCommand } from "../tools/command.ts";
import { root } from "../tools/workspace.ts";
import { machine, writeSection } from "./results.ts";
import { commandOf, ENVIRONMENT, runtimeOptions } from "./runtimes.ts";
import { median, spread } from "./statistics.ts";

const GOAL = 20;
const NAMES: Readonly<Record<string, string>> = {
	postMessageEach: "one postMessage each",
	poolTaskEach: "one pool task each (tinypool)",
	eventQueue: "EventQueue.push, a partition on a thread",
	sharedQueue: "SharedQueue, read in place",
};

const options = runtimeOptions();

type Rates = Readonly<Record<string, readonly number[]>>;

async function measureIn(runtime: string): Promise<Rates> {
	const [command, ...args] = commandOf(runtime);
	process.stderr.write(`${runtime}\n`);
	const env = { ...process.env, ...ENVIRONMENT };
	const file = join(root, "packages/event-queue/bench/measure.ts");
	const result = await runCommand(command, [...args, file], { env, cwd: root, timeoutMs: 120_000 });
	if (result.code !== 0) throw new Error(`${runtime} ended with ${result.code}:\n${result.stderr}`);
	return JSON.parse(result.stdout) as Rates;
}

const thousands = (rate: number): string => Math.round(rate / 1000).toLocaleString("en");

function rows(runtime: string, rates: Rates): string[] {
	const message = median(rates["postMessageEach"] ?? []);
	const task = median(rates["poolTaskEach"] ?? []);
	return Object.entries(rates).map(([name, all]) => {
		const rate = median(all);
		const cells = [runtime, NAMES[name] ?? name, spread(all, thousands)];
		return `| ${[...cells, `${(rate / message).toFixed(1)} x`, `${(rate / task).toFixed(1)} x`].join(" | ")} |`;
	});
}

function verdict(runtime: string, rates: Rates): string {
	const ratio = (name: string): number => median(rates["sharedQueue"] ?? []) / median(rates[name] ?? []);
	const least = Math.min(ratio("postMessageEach"), ratio("poolTaskEach"));
	return `- ${runtime}, SharedQueue, of the better of message and task: ${least.toFixed(1)} (goal: at least ${GOAL}): ${least >= GOAL ? "met" : "**not met**"}`;
}

const measured: [runtime: string, rates: Rates][] = [];
for (const runtime of options.runtimes) measured.push([runtime, await measureIn(runtime)]);
const text = [
	await machine(),
	"",
	"400-byte records to one other thread; every record's arrival is checked. Medians of 5 interleaved slices of 0.7 s, lowest and highest in parentheses. `npm run bench:queue`",
	"",
	"| runtime | way | thousand records/s | of one message each | of one task each |",
	"| --- | --- | ---: | ---: | ---: |",
	...measured.flatMap(([runtime, rates]) => rows(runtime, rates)),
	"",
	...measured.map(([runtime, rates]) => verdict(runtime, rates)),
].join("\n");
console.log(text);
if (options.write) writeSection("queue", "The event queue", text);
