/** Runs outside of the client's machine, in any runtime: watches and asks its network namespace, prints what it saw as JSON. */
import { execFileSync } from "node:child_process";
import process from "node:process";
import {
	Conntrack,
	ConntrackCache,
	ConntrackError,
	ConntrackEvents,
	type LookupResult,
	parseAddress,
	type Tuple,
} from "@wirescribe/conntrack";

const [client = "", node = "node"] = process.argv.slice(2);
const netns = `/run/netns/${client}`;

/** Connects `count` times to the service from there; the local ports. */
function connections(count: number): number[] {
	const script = `
		const { connect } = require("node:net");
		const sockets = Array.from({ length: ${count} }, () => connect(80, "10.96.0.1"));
		Promise.all(sockets.map((socket) => new Promise((done) => socket.on("connect", () => done(socket.localPort)))))
			.then((ports) => { console.log(JSON.stringify(ports)); sockets.forEach((socket) => socket.resetAndDestroy()); });`;
	const env = { ...process.env, NODE_OPTIONS: "" };
	const out = execFileSync("ip", ["netns", "exec", client, node, "-e", script], { encoding: "utf8", env });
	return JSON.parse(out) as number[];
}

const tupleOf = (sport: number): Tuple => ({
	src: parseAddress("10.77.0.1"),
	dst: parseAddress("10.96.0.1"),
	sport,
	dport: 80,
});
const peer = (result: LookupResult | undefined): string =>
	result === undefined || "miss" in result
		? JSON.stringify(result ?? null)
		: `${result.reply.src.join(".")}:${result.reply.sport}`;
const refused = (path: string): unknown => {
	try {
		Conntrack.open({ netns: path }).close();
		return "opened";
	} catch (error) {
		return error instanceof ConntrackError ? error.code : error;
	}
};

const conntrack = Conntrack.open({ netns });
const small = Conntrack.open({ netns, receiveBufferBytes: 1 });
const cache = new ConntrackCache(conntrack);
const events = ConntrackEvents.open({ netns });
const narrow = ConntrackEvents.open({ netns, receiveBufferBytes: 1 });
try {
	const [port = 0] = connections(1);
	events?.drain(cache);
	const known = cache.peek(tupleOf(port));
	const asked = conntrack.lookup(tupleOf(port));
	const own = Conntrack.open();
	const elsewhere = own.lookup(tupleOf(port));
	own.close();
	execFileSync("ip", ["netns", "exec", client, "conntrack", "-D", "-p", "tcp", "--orig-port-src", String(port)], {
		stdio: "pipe",
	});
	events?.drain(cache);
	const gone = cache.peek(tupleOf(port));
	const ports = connections(100);
	let overruns = 0;
	const count = (): void => {
		overruns++;
	};
	narrow?.drain({ created: () => {}, destroyed: () => {}, overrun: count });
	narrow?.drain({ created: () => {}, destroyed: () => {}, overrun: () => {} });
	const crowded = small.lookupAll(ports.map(tupleOf));
	const after = small.lookup(tupleOf(ports[0]!));
	const result = {
		subscribed: events !== undefined,
		known: peer(known),
		asked: peer(asked),
		elsewhere: peer(elsewhere),
		gone: peer(gone),
		overruns,
		busy: crowded.some((one) => "miss" in one && one.miss === "busy"),
		others: crowded.filter((one) => "miss" in one && one.miss !== "busy").length,
		after: peer(after),
		refused: [refused("/run/netns/there-is-none"), refused("/dev/null")],
	};
	process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
	for (const one of [conntrack, small, events, narrow]) one?.close();
}
