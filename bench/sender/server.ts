/**
 * What all contenders send to: a plain grpc-js server that counts messages and answers OK. `server.ts [CERT KEY]`, or
 * `server.ts stall`: takes streams and reads nothing. Prints its port; ends with its standard input.
 */
import { readFileSync, writeSync } from "node:fs";
import process from "node:process";
import { Server, ServerCredentials, type ServerReadableStream, type sendUnaryData } from "@grpc/grpc-js";

const [first, key] = process.argv.slice(2);
const stall = first === "stall";
const identity = (bytes: Buffer): Buffer => bytes;
const nothing = Buffer.alloc(0);

function take(call: ServerReadableStream<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void {
	call.on("error", () => {});
	if (stall) return;
	call.on("data", () => {});
	call.on("end", () => answer(null, nothing));
}

// 64 KB, the default window, would measure the wait for its updates.
const server = new Server({ "grpc-node.flow_control_window": 4 * 1024 * 1024, "grpc.enable_channelz": 0 });
const types = { requestStream: true, responseStream: false, requestSerialize: identity, requestDeserialize: identity };
const method = { path: "/test.Sink/take", ...types, responseSerialize: identity, responseDeserialize: identity };
server.addService({ take: method }, { take });
const credentials =
	key === undefined
		? ServerCredentials.createInsecure()
		: ServerCredentials.createSsl(null, [
				{ cert_chain: readFileSync(first as string), private_key: readFileSync(key) },
			]);
server.bindAsync("127.0.0.1:0", credentials, (error, port) => {
	if (error !== null) throw error;
	writeSync(1, `${port}\n`);
});
process.stdin.resume().on("end", () => process.exit());
