/*
 * What an h2 stream says about every way a peer can behave. As a process of its own, in any runtime:
 * `h2-scenarios.ts PEER HTTP1-PEER CLOSED-PORT [SCENARIO...]` prints a JSON object, scenario -> what the stream said.
 */
import process from "node:process";
import { h2Transport } from "../src/index.ts";

const [peer = "", http1Peer = "", closedPort = "", ...chosen] = process.argv.slice(2);
const path = "/test.Sink/take";
const told: Record<string, string> = {};

async function run(name: string, target: string, scenario: string, size: number = 100): Promise<void> {
	const transport = h2Transport({ target, path, metadata: { scenario } });
	const changes: boolean[] = [];
	transport.onConnection = ({ connected }) => changes.push(connected);
	const deadlineMs = scenario === "silent" ? 300 : 20_000;
	const stream = transport.open({ id: "unit", deadlineMs });
	const patience = scenario === "stalled" ? setTimeout(() => stream.cancel(), 300) : undefined;
	let over = false;
	const ended = stream.status.then(() => {
		over = true;
	});
	for (let at = 0; at < size && !over; at += 64 * 1024) {
		const room = stream.writeFrames?.(new Uint8Array(Math.min(size - at, 64 * 1024))) ?? false;
		if (!room) await Promise.race([stream.drain(), ended]);
	}
	if (!over) stream.end();
	const { code, message, retryDelayMs, reached } = await stream.status;
	clearTimeout(patience);
	transport.close();
	told[name] = `${code} ${message} ${retryDelayMs} ${reached ? "reached" : "not reached"} ${changes}`;
}

/** The connection ends between two streams; the second one goes by a new one, which is left open: it holds no process. */
async function runIdle(target: string): Promise<void> {
	const transport = h2Transport({ target, path, metadata: { scenario: "leave-later" } });
	const changes: boolean[] = [];
	const { promise: gone, resolve } = Promise.withResolvers<void>();
	transport.onConnection = ({ connected }) => {
		changes.push(connected);
		if (!connected) resolve();
	};
	for (let n = 0; n < 2; n++) {
		const stream = transport.open({ id: "unit", deadlineMs: 20_000 });
		stream.write(new Uint8Array(10));
		stream.end();
		const { code, message } = await stream.status;
		told[`idle ${n}`] = `${code} ${message} ${changes}`;
		const timer = setTimeout(() => {}, 10_000);
		if (n === 0) await gone;
		clearTimeout(timer);
	}
}

const plain = [
	...["ok", "leave", "status 3", "status 99", "busy", "only 14", "refuse", "no-trailers", "no-status"],
	...["http 404", "http 503", "http 418", "reset 2", "reset 7", "reset 8", "reset 11", "cut", "goaway 11"],
	...["silent", "flood"],
];
const scenarios: [name: string, target: string, scenario: string, size?: number][] = [
	...plain.map((scenario): [string, string, string] => [scenario, peer, scenario]),
	["large ok", peer, "ok", 3_000_000],
	["large refuse", peer, "refuse", 3_000_000],
	["stalled", peer, "stalled", 3_000_000],
	["closed port", closedPort, "ok"],
	["no such name", "collector.invalid:11800", "ok"],
	["http/1", http1Peer, "ok"],
];
for (const scenario of scenarios) if (chosen.length === 0 || chosen.includes(scenario[0])) await run(...scenario);
if (chosen.length === 0 || chosen.includes("idle")) await runIdle(peer);
console.log(JSON.stringify(told));
