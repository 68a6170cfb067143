/*
 * OpenTelemetry's export over gRPC and HTTP: to a grpc-js server and to an HTTP server, which read requests by the schema, as
 * collectors do. That the records are OpenTelemetry's is shown in packages/access-log.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { Metadata, Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import protobuf from "protobufjs";
import { afterEach, expect, test } from "vitest";
import { createSender, type Sender, type SenderEvent, type Transport } from "../src/index.ts";
import { otlpGrpcTransport, otlpHttpTransport } from "../src/otlp.ts";
import { put, resource, type Signal } from "./otlp-traffic.ts";
import { local, runtimes } from "./runtimes.ts";

const { root } = protobuf.parse(
	`syntax = "proto3";
	message AnyValue { string string_value = 1; int64 int_value = 3; }
	message KeyValue { string key = 1; AnyValue value = 2; }
	message Resource { repeated KeyValue attributes = 1; }
	message Scope { string name = 1; }
	message logs { repeated KeyValue attributes = 6; }
	message traces { repeated KeyValue attributes = 9; }
	message ScopeRecords { Scope scope = 1; repeated bytes records = 2; }
	message ResourceRecords { Resource resource = 1; repeated ScopeRecords scopes = 2; }
	message Request { repeated ResourceRecords resources = 1; }
	message Partial { int64 rejected = 1; string error_message = 2; }
	message Response { Partial partial_success = 1; }`,
	{ keepCase: true },
);

interface Taken {
	readonly path: string;
	readonly numbers: readonly number[];
}

/** What the peer answers: an HTTP status or a gRPC code, 0 is OK in both; or how many records it does not want. */
interface Answer {
	readonly status?: number;
	readonly headers?: Readonly<Record<string, string>>;
	readonly rejected?: number;
}
type Decide = (taken: Taken) => Answer;

// biome-ignore lint/suspicious/noExplicitAny: as decoded.
const attribute = (attributes: any[], key: string) => attributes.find((one) => one.key === key)?.value.string_value;

function read(path: string, bytes: Uint8Array): Taken {
	const signal = path.toLowerCase().includes("logs") ? "logs" : "traces";
	// biome-ignore lint/suspicious/noExplicitAny: as decoded.
	const { resources } = root.lookupType("Request").decode(bytes) as any;
	expect(resources.length).toBe(1);
	expect(attribute(resources[0].resource.attributes, "host.name")).toBe("node-1");
	const [{ scope, records }] = resources[0].scopes;
	expect(scope.name).toBe("wirescribe");
	const numbers = records.map((record: Uint8Array) => {
		// biome-ignore lint/suspicious/noExplicitAny: as decoded.
		const { attributes } = root.lookupType(signal).decode(record) as any;
		return Number(attribute(attributes, "url.path").slice(1));
	});
	return { path, numbers };
}

const response = ({ rejected = 0 }: Answer): Uint8Array =>
	rejected === 0
		? new Uint8Array(0)
		: root
				.lookupType("Response")
				.encode({ partial_success: { rejected, error_message: "too old" } })
				.finish();

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
	for (const step of cleanup.splice(0).reverse()) await step();
});

async function startHttp(decide: Decide, taken: Taken[]): Promise<string> {
	const bodyOf = async (request: IncomingMessage): Promise<Uint8Array> => {
		const parts: Uint8Array[] = [];
		for await (const part of request) parts.push(part);
		const body = Buffer.concat(parts);
		return request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
	};
	const server = createServer(async (request, answer) => {
		expect(request.headers["content-type"]).toBe("application/x-protobuf");
		const one = read(request.url ?? "", await bodyOf(request));
		const decision = decide(one);
		if (!decision.status) taken.push(one);
		answer.writeHead(decision.status ?? 200, decision.headers).end(response(decision));
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	cleanup.push(() => server.closeAllConnections());
	return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function startGrpc(decide: Decide, taken: Taken[]): Promise<string> {
	const server = new Server();
	const identity = (bytes: Buffer): Buffer => bytes;
	for (const name of ["logs.v1.LogsService", "trace.v1.TraceService"]) {
		const path = `/opentelemetry.proto.collector.${name}/Export`;
		const types = { requestStream: false, responseStream: false, requestSerialize: identity };
		const method = {
			path,
			...types,
			requestDeserialize: identity,
			responseSerialize: identity,
			responseDeserialize: identity,
		};
		server.addService(
			{ export: method },
			{
				export(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
					const one = read(path, call.request);
					const decision = decide(one);
					if (!decision.status) taken.push(one);
					const metadata = new Metadata();
					for (const [key, value] of Object.entries(decision.headers ?? {})) metadata.set(key, value);
					if (decision.status) answer({ code: decision.status, details: "so be it", metadata });
					else answer(null, Buffer.from(response(decision)));
				},
			},
		);
	}
	const port = await promisify(server.bindAsync.bind(server))("127.0.0.1:0", ServerCredentials.createInsecure());
	cleanup.push(() => server.forceShutdown());
	return `127.0.0.1:${port}`;
}

const ways = {
	grpc: {
		start: startGrpc,
		connect: (address: string, signal: Signal): Transport => otlpGrpcTransport({ target: address, signal, resource }),
		busy: { status: 14, headers: { "grpc-retry-pushback-ms": "60" } },
		refused: { status: 3 },
		least: 60,
	},
	http: {
		start: startHttp,
		connect: (address: string, signal: Signal): Transport =>
			otlpHttpTransport({ url: `http://${address}`, signal, resource }),
		busy: { status: 503, headers: { "retry-after": "1" } },
		refused: { status: 400 },
		least: 1000,
	},
} as const;

function start(transport: Transport, events: SenderEvent[] = []): Sender {
	const retry = { initialMs: 5, maxMs: 20 };
	const sender = createSender({ transport, retry, maxUnitBytes: 8000, onEvent: (event) => events.push(event) });
	cleanup.push(() => sender.shutdown(0));
	return sender;
}

const sorted = (taken: readonly Taken[]): number[] => taken.flatMap(({ numbers }) => numbers).sort((a, b) => a - b);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

for (const [way, { start: startPeer, connect, busy, refused, least }] of Object.entries(ways)) {
	test.each(["logs", "traces"] as const)(`${way}: %s arrive, once, whatever is busy at first`, async (signal) => {
		const taken: Taken[] = [];
		let requests = 0;
		const address = await startPeer(() => (requests++ < 2 ? busy : {}), taken);
		const events: SenderEvent[] = [];
		const sender = start(connect(address, signal), events);
		for (let n = 0; n < 500; n++) put(sender, signal, n);
		expect(await sender.shutdown(30_000)).toMatchObject({ accepted: 500, acked: 500 });
		expect(sorted(taken)).toEqual(upTo(500));
		const waits = events.flatMap((event) => (event.type === "retry" ? [event.inMs] : []));
		expect(waits.length).toBe(2);
		for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(least);
		const path = way === "http" ? `/v1/${signal}` : signal === "logs" ? "LogsService/Export" : "TraceService/Export";
		expect(taken.every((one) => one.path.endsWith(path))).toBe(true);
	});

	test(`${way}: what the peer does not want is counted, and not sent again`, async () => {
		const taken: Taken[] = [];
		const address = await startPeer(({ numbers }) => (numbers.includes(0) ? refused : { rejected: 1 }), taken);
		const events: SenderEvent[] = [];
		const sender = start(connect(address, "logs"), events);
		for (let n = 0; n < 300; n++) put(sender, "logs", n);
		const { acked, lost, retained } = await sender.shutdown(60_000);
		const requests = taken.length;
		expect(lost.permanent).toBe(300 - sorted(taken).length + requests);
		expect([acked, retained]).toEqual([300 - lost.permanent, 0]);
		expect(new Set(sorted(taken)).size).toBe(sorted(taken).length);
		expect(events.some(({ message }) => message.includes("did not want them (too old)"))).toBe(true);
	});

	for (const [name, { bin, flags }] of Object.entries(runtimes)) {
		test(`${way}: a sender in ${name}`, async () => {
			for (const signal of ["logs", "traces"] as const) {
				const taken: Taken[] = [];
				const address = await startPeer(() => ({}), taken);
				const args = [...flags, local("./otlp-process.ts"), way, signal, address, "500"];
				const { stdout } = await promisify(execFile)(bin, args);
				expect(JSON.parse(stdout)).toMatchObject({ accepted: 500, acked: 500, resent: { records: 0 } });
				expect(sorted(taken)).toEqual(upTo(500));
			}
		});
	}
}

test("http: a request that is too large is cut, a peer that is not there is waited for", async () => {
	const taken: Taken[] = [];
	const address = await startHttp(({ numbers }) => (numbers.length > 5 ? { status: 413 } : {}), taken);
	const sender = start(otlpHttpTransport({ url: `http://${address}/`, signal: "logs", resource }));
	for (let n = 0; n < 40; n++) put(sender, "logs", n);
	expect(await sender.shutdown(60_000)).toMatchObject({ acked: 40, lost: { permanent: 0, oversize: 0 } });
	expect(sorted(taken)).toEqual(upTo(40));

	const gone = createServer().listen(0, "127.0.0.1");
	await once(gone, "listening");
	const { port } = gone.address() as AddressInfo;
	await promisify(gone.close.bind(gone))();
	const events: SenderEvent[] = [];
	const lonely = start(otlpHttpTransport({ url: `http://127.0.0.1:${port}`, signal: "logs", resource }), events);
	put(lonely, "logs", 0);
	void lonely.flush();
	await expect.poll(() => events.filter(({ type }) => type === "retry").length).toBeGreaterThan(1);
	expect(lonely.ledger()).toMatchObject({ retained: 1, resent: { units: 0 } });
	expect(() => otlpHttpTransport({ url: "ftp://x", signal: "logs", resource })).toThrow(TypeError);
});
