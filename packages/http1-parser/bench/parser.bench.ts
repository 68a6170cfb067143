/**
 * `npm run bench:parser`: this package against llhttp (the runtime's own binding, and undici's WebAssembly build) and
 * http-parser-js, in every runtime; then the growth of awkward inputs, idle memory and the buffer.
 *
 *   --seconds 1      time for each contender, case and level
 *   --only a,growth  cases a-g, growth, idle, buffer, size
 *   --levels lazy    lazy, strings, kept, observed
 *   --runtimes Node  Node, Bun, Deno
 *   --no-write       print only, leave bench/RESULTS.md as it is
 *
 * Each case at each level runs in a process of its own. Level "observed" compares the same bytes: the others read the second direction with a second parser and pair nothing.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runCommand } from "../../../tools/command.ts";
import { makeCases } from "./cases.ts";
import { LEVELS } from "./check.ts";
import type { Cell, Measured } from "./measure.ts";
import { measureSize } from "./size.ts";
import { tableOf } from "./table.ts";

const CONDITION = "--conditions=@wirescribe/source";
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
	Node: ["node", "--expose-gc", CONDITION],
	Bun: ["bun", "--expose-gc", CONDITION],
	Deno: ["deno", "run", "-A", "--v8-flags=--expose-gc"],
};
const BEGIN = "<!-- parser:begin -->";
const END = "<!-- parser:end -->";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../../..");
const { values: options } = parseArgs({
	allowNegative: true,
	options: {
		seconds: { type: "string", default: "1" },
		only: { type: "string", default: "" },
		levels: { type: "string", default: LEVELS.join() },
		runtimes: { type: "string", default: "Node,Bun,Deno" },
		write: { type: "boolean", default: true },
	},
});

/** Runs a measuring script in a runtime; what it prints last is its result. */
async function measureIn(runtime: string, file: string, args: readonly string[]): Promise<string> {
	const [command, ...before] = COMMANDS[runtime] ?? [];
	if (command === undefined) {
		throw new TypeError(`Cannot measure in '${runtime}': --runtimes takes ${Object.keys(COMMANDS).join()}`);
	}
	process.stderr.write(`${runtime}: ${file.slice(root.length + 1)}\n`);
	const bin = join(root, "node_modules/.bin");
	const env = {
		...process.env,
		PATH: `${bin}:${process.env["PATH"]}`,
		DENO_CONDITIONS: "@wirescribe/source",
		NODE_OPTIONS: "",
	};
	const result = await runCommand(command, [...before, file, ...args], { env, cwd: root, timeoutMs: 7_200_000 });
	if (result.code !== 0) throw new Error(`${runtime} ended with ${result.code}:\n${result.stderr}`);
	return result.stdout.trim();
}

/** Each case at each level in a process of its own, and what has no level in one. */
async function measureAll(runtime: string): Promise<Measured> {
	const measure = async (only: string, levels: string) => {
		const args = ["--seconds", options.seconds, "--only", only, "--levels", levels];
		return JSON.parse(await measureIn(runtime, join(here, "measure.ts"), args)) as Measured;
	};
	const alone = ["growth", "idle"].filter((one) => wanted.length === 0 || wanted.includes(one));
	const measured = await measure(alone.join() || "none", "");
	const cells: Cell[] = [];
	for (const level of options.levels.split(",")) {
		for (const id of cases) cells.push(...(await measure(id, level)).cells);
	}
	return { ...measured, cells };
}

const wanted = options.only === "" ? [] : options.only.split(",");
const ids = makeCases().map(({ id }) => id);
const cases = wanted.length === 0 ? ids : ids.filter((id) => wanted.includes(id));
const buffer = wanted.length === 0 || wanted.includes("buffer");
const inRuntimes = wanted.length === 0 || wanted.some((one) => one !== "buffer" && one !== "size");
const parts: string[] = [];
for (const runtime of options.runtimes.split(",")) {
	if (inRuntimes) {
		parts.push(tableOf(await measureAll(runtime)));
	}
	if (buffer) {
		const file = join(root, "packages/buffer/bench/buffer.bench.ts");
		parts.push(await measureIn(runtime, file, ["--seconds", options.seconds]), "");
	}
}
if (wanted.length === 0 || wanted.includes("size")) parts.push(await measureSize(), "");
const machine = `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, ${options.seconds} s a contender, case and level`;
const text = `## Parser and buffer\n\n${machine}. Medians of 15 interleaved slices, half their span as ±.\n\n${parts.join("\n")}`;
console.log(text);
if (options.write) write(join(root, "bench/RESULTS.md"), text);

/** Replaces what stands between the markers, and nothing else. */
function write(file: string, text: string): void {
	const old = existsSync(file) ? readFileSync(file, "utf8") : "# Results\n";
	const section = `${BEGIN}\n${text.trimEnd()}\n${END}`;
	const from = old.indexOf(BEGIN);
	const to = old.indexOf(END);
	mkdirSync(dirname(file), { recursive: true });
	if (from >= 0 && to > from) writeFileSync(file, old.slice(0, from) + section + old.slice(to + END.length));
	else writeFileSync(file, `${old.trimEnd()}\n\n${section}\n`);
}
