/**
 * `npm run bench:agent`: what watching a server costs, beside others that watch it, turn by turn in one run.
 *
 *     --seconds S          measured load of each turn, default 10 (half of it at the ceiling)
 *     --rounds N           default 3; the tables give medians
 *     --rate R             the fixed rate, default 20000
 *     --connections C      default 32
 *     --only a,b           only these observers: wirescribe, c-consumer, httpry, tshark, wirescribe-both
 *     --scenario fixed|ceiling
 *     --no-write           leave RESULTS.md alone (so does a run that leaves anything out)
 *
 * As root on Debian 12: what is missing (nginx, httpry, tshark, a compiler) is installed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { mustRun } from "../tools/command.ts";
import { ensureDebian } from "../tools/debian.ts";
import { OBSERVERS, type Observer } from "./agent/observers.ts";
import { report } from "./agent/report.ts";
import { type LoadPlan, type Turn, takeTurn } from "./agent/turn.ts";
import { machine, writeSection } from "./results.ts";

const PEERS = ["nginx-light", "httpry", "tshark", "gcc", "make", "libc6-dev", "libbpf-dev", "libelf-dev", "zlib1g-dev"];

const { values } = parseArgs({
	options: {
		seconds: { type: "string", default: "10" },
		rounds: { type: "string", default: "3" },
		rate: { type: "string", default: "20000" },
		connections: { type: "string", default: "32" },
		only: { type: "string" },
		scenario: { type: "string" },
		"no-write": { type: "boolean", default: false },
	},
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const rate = Number(values.rate);
const connections = Number(values.connections);

function chosenObservers(): readonly Observer[] {
	const names = values.only?.split(",");
	for (const name of names ?? []) {
		if (!OBSERVERS.some((observer) => observer.name === name)) {
			throw new Error(`Cannot watch with '${name}': --only takes ${OBSERVERS.map((one) => one.name).join(", ")}`);
		}
	}
	return OBSERVERS.filter(({ name }) => names?.includes(name) ?? true);
}

async function compile(folder: string): Promise<string> {
	const load = join(folder, "load");
	const source = join(import.meta.dirname, "tools/load.c");
	await mustRun("gcc", ["-O2", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-o", load, source]);
	await mustRun("make", ["-s", "-C", join(import.meta.dirname, "c-consumer")]);
	return load;
}

async function round(
	load: string,
	observers: readonly Observer[],
	plan: LoadPlan,
	turns: Map<string, Turn[]>,
): Promise<void> {
	for (const observer of [undefined, ...observers]) {
		const name = observer?.name ?? "none";
		const turn = await takeTurn(load, observer, plan);
		turns.set(name, [...(turns.get(name) ?? []), turn]);
		const logged = observer ? `, logged ${turn.logged} of ${turn.expected}` : "";
		const cpu = observer ? `, CPU ${turn.cpuSeconds.toFixed(2)} s` : "";
		const kind = plan.rate === undefined ? "ceiling" : "fixed";
		console.error(
			`${kind.padEnd(8)} ${name.padEnd(16)} ${Math.round(turn.rate)}/s${logged}${cpu} ${turn.remarks.join("; ")}`,
		);
	}
}

const observers = chosenObservers();
await ensureDebian(PEERS);
const folder = mkdtempSync(join(tmpdir(), "wirescribe-bench-"));
try {
	const load = await compile(folder);
	const fixed = new Map<string, Turn[]>();
	const ceiling = new Map<string, Turn[]>();
	for (let index = 0; index < rounds; index++) {
		if (values.scenario !== "ceiling") await round(load, observers, { rate, seconds, connections }, fixed);
		if (values.scenario !== "fixed") await round(load, observers, { seconds: seconds / 2, connections }, ceiling);
	}
	const text = report({ observers, fixed, ceiling, rate });
	console.log(text);
	const whole = observers.length === OBSERVERS.length && values.scenario === undefined;
	if (whole && !values["no-write"]) {
		const how = `nginx with one worker on one processor, the load over ${connections} keep-alive connections on the other, observers where the scheduler has them; medians of ${rounds} rounds of ${seconds} s (ceiling: ${seconds / 2} s), lowest and highest in parentheses. \`npm run bench:agent\``;
		writeSection("agent", "The agent", `${await machine()}\n\n${how}\n\n${text}`);
	}
} finally {
	rmSync(folder, { recursive: true, force: true });
}
process.exit();
