import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAddress } from "../src/address.ts";
import { STATUS } from "../src/tuple.ts";
import { ensureTools, Network } from "./network.ts";

interface PlainTuple {
	readonly src: number[];
	readonly dst: number[];
	readonly sport: number;
	readonly dport: number;
}
interface PlainEntry {
	readonly original: PlainTuple;
	readonly reply: PlainTuple;
	readonly status: number;
	readonly mark: number;
	readonly zone: number;
}
interface Probe {
	readonly found: Record<string, PlainEntry>;
	readonly asked: Record<string, PlainTuple>;
	readonly many: PlainEntry[];
	readonly reversed: PlainEntry[];
	readonly mapped: PlainEntry;
	readonly unknown: unknown;
	readonly otherZone: unknown;
	readonly table: string;
	readonly gets: string[];
	readonly names: string[][];
}

let network: Network;
beforeAll(async () => {
	ensureTools();
	network = await Network.create();
});
afterAll(async () => network?.remove());

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const bin = (name: string): string => file(`../../../node_modules/.bin/${name}`);
const source = "--conditions=@wirescribe/source";
const runtimes: [name: string, command: string, args: string[]][] = [
	["Node 26", bin("node"), [source]],
	["Node 22", file("../../../tools/node22/node_modules/.bin/node"), [source]],
	["Bun", bin("bun"), [source]],
	["Deno", bin("deno"), ["run", "-A"]],
];

function probe(command: string, args: readonly string[], table = true): Probe {
	const env = ["env", "NODE_OPTIONS=", "DENO_CONDITIONS=@wirescribe/source"] as const;
	const script = [file("./probe.ts"), ...(table ? ["--table"] : [])];
	return JSON.parse(network.inClient(...env, command, ...args, ...script)) as Probe;
}

const address = (text: string): number[] => [...parseAddress(text)];

/** The tuples of a line of `conntrack -L`, and its mark. */
function parseLine(line: string): { original: PlainTuple; reply: PlainTuple; mark: number } {
	const values = (key: string): string[] =>
		[...line.matchAll(new RegExp(`${key}=(\\S+)`, "g"))].map((match) => match[1]!);
	const tuple = (i: number): PlainTuple => ({
		src: address(values("src")[i]!),
		dst: address(values("dst")[i]!),
		sport: Number(values("sport")[i]),
		dport: Number(values("dport")[i]),
	});
	return { original: tuple(0), reply: tuple(1), mark: Number(values("mark")[0] ?? 0) };
}

describe.each(runtimes)("in %s", (_, command, args) => {
	let result: Probe;
	beforeAll(() => {
		result = probe(command, args);
	});

	test("every connection is found by its own tuple", () => {
		for (const [name, asked] of Object.entries(result.asked)) expect(result.found[name]?.original).toEqual(asked);
	});

	test("the reply tuple has the right address and the right port of the other end", () => {
		const end = (name: string): [number[], number] | undefined => {
			const reply = result.found[name]?.reply;
			return reply && [reply.src, reply.sport];
		};
		for (const name of ["plain", "service", "masqueraded"]) expect(end(name)).toEqual([address("10.77.0.2"), 8080]);
		for (const name of ["plain6", "service6"]) expect(end(name)).toEqual([address("fd77::2"), 8080]);
		expect(result.found["masqueraded"]?.reply.dst).toEqual(address("10.77.0.1"));
	});

	test("a balanced service, a translated source and a zone are told as they are", () => {
		const { found } = result;
		const servers = ["balanced1", "balanced2"].map((name) => found[name]?.reply.src.join("."));
		expect(servers.toSorted()).toEqual(["10.77.0.2", "10.77.0.3"]);
		expect(found["source"]?.reply.dst).toEqual(address("10.77.0.9"));
		expect(Math.floor((found["source"]?.reply.dport ?? 0) / 1000)).toBe(40);
		expect([found["zoned"]?.zone, found["plain"]?.zone]).toEqual([5, 0]);
	});

	test("conntrack -G says the same", () => {
		const names = Object.keys(result.found).filter((name) => name !== "zoned");
		const lines = result.gets.filter((line) => line !== "").map(parseLine);
		expect(lines).toEqual(
			names.map((name) => {
				const { original, reply, mark } = result.found[name]!;
				return { original, reply, mark };
			}),
		);
	});

	test("status and mark tell what was done", () => {
		const nat = (name: string): number => (result.found[name]?.status ?? -1) & (STATUS.srcNat | STATUS.dstNat);
		expect(nat("plain")).toBe(0);
		expect(nat("service")).toBe(STATUS.dstNat);
		expect(nat("masqueraded")).toBe(STATUS.srcNat | STATUS.dstNat);
		expect(nat("service6")).toBe(STATUS.dstNat);
		expect(result.names[1]).toEqual(expect.arrayContaining(["confirmed", "dstNat", "seenReply"]));
		expect([result.found["service"]?.mark, result.found["plain"]?.mark, result.found["plain"]?.zone]).toEqual([
			7, 0, 0,
		]);
	});

	test("conntrack -L says the same", () => {
		const lines = result.table.split("\n").filter((line) => line.includes("ESTABLISHED"));
		for (const { original, reply, mark } of Object.values(result.found)) {
			const same = lines.map(parseLine).find((parsed) => parsed.original.sport === original.sport);
			expect(same).toEqual({ original, reply, mark });
		}
	});

	test("many at once, the reply's direction, and mapped addresses find the same", () => {
		const found = Object.values(result.found);
		const tuples = ({ original, reply }: PlainEntry): object => ({ original, reply });
		expect(result.many.map(tuples)).toEqual(Array.from({ length: 200 }, (_, i) => tuples(found[i % found.length]!)));
		expect(result.reversed.map(tuples)).toEqual(found.map(tuples));
		expect(result.mapped).toMatchObject(tuples(result.found["service"]!));
	});

	test("what is not tracked has no entry", () => {
		expect(result.unknown).toEqual({ miss: "no-entry" });
		expect(result.otherZone).toEqual({ miss: "no-entry" });
	});
});

test.each(runtimes)("without the privilege every lookup says so, in %s", (_, command, args) => {
	const result = probe("setpriv", ["--bounding-set=-net_admin", command, ...args], false);
	const denied = { miss: "not-permitted" };
	expect(Object.values(result.found)).toEqual(Object.keys(result.asked).map(() => denied));
	expect(result.many).toEqual(new Array(200).fill(denied));
});

test.each(runtimes)("events, a cache and another namespace, in %s", (_, command, args) => {
	const env = { ...process.env, NODE_OPTIONS: "", DENO_CONDITIONS: "@wirescribe/source" };
	const script = [file("./subscribe.ts"), network.client, bin("node")];
	const seen = JSON.parse(execFileSync(command, [...args, ...script], { encoding: "utf8", env })) as object;
	expect(seen).toEqual({
		subscribed: true,
		known: "10.77.0.2:8080",
		asked: "10.77.0.2:8080",
		elsewhere: '{"miss":"no-entry"}',
		gone: "null",
		overruns: 1,
		busy: true,
		others: 0,
		after: "10.77.0.2:8080",
		refused: ["ERR_CONNTRACK_NETNS", "ERR_CONNTRACK_NETNS"],
	});
});
