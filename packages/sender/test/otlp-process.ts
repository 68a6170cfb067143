/* A sender of OpenTelemetry's records as a process of its own: `otlp-process.ts grpc|http logs|traces ADDRESS COUNT`. Prints its ledger. */
import process from "node:process";
import { createSender } from "../src/index.ts";
import { otlpGrpcTransport, otlpHttpTransport } from "../src/otlp.ts";
import { put, resource, type Signal } from "./otlp-traffic.ts";

const [way, kind = "", address = "", count] = process.argv.slice(2);
const signal = kind as Signal;
const transport =
	way === "grpc"
		? otlpGrpcTransport({ target: address, signal, resource })
		: otlpHttpTransport({ url: `http://${address}`, signal, resource, compression: "gzip" });
const sender = createSender({ transport, maxUnitBytes: 20_000, retry: { initialMs: 5, maxMs: 20 } });
for (let n = 0; n < Number(count); n++) put(sender, signal, n);
console.log(JSON.stringify(await sender.shutdown()));
process.exit();
