/* See README.md. */
import { readFileSync } from "node:fs";
import process from "node:process";
import {
	Metadata,
	Server,
	ServerCredentials,
	type ServerOptions,
	type ServerReadableStream,
	type sendUnaryData,
} from "@grpc/grpc-js";

const options = Object.fromEntries(process.argv.slice(2).map((argument) => argument.split("=")));
const seen = new Set<string>();
const tell = (line: string): unknown => process.stdout.write(`${line}\n`);
const identity = (bytes: Buffer): Buffer => bytes;

function take(call: ServerReadableStream<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void {
	const unit = String(call.metadata.get("wirescribe-unit")[0]);
	let [scenario = "ok", argument = "0"] = String(call.metadata.get("scenario")[0] ?? "ok").split(" ");
	if (seen.has(unit) && scenario !== "status" && scenario !== "slow") scenario = "ok";
	seen.add(unit);
	if (scenario === "early") {
		answer({ code: Number(argument), details: "not now" });
		return;
	}
	const tails: string[] = [];
	call.on("data", (message: Buffer) => {
		tails.push(message.toString("latin1", message.length - 8));
		if (scenario !== "slow") return;
		call.pause();
		setTimeout(() => call.resume(), 5);
	});
	call.on("error", () => {});
	call.on("end", () => {
		if (scenario === "hang") return;
		const code = scenario === "pushback" ? 14 : scenario === "ok" || scenario === "slow" ? 0 : Number(argument);
		tell(JSON.stringify({ unit, code, tails }));
		const metadata = new Metadata();
		if (scenario === "pushback") metadata.set("grpc-retry-pushback-ms", "60");
		if (code === 0) answer(null, Buffer.alloc(0));
		else answer({ code, details: "so be it", metadata });
	});
}

const settings: ServerOptions = {};
if (options["concurrent"]) settings["grpc.max_concurrent_streams"] = Number(options["concurrent"]);
if (options["age"]) settings["grpc.max_connection_age_ms"] = Number(options["age"]);
const server = new Server(settings);
const types = { requestStream: true, responseStream: false, requestSerialize: identity, requestDeserialize: identity };
const method = { path: "/test.Sink/take", ...types, responseSerialize: identity, responseDeserialize: identity };
server.addService({ take: method }, { take });

function credentials(): ServerCredentials {
	if (!options["cert"]) return ServerCredentials.createInsecure();
	const ca = options["ca"] ? readFileSync(options["ca"]) : null;
	const pair = { private_key: readFileSync(options["key"]), cert_chain: readFileSync(options["cert"]) };
	return ServerCredentials.createSsl(ca, [pair], ca !== null);
}
server.bindAsync(`127.0.0.1:${options["port"] ?? 0}`, credentials(), (error, port) => {
	if (error !== null) throw error;
	tell(`listening ${port}`);
});
process.stdin.resume().on("end", () => process.exit());
