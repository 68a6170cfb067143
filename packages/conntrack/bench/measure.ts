/** Runs in a network namespace with connections to a service; prints lookups per second as JSON. `bench/conntrack.bench.ts` starts it, with go-conntrack's way as a program. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { Conntrack, ConntrackCache, type LookupResult, type LookupTuple, parseAddress } from "@wirescribe/conntrack";

const CONNECTIONS = 256;
const ROUNDS = 5;
const SLICE_MS = 300;

const sockets: Socket[] = [];
const tuples: LookupTuple[] = [];
for (let i = 0; i < CONNECTIONS; i++) {
	const socket = connect(80, "10.96.0.1");
	sockets.push(socket);
	await once(socket, "connect");
	const [src, dst] = [parseAddress("10.77.0.1"), parseAddress("10.96.0.1")];
	tuples.push({ src, dst, sport: socket.localPort ?? 0, dport: 80 });
}

function check(results: readonly LookupResult[]): number {
	for (const result of results) {
		if ("miss" in result) throw new Error(`A connection that is open was not found: ${result.miss}`);
		if (result.reply.sport !== 8080) throw new Error(`Port ${result.reply.sport} instead of the server's`);
	}
	return results.length;
}

/** Lookups a second of something that makes a number of them. */
function rate(work: () => number): number {
	const start = performance.now();
	let lookups = 0;
	while (performance.now() - start < SLICE_MS) lookups += work();
	return Math.round((lookups / (performance.now() - start)) * 1000);
}

function byCommand(): number {
	const tuple = tuples[0]!;
	const ends = ["-s", "10.77.0.1", "-d", "10.96.0.1", "--sport", String(tuple.sport), "--dport", "80"];
	const line = execFileSync("conntrack", ["-G", "-p", "tcp", ...ends], { encoding: "utf8", stdio: "pipe" });
	if (!line.includes("sport=8080")) throw new Error(`conntrack -G says: ${line}`);
	return 1;
}

/** Lookups a second, by its own clock: starting it is not counted. */
function byGo(program: string): number {
	const args = [String(SLICE_MS), "10.77.0.1", "10.96.0.1", "80", ...tuples.map(({ sport }) => String(sport))];
	return Number(execFileSync(program, args, { encoding: "utf8" }));
}

const conntrack = Conntrack.open();
const cache = new ConntrackCache(conntrack);
check(cache.lookupAll(tuples));
let at = 0;
const next = (): LookupTuple => tuples[at++ % CONNECTIONS]!;
const goProgram = process.argv[2];
const ways: Record<string, () => number> = {
	command: () => rate(byCommand),
	...(goProgram === undefined ? {} : { go: () => byGo(goProgram) }),
	single: () => rate(() => check([conntrack.lookup(next())])),
	batch: () => rate(() => check(conntrack.lookupAll(tuples))),
	cached: () => rate(() => check([cache.lookup(next())])),
};
const rates = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
for (let round = -1; round < ROUNDS; round++) {
	for (const [name, measure] of Object.entries(ways)) {
		const perSecond = measure();
		// The first round warms up.
		if (round >= 0) rates.get(name)?.push(perSecond);
	}
}
conntrack.close();
for (const socket of sockets) socket.resetAndDestroy();
process.stdout.write(`${JSON.stringify(Object.fromEntries(rates))}\n`);
