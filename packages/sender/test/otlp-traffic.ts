import { encodeLogRecord, encodeResource, encodeSpan, type Transaction, Writer } from "@wirescribe/access-log";
import type { Sender } from "../src/index.ts";

export type Signal = "logs" | "traces";

const bootTime = { seconds: 1_795_225_445, nanos: 0 };
const connection: Transaction["connection"] = {
	...{ socketId: 7, version: 1, pid: 42, fd: 3, comm: "nginx", role: "server", tls: false, protocol: "http/1" },
	...{ local: { ip: "10.0.0.1", port: 8080 }, remote: { ip: "10.0.0.9", port: 50_000 } },
};
const nothing = new Uint8Array(0);

function bytes(encode: (writer: Writer) => void): Uint8Array {
	const writer = new Writer();
	encode(writer);
	return writer.finish();
}

export const resource = (): Uint8Array => bytes((w) => encodeResource(w, { name: "node-1", clusterName: "" }));

/** Record n: a request of `/n`. */
export function put(sender: Sender, signal: Signal, n: number): void {
	const transaction: Transaction = {
		...{ connection, startNs: 1e9 + n * 1000, endNs: 1e9 + n * 1000 + 500, version: "http/1.1", method: "GET" },
		...{
			target: `/${n}`,
			path: `/${n}`,
			host: "shop.example",
			status: 200,
			partial: [],
			unpaired: null,
			operations: 2,
		},
		...{ request: { headerBytes: 100, bodyBytes: 0 }, response: { headerBytes: 50, bodyBytes: 10 }, trace: null },
	};
	const encode = signal === "logs" ? encodeLogRecord : encodeSpan;
	sender.enqueue({ key: n % 7, version: 1, preamble: nothing, body: bytes((w) => encode(w, transaction, bootTime)) });
}
