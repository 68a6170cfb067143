/**
 * What all contenders send to: gRPC on node:http2 as cheap as it gets. It reads every message's prefix, counts, and answers
 * OK. `server.ts [CERT KEY]`, or `server.ts stall`: takes streams and reads nothing. Prints its port; when its standard
 * input ends, how many messages it has answered with OK.
 */
import { readFileSync, writeSync } from "node:fs";
import { createSecureServer, createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import process from "node:process";

const PREFIX_BYTES = 5;
/** 64 KiB, the default, would measure the wait for its updates. */
const WINDOW_BYTES = 4 * 1024 * 1024;
const [first, key] = process.argv.slice(2);
const stall = first === "stall";

/** Steps from prefix to prefix, wherever the parts of a stream are cut. */
function frameCounter(): { push(part: Buffer): void; readonly count: number } {
	const prefix = Buffer.alloc(PREFIX_BYTES);
	/** Bytes of the prefix that are there, and of the message that are still to come. */
	let have = 0;
	let missing = 0;
	let count = 0;
	function push(part: Buffer): void {
		let at = 0;
		while (at < part.length) {
			const skip = Math.min(missing, part.length - at);
			at += skip;
			missing -= skip;
			if (missing > 0) return;
			if (have === 0 && part.length - at >= PREFIX_BYTES) {
				missing = part.readUInt32BE(at + 1);
				at += PREFIX_BYTES;
				count++;
				continue;
			}
			while (have < PREFIX_BYTES && at < part.length) prefix[have++] = part[at++] as number;
			if (have < PREFIX_BYTES) return;
			missing = prefix.readUInt32BE(1);
			have = 0;
			count++;
		}
	}
	return {
		push,
		get count() {
			return count;
		},
	};
}

/** An empty message. */
const answer = Buffer.alloc(PREFIX_BYTES);
let taken = 0;

function take(stream: ServerHttp2Stream): void {
	stream.on("error", () => {});
	if (stall) return;
	const frames = frameCounter();
	stream.on("data", frames.push);
	stream.on("end", () => {
		stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
		stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
		stream.end(answer);
		taken += frames.count;
	});
}

const settings = stall ? {} : { initialWindowSize: WINDOW_BYTES };
const server =
	key === undefined
		? createServer({ settings })
		: createSecureServer({ settings, cert: readFileSync(first as string), key: readFileSync(key) });
if (!stall) server.on("session", (session) => session.setLocalWindowSize(8 * WINDOW_BYTES));
server.on("stream", take);
server.listen(0, "127.0.0.1", () => writeSync(1, `${(server.address() as AddressInfo).port}\n`));
process.stdin.resume().on("end", () => {
	writeSync(1, `${taken}\n`);
	process.exit();
});
