/**
 * One message of the collector's contract, a connection, four operations and a transaction, written by hand and by
 * protobufjs' static code; the same bytes. Prints JSON: messages a second of both, in turns, and the message's length.
 */
import { encodeConnection, encodeTransaction, type Operation, type Transaction, Writer } from "@wirescribe/access-log";
import { EBPFAccessLogMessage } from "../../packages/access-log/generated/schema.generated.js";

const ROUNDS = 5;
const ROUND_MS = 300;
const startNs = 86_400_123_456_789;

const connection: Transaction["connection"] = {
	...{ socketId: 4711, version: 1, pid: 2150, fd: 17, comm: "nginx", role: "server", tls: false, protocol: "http/1" },
	local: { ip: "10.244.1.17", port: 8080 },
	remote: { ip: "10.244.3.201", port: 49_152 },
};
const operations: readonly Operation[] = ["read", "read", "write", "write"].map((kind, n) => ({
	...{ kind: kind as "read" | "write", syscall: kind === "read" ? 3 : 17, success: true, bytes: 1448 },
	...{ startNs: startNs + n * 50_000, endNs: startNs + n * 50_000 + 31_000, dataId: n + 1 },
	...{ segsOut: 2, retransmits: 0, srttUs: 120, lost: 0 },
}));
const transaction: Transaction = {
	...{ connection, startNs, endNs: startNs + 300_000, version: "http/1.1", method: "GET" },
	...{ target: "/api/v1/orders/1893", path: "/api/v1/orders/1893", host: "orders.shop.svc.cluster.local" },
	...{ status: 200, partial: [], unpaired: null, operations: operations.length },
	request: { headerBytes: 412, bodyBytes: 0 },
	response: { headerBytes: 231, bodyBytes: 2048 },
	trace: { provider: "w3c", traceId: "4bf92f3577b34da6a3ce929d0e0e4736", segmentId: "", spanId: "00f067aa0ba902b7" },
};

const writer = new Writer();
function byHand(): Uint8Array {
	writer.reset();
	encodeConnection(writer, connection);
	encodeTransaction(writer, transaction, operations);
	return writer.view();
}
const { length } = byHand();
// What protobufjs is given: plain objects with numbers, which it likes best.
const message = JSON.parse(JSON.stringify(EBPFAccessLogMessage.decode(byHand())), (_name, value) =>
	typeof value?.high === "number" ? value.high * 2 ** 32 + (value.low >>> 0) : value,
);
const byProtobufjs = (): Uint8Array => EBPFAccessLogMessage.encode(message).finish();
if (Buffer.compare(byHand(), byProtobufjs()) !== 0) throw new Error("The two encoders do not agree");

function rate(encode: () => Uint8Array): number {
	const begin = performance.now();
	let messages = 0;
	let sum = 0;
	while (performance.now() - begin < ROUND_MS) {
		for (let n = 0; n < 1000; n++) sum += encode().length;
		messages += 1000;
	}
	if (sum !== messages * length) throw new Error("A message has another length");
	return (messages * 1000) / (performance.now() - begin);
}

const rates = { byHand: [] as number[], byProtobufjs: [] as number[] };
for (let round = 0; round < ROUNDS; round++) {
	rates.byHand.push(rate(byHand));
	rates.byProtobufjs.push(rate(byProtobufjs));
}
console.log(JSON.stringify({ bytes: length, ...rates }));
