import { encodeConnection, encodeNode, encodeTransaction, type Transaction, Writer } from "@wirescribe/access-log";
import { grpcTransport } from "../src/grpc.ts";
import { createSender, h2Transport, type Sender, type SenderOptions } from "../src/index.ts";

/** Real records to a real collector: what the tests of every runtime send. */
const collectPath = "/skywalking.v3.EBPFAccessLogService/collect";
const writer = new Writer();

/** A transaction of one of 8 connections; its path is its number, its connection's remote port 1000 + n % 8. */
export function put(sender: Sender, n: number): void {
	const connection = {
		socketId: n % 8,
		version: 1,
		pid: 1,
		fd: 1,
		comm: "x",
		role: "server" as const,
		local: { ip: "127.0.0.1", port: 80 },
		remote: { ip: "127.0.0.1", port: 1000 + (n % 8) },
		tls: false,
		protocol: "http/1" as const,
	};
	const size = { headerBytes: 100, bodyBytes: 0 };
	const path = `/${n}`;
	const tx: Transaction = {
		...{ connection, startNs: 1, endNs: 2, version: "http/1.1", method: "GET", target: path, path, host: "h" },
		...{ status: 200, request: size, response: size, trace: null, partial: [], unpaired: null, operations: 0 },
	};
	encodeConnection(writer, connection);
	const preamble = writer.finish();
	encodeTransaction(writer, tx, []);
	sender.enqueue({ key: connection.socketId, version: connection.version, preamble, body: writer.view() });
	writer.reset();
}

export type TransportName = "grpc" | "h2";
const transports = { grpc: grpcTransport, h2: h2Transport };

/** A sender of the access log to a collector, in a hurry. */
export function startSender(
	transport: TransportName,
	target: string,
	onEvent: NonNullable<SenderOptions["onEvent"]> = () => {},
): Sender {
	const bootTime = { seconds: 1, nanos: 0 };
	encodeNode(writer, { name: "node", interfaces: [], bootTime, clusterName: "", excludeNamespaces: [] });
	const header = writer.finish();
	return createSender({
		transport: transports[transport]({ target, path: collectPath }),
		header: () => header,
		streams: 1,
		maxUnitBytes: 8 * 1024,
		maxUnitAgeMs: 20,
		retry: { initialMs: 50, maxMs: 200 },
		onEvent,
	});
}

/** The lines that `collector-process.ts` prints for records 0 to `count`. */
export const expected = (count: number): string[] =>
	Array.from({ length: count }, (_, n) => `/${n} ${1000 + (n % 8)} node `);
