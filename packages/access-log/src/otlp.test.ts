import { ProtobufLogsSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import fc from "fast-check";
import protobuf from "protobufjs";
import { expect, test } from "vitest";
import { encodeLogRecord, encodeResource, encodeSpan } from "./otlp.ts";
import { isSampled, traceIds } from "./otlp-fields.ts";
import type { Instant, Transaction } from "./types.ts";
import { Writer } from "./writer.ts";

/** So much of OpenTelemetry's schema as we write. That it is the schema is proven by what OpenTelemetry's own serializers write. */
const schema = `
	syntax = "proto3";
	message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; } }
	message KeyValue { string key = 1; AnyValue value = 2; }
	message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
	message Scope { string name = 1; string version = 2; }
	message LogRecord {
		fixed64 time_unix_nano = 1; int32 severity_number = 2; string severity_text = 3; AnyValue body = 5;
		repeated KeyValue attributes = 6; uint32 dropped_attributes_count = 7; fixed32 flags = 8;
		bytes trace_id = 9; bytes span_id = 10; fixed64 observed_time_unix_nano = 11; string event_name = 12;
	}
	message Status { string message = 2; int32 code = 3; }
	message Span {
		bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
		fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
		uint32 dropped_attributes_count = 10; uint32 dropped_events_count = 12; uint32 dropped_links_count = 14;
		Status status = 15; fixed32 flags = 16;
	}
	message ScopeLogs { Scope scope = 1; repeated LogRecord records = 2; }
	message ResourceLogs { Resource resource = 1; repeated ScopeLogs scopes = 2; }
	message Logs { repeated ResourceLogs resources = 1; }
	message ScopeSpans { Scope scope = 1; repeated Span records = 2; }
	message ResourceSpans { Resource resource = 1; repeated ScopeSpans scopes = 2; }
	message Spans { repeated ResourceSpans resources = 1; }
`;
const { root } = protobuf.parse(schema, { keepCase: true });

// biome-ignore lint/suspicious/noExplicitAny: whatever the message holds.
function read(type: string, bytes: Uint8Array): any {
	const options = { longs: String, bytes: Array, arrays: true };
	return root.lookupType(type).toObject(root.lookupType(type).decode(bytes), options);
}

const hex = (bytes: Uint8Array | readonly number[]): string => Buffer.from(bytes).toString("hex");
const bootTime: Instant = { seconds: 1_795_225_445, nanos: 999_999_999 };
const text = fc.string({ unit: "grapheme", maxLength: 200 });
const address = fc.record({ ip: fc.oneof(fc.ipV4(), fc.ipV6()), port: fc.nat(65_535) });
const sizes = fc.option(fc.record({ headerBytes: fc.nat(), bodyBytes: fc.maxSafeNat().map((n) => n % 2 ** 50) }));
const times = fc.integer({ min: 1, max: 2 ** 53 - 1 });
const id = (length: number) =>
	fc.array(fc.constantFrom(..."0123456789abcdef"), { minLength: length, maxLength: length });
const trace = fc.record({
	provider: fc.constantFrom("w3c" as const, "zipkin" as const, "skywalking" as const),
	traceId: fc.oneof(id(32), id(16)).map((digits) => digits.join("")),
	segmentId: fc.constant(""),
	spanId: id(16).map((digits) => digits.join("")),
});
const transactions: fc.Arbitrary<Transaction> = fc.record({
	connection: fc.record({
		...{ socketId: fc.maxSafeNat(), version: fc.nat(), pid: fc.nat(), fd: fc.nat(), comm: text },
		...{ role: fc.constantFrom("client", "server", "unknown"), local: address, remote: address },
		...{ tls: fc.boolean(), protocol: fc.constant("http/1" as const) },
	}),
	...{ startNs: times, endNs: times, version: fc.constantFrom("http/1.0", "http/1.1") },
	method: fc.constantFrom("GET", "POST", "PROPFIND", ""),
	...{ target: text, path: text, host: fc.option(fc.oneof(text, fc.constantFrom("a.example:80", "[::1]:8080"))) },
	...{
		status: fc.option(fc.integer({ min: 100, max: 599 })),
		request: sizes,
		response: sizes,
		trace: fc.option(trace),
	},
	...{ partial: fc.subarray(["cut", "hole"]), unpaired: fc.constant(null), operations: fc.nat() },
});

const instant = (ns: number): [number, number] => {
	const whole = BigInt(bootTime.seconds) * 1_000_000_000n + BigInt(bootTime.nanos) + BigInt(ns);
	return [Number(whole / 1_000_000_000n), Number(whole % 1_000_000_000n)];
};
// biome-ignore lint/suspicious/noExplicitAny: as decoded.
const plain = (attributes: any[]): Record<string, string | number> =>
	Object.fromEntries(attributes.map(({ key, value }) => [key, value.string_value ?? Number(value.int_value)]));

function written(encode: (w: Writer) => void): Uint8Array {
	const writer = new Writer();
	encode(writer);
	return writer.finish();
}

const node = { name: "node-1", clusterName: "blue" };
const resource = plain(
	read(
		"Resource",
		written((w) => encodeResource(w, node)),
	).attributes,
);
const scope = { name: "wirescribe", version: "1" };

test("log records say the same as OpenTelemetry's own serializer", () => {
	fc.assert(
		fc.property(transactions, (tx) => {
			const ours = read(
				"LogRecord",
				written((w) => encodeLogRecord(w, tx, bootTime)),
			);
			const span = ours.trace_id === undefined ? {} : { spanContext: contextOf(ours.trace_id, ours.span_id) };
			const theirs = ProtobufLogsSerializer.serializeRequest([
				{
					...{ hrTime: instant(tx.startNs), hrTimeObserved: instant(tx.endNs), ...span },
					...{ severityNumber: ours.severity_number, severityText: ours.severity_text, body: ours.body.string_value },
					...{ attributes: plain(ours.attributes), droppedAttributesCount: 0 },
					...{ resource: { attributes: resource } as never, instrumentationScope: scope },
				},
			]);
			const { resource: named, scopes } = read("Logs", theirs as Uint8Array).resources[0];
			expect(ours).toEqual(withoutCounts(scopes[0].records[0]));
			expect(plain(named.attributes)).toEqual(resource);
		}),
		{ numRuns: 2000 },
	);
});

test("spans say the same as OpenTelemetry's own serializer", () => {
	fc.assert(
		fc.property(transactions, (tx) => {
			const ours = read(
				"Span",
				written((w) => encodeSpan(w, tx, bootTime)),
			);
			const parent = ours.parent_span_id;
			const theirs = ProtobufTraceSerializer.serializeRequest([
				{
					...{ name: ours.name, kind: ours.kind - 1, spanContext: () => contextOf(ours.trace_id, ours.span_id) },
					...(parent === undefined ? {} : { parentSpanContext: contextOf(ours.trace_id, parent) }),
					...{ startTime: instant(tx.startNs), endTime: instant(tx.endNs), duration: [0, 0], ended: true },
					...{ status: { code: ours.status?.code ?? 0 }, attributes: plain(ours.attributes), links: [], events: [] },
					...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
					...{ resource: { attributes: resource } as never, instrumentationScope: scope },
				},
			]);
			const { status, ...said } = withoutCounts(read("Spans", theirs as Uint8Array).resources[0].scopes[0].records[0]);
			const { status: ourStatus, ...rest } = ours;
			expect(rest).toEqual(said);
			expect(ourStatus?.code ?? 0).toBe(status?.code ?? 0);
		}),
		{ numRuns: 2000 },
	);
});

/** Nothing was dropped, and flags are unknown: theirs says so with zeros. */
// biome-ignore lint/suspicious/noExplicitAny: as decoded.
function withoutCounts(message: Record<string, any>): Record<string, any> {
	return Object.fromEntries(Object.entries(message).filter(([name]) => !/^dropped_|^flags$/.test(name)));
}

function contextOf(traceId: readonly number[], spanId: readonly number[]) {
	return { traceId: hex(traceId), spanId: hex(spanId), traceFlags: 0 };
}

const example: Transaction = {
	connection: {
		...{ socketId: 7, version: 1, pid: 42, fd: 3, comm: "nginx", role: "server", tls: true, protocol: "http/1" },
		...{ local: { ip: "10.0.0.1", port: 8443 }, remote: { ip: "10.0.0.9", port: 50_000 } },
		process: { exe: "/usr/sbin/nginx", uid: 33, containerId: "c0ffee", cgroup: "/" },
		workload: { namespace: "shop", pod: "web-1", container: "", owner: "", service: "web.shop" },
		remoteWorkload: { namespace: "shop", pod: "cart-1", container: "", owner: "", service: "cart.shop" },
	},
	...{ startNs: 5_000_000_001, endNs: 5_000_300_001, version: "http/1.1", method: "PROPFIND", target: "/a?b=c" },
	...{ path: "/a?b=c", host: "shop.example", status: 503, partial: ["cut"], unpaired: null, operations: 2 },
	...{ request: { headerBytes: 100, bodyBytes: 0 }, response: { headerBytes: 50, bodyBytes: 10 } },
	trace: { provider: "w3c", traceId: "4bf92f3577b34da6a3ce929d0e0e4736", segmentId: "", spanId: "00f067aa0ba902b7" },
};

test("names are those of the semantic conventions, and no value of a query gets out", () => {
	const span = read(
		"Span",
		written((w) => encodeSpan(w, example, bootTime)),
	);
	expect(hex(span.trace_id)).toBe("4bf92f3577b34da6a3ce929d0e0e4736");
	expect(hex(span.parent_span_id)).toBe("00f067aa0ba902b7");
	expect(span).toMatchObject({ name: "HTTP", kind: 2, status: { code: 2 } });
	expect(span.start_time_unix_nano).toBe("1795225451000000000");
	expect(span.end_time_unix_nano).toBe("1795225451000300000");
	expect(plain(span.attributes)).toEqual({
		...{ "http.request.method": "_OTHER", "http.request.method_original": "PROPFIND", "url.path": "/a" },
		...{ "url.scheme": "https", "network.protocol.name": "http", "network.protocol.version": "1.1" },
		...{ "server.address": "shop.example", "server.port": 8443, "client.address": "10.0.0.9", "client.port": 50_000 },
		...{ "network.peer.address": "10.0.0.9", "network.peer.port": 50_000 },
		...{ "network.local.address": "10.0.0.1", "network.local.port": 8443 },
		...{ "http.response.status_code": 503, "error.type": "503", "http.request.size": 100, "http.request.body.size": 0 },
		...{ "http.response.size": 60, "http.response.body.size": 10, "process.pid": 42 },
		...{ "process.executable.name": "nginx", "wirescribe.partial": "cut" },
		...{ "process.executable.path": "/usr/sbin/nginx", "container.id": "c0ffee", "peer.service": "cart.shop" },
		...{ "k8s.namespace.name": "shop", "k8s.pod.name": "web-1" },
	});
	const log = read(
		"LogRecord",
		written((w) => encodeLogRecord(w, example, bootTime)),
	);
	expect(log).toMatchObject({ severity_number: 17, severity_text: "ERROR", body: { string_value: "PROPFIND /a 503" } });
	expect(resource).toMatchObject({ "host.name": "node-1", "k8s.cluster.name": "blue" });
});

test("ids are the same whenever they are asked for, and differ between the two ends", () => {
	const client: Transaction = { ...example, trace: null, connection: { ...example.connection, role: "client" } };
	const server: Transaction = { ...example, trace: null };
	expect(traceIds(client, bootTime)).toEqual(traceIds({ ...client }, bootTime));
	expect(traceIds(client, bootTime).parentId).toBeNull();
	expect(hex(traceIds(client, bootTime).spanId)).not.toBe(hex(traceIds(server, bootTime).spanId));
	const seen = new Set<string>();
	for (let n = 0; n < 20_000; n++) {
		const { traceId, spanId } = traceIds({ ...client, startNs: n, endNs: n + 5 }, bootTime);
		seen.add(hex(traceId)).add(hex(spanId));
	}
	expect(seen.size).toBe(40_000);
});

test("a sample is the same for everybody, part of every larger one, and as large as asked for", () => {
	const ids = Array.from(
		{ length: 20_000 },
		(_, n) => traceIds({ ...example, trace: null, startNs: n }, bootTime).traceId,
	);
	let before = new Set<Uint8Array>();
	for (const ratio of [0, 0.1, 0.5, 0.9, 1]) {
		const kept = new Set(ids.filter((traceId) => isSampled(traceId, ratio)));
		for (const traceId of before) expect(kept.has(traceId)).toBe(true);
		expect(Math.abs(kept.size - ratio * ids.length)).toBeLessThan(300);
		before = kept;
	}
	// OpenTelemetry's own example of the threshold for one half: 0x80000000000000.
	const ending = (last: string): Uint8Array => Buffer.from(`000000000000000000${last}`, "hex");
	expect(isSampled(ending("80000000000000"), 0.5)).toBe(true);
	expect(isSampled(ending("7fffffffffff00"), 0.5)).toBe(false);
});
