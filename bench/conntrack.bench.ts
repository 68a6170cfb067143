/**
 * `npm run bench:conntrack`: lookups of translated connections in a network built for it, in every runtime, against one
 * `conntrack -G` each. Needs root. Writes its section of bench/RESULTS.md.
 *
 *   --runtimes Node  Node, Bun, Deno
 *   --no-write       print only
 */
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { ensureTools, Network } from "../packages/conntrack/test/network.ts";
import { bin, root } from "../tools/workspace.ts";
import { machine, writeSection } from "./results.ts";

const CONDITION = "--conditions=@wirescribe/source";
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
	Node: [process.execPath, CONDITION],
	Bun: [bin("bun"), CONDITION],
	Deno: [bin("deno"), "run", "-A"],
};
const NAMES: Readonly<Record<string, string>> = {
	command: "`conntrack -G`, a process each",
	single: "`Conntrack.lookup`, one at a time",
	batch: "`Conntrack.lookupAll`, 64 in a message",
	cached: "`ConntrackCache.lookup`, known",
};

const { values: options } = parseArgs({
	allowNegative: true,
	options: { runtimes: { type: "string", default: "Node,Bun,Deno" }, write: { type: "boolean", default: true } },
});

type Rates = Readonly<Record<string, readonly number[]>>;

const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);
const median = (numbers: readonly number[]): number => sorted(numbers)[Math.floor(numbers.length / 2)] ?? 0;

function measureIn(network: Network, runtime: string): Rates {
	const command = COMMANDS[runtime];
	if (!command) throw new TypeError(`Cannot measure in '${runtime}': --runtimes takes ${Object.keys(COMMANDS).join()}`);
	process.stderr.write(`${runtime}\n`);
	const file = join(root, "packages/conntrack/bench/measure.ts");
	const env = ["env", "NODE_OPTIONS=", "DENO_CONDITIONS=@wirescribe/source"] as const;
	return JSON.parse(network.inClient(...env, ...command, file)) as Rates;
}

function rows(runtime: string, rates: Rates): string[] {
	const command = median(rates["command"] ?? []);
	return Object.entries(rates).map(([name, all]) => {
		const rate = median(all);
		const [low = 0, high = 0] = [sorted(all)[0], sorted(all).at(-1)];
		const spread = `${rate.toLocaleString("en")} (${low.toLocaleString("en")}–${high.toLocaleString("en")})`;
		return `| ${[runtime, NAMES[name] ?? name, spread, `${Math.round(rate / command)} x`].join(" | ")} |`;
	});
}

ensureTools();
const network = await Network.create();
const lines: string[] = [];
try {
	for (const runtime of options.runtimes.split(",")) lines.push(...rows(runtime, measureIn(network, runtime)));
} finally {
	await network.remove();
}
const text = [
	await machine(),
	"",
	"256 connections to a service whose address is translated; every answer is checked. Medians of 5 interleaved slices of 0.3 s, lowest and highest in parentheses. `npm run bench:conntrack`",
	"",
	"| runtime | way | lookups/s | of `conntrack -G` |",
	"| --- | --- | ---: | ---: |",
	...lines,
].join("\n");
console.log(text);
if (options.write) writeSection("conntrack", "Connection tracking lookups", text);
