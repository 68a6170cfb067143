/** Runs inside the runtime that is measured: all contenders in turn, over and over. Prints one JSON object. */
import process from "node:process";
import { parseArgs } from "node:util";
import { type Case, makeCases } from "./cases.ts";
import { type Contender, LEVELS, type Level } from "./check.ts";
import { type Growth, measureGrowth } from "./growth.ts";
import { type Idle, measureIdle } from "./idle.ts";
import { findOthers } from "./others.ts";
import { makeOurs } from "./ours.ts";

export interface Cell {
	readonly case: string;
	readonly title: string;
	readonly level: Level;
	/** Bytes of one message of the direction that is compared. */
	readonly bytes: number;
	readonly results: readonly { readonly name: string; readonly nsPerMessage: number; readonly spread: number }[];
}

export interface Measured {
	readonly runtime: string;
	readonly cells: readonly Cell[];
	readonly growth: readonly Growth[];
	readonly idle: Idle | undefined;
	readonly missing: readonly string[];
}

const { values: options } = parseArgs({
	options: {
		seconds: { type: "string", default: "1" },
		only: { type: "string", default: "" },
		levels: { type: "string", default: LEVELS.join() },
	},
});
const ROUNDS = 15;
const sliceMs = (Number(options.seconds) * 1000) / ROUNDS;
const only = options.only === "" ? [] : options.only.split(",");
const wanted = (id: string) => only.length === 0 || only.includes(id);

const cases = makeCases();
const others = findOthers();

/** Nanoseconds a message, over one slice of time. */
function slice(contender: Contender, of: Case, ms: number = sliceMs): number {
	const begin = performance.now();
	let messages = 0;
	let now = begin;
	while (now - begin < ms) {
		for (const input of of.inputs) contender.run(input);
		messages += of.messages;
		now = performance.now();
	}
	return ((now - begin) * 1e6) / messages;
}

function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[sorted.length >> 1]!;
}

function measure(of: Case, level: Level): Cell {
	process.stderr.write(`${of.id} ${level}\n`);
	const contenders = [makeOurs(of, level), ...others.flatMap(({ make }) => (make ? [make(of, level)] : []))];
	for (const contender of contenders) verify(contender, of);
	const times = contenders.map((): number[] => []);
	// The compilers want to have seen everything before it counts.
	for (const contender of contenders) slice(contender, of, sliceMs * 5);
	for (let round = 0; round < ROUNDS; round++) {
		for (let k = 0; k < contenders.length; k++) {
			const i = (k + round) % contenders.length;
			times[i]!.push(slice(contenders[i]!, of));
		}
	}
	for (const contender of contenders) verify(contender, of);
	const bytes = of.inputs[0]!.reads.reduce((sum, read) => sum + read.length, 0) / of.inputs[0]!.expected.length;
	const results = contenders.map(({ name }, i) => {
		const nsPerMessage = median(times[i]!);
		return { name, nsPerMessage, spread: (Math.max(...times[i]!) - Math.min(...times[i]!)) / nsPerMessage };
	});
	return { case: of.id, title: of.title, level, bytes, results };
}

/** Every string of every message, outside of the time taken. */
function verify(contender: Contender, of: Case): void {
	contender.checker.thorough = true;
	for (const input of of.inputs) contender.run(input);
	contender.checker.thorough = false;
}

function runtimeName(): string {
	const versions = process.versions as Record<string, string | undefined>;
	if (versions["deno"]) return `Deno ${versions["deno"]}`;
	return versions["bun"] ? `Bun ${versions["bun"]}` : `Node ${versions["node"]}`;
}

const levels = LEVELS.filter((level) => options.levels.split(",").includes(level));
const measured: Measured = {
	runtime: runtimeName(),
	cells: cases.filter(({ id }) => wanted(id)).flatMap((of) => levels.map((level) => measure(of, level))),
	growth: wanted("growth") ? measureGrowth() : [],
	idle: wanted("idle") ? await measureIdle() : undefined,
	missing: others.flatMap(({ name, make, reason }) => (make ? [] : [`${name}: ${reason}`])),
};
process.stdout.write(`${JSON.stringify(measured)}\n`);
