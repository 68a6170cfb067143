import fc from "fast-check";
import { expect, test } from "vitest";
import { formatAddress, formatTime, maskQuery } from "./format.ts";
import { jsonLine } from "./json-line.ts";
import { textLine } from "./text-line.ts";
import type { Transaction } from "./types.ts";
import { describeReason } from "./vocabulary.ts";

const bootTime = { seconds: 1_795_225_445, nanos: 999_999_999 };
const whole: Transaction = {
	connection: {
		socketId: 7,
		version: 1,
		pid: 812,
		fd: 9,
		comm: "nginx",
		role: "server",
		local: { ip: "::1", port: 8080 },
		remote: { ip: "127.0.0.1", port: 40312 },
		tls: false,
		protocol: "http/1",
	},
	startNs: 2_000_000_001,
	endNs: 2_001_234_568,
	version: "http/1.1",
	method: "GET",
	target: "/a?token=secret&b=",
	path: "/a?token=secret&b=",
	host: "example.org",
	status: 200,
	request: { headerBytes: 78, bodyBytes: 0 },
	response: { headerBytes: 240, bodyBytes: 1_500_000 },
	trace: { provider: "w3c", traceId: "4bf9", segmentId: "", spanId: "00f0" },
	partial: [],
	unpaired: null,
	operations: 3,
};
const half: Transaction = { ...whole, response: null, status: null, trace: null, unpaired: "closed" };
const masked = { bootTime, queryValues: false };

test("a JSON line has the fixed fields in their order", () => {
	expect(jsonLine(whole, masked)).toBe(
		'{"time":"2026-11-21T01:44:08.000000000Z","duration_ms":1.234567,"pid":812,"comm":"nginx","role":"server",' +
			'"local":"[::1]:8080","remote":"127.0.0.1:40312","tls":false,"protocol":"http/1.1","method":"GET",' +
			'"path":"/a?token=x&b=","host":"example.org","status":200,' +
			'"request":{"header_bytes":78,"body_bytes":0},"response":{"header_bytes":240,"body_bytes":1500000},' +
			'"operations":3,"trace":{"provider":"w3c","trace_id":"4bf9","segment_id":null,"span_id":"00f0"},"partial":[]}',
	);
	expect(JSON.parse(jsonLine(whole, { bootTime, queryValues: true })).path).toBe("/a?token=secret&b=");
});

test("what is known of both processes stands beside them, what is not known is left out", () => {
	const workload = { namespace: "shop", pod: "web-1", container: "", owner: "Deployment/web", service: "web.shop" };
	const described = {
		...whole.connection,
		process: { exe: "/usr/sbin/nginx", uid: 33, containerId: "ab".repeat(32), cgroup: "/x" },
		workload,
		remoteProcess: { pid: 9, comm: "curl", containerId: "" },
		remoteWorkload: { ...workload, pod: "", owner: "" },
		attachment: { realDestinationIp: "10.0.0.1", by: "inbound", securityPolicy: "none", additions: { a: "b" } },
	} as const;
	const line = JSON.parse(jsonLine({ ...whole, connection: described }, masked));
	expect(line).toMatchObject({
		exe: "/usr/sbin/nginx",
		uid: 33,
		container: "ab".repeat(32),
		kubernetes: { ...workload, container: null },
		remote_process: { pid: 9, comm: "curl" },
		remote_kubernetes: { namespace: "shop", pod: null, service: "web.shop" },
		tunnel: { real_destination_ip: "10.0.0.1", by: "inbound", security_policy: "none", additions: { a: "b" } },
	});
	expect(line.remote_process).not.toHaveProperty("container");
	const nothing = { exe: "", uid: -1, containerId: "", cgroup: "" };
	const plain = jsonLine({ ...whole, connection: { ...whole.connection, process: nothing } }, masked);
	expect(plain).toBe(jsonLine(whole, masked));
});

test("a client's hidden peer stands beside the remote; a server sees its own", () => {
	const peer = { ip: "10.0.0.9", port: 8080 };
	const line = (role: "client" | "server"): string =>
		jsonLine({ ...whole, connection: { ...whole.connection, role, peer } }, masked);
	expect(line("client")).toContain('"remote":"127.0.0.1:40312","peer":"10.0.0.9:8080","tls"');
	expect(line("server")).not.toContain("peer");
});

test("a missing half is null, and its reason is told once", () => {
	const line = JSON.parse(jsonLine(half, masked));
	expect(line).toMatchObject({ status: null, response: null, trace: null, partial: ["closed"] });
	expect(JSON.parse(jsonLine({ ...half, partial: ["closed"] }, masked)).partial).toEqual(["closed"]);
	const orphan: Transaction = { ...whole, request: null, method: "", path: "", host: null, unpaired: "no-request" };
	expect(JSON.parse(jsonLine(orphan, masked))).toMatchObject({ method: null, path: null, host: null, request: null });
});

test("whatever the wire holds, a line is one line of valid JSON", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary", minLength: 1 }), (host, path) => {
			const line = jsonLine({ ...whole, host, path }, { bootTime, queryValues: true });
			expect(line).not.toContain("\n");
			expect(JSON.parse(line)).toMatchObject({ host, path });
		}),
	);
});

test("time is exact to the nanosecond", () => {
	fc.assert(
		fc.property(fc.nat(2 ** 31 - 1), fc.nat(999_999_999), fc.nat(2 ** 53 - 1), (seconds, nanos, ns) => {
			const total = BigInt(seconds) * 1_000_000_000n + BigInt(nanos) + BigInt(ns);
			const date = new Date(Number(total / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
			const expected = `${date}.${String(total % 1_000_000_000n).padStart(9, "0")}Z`;
			expect(formatTime({ seconds, nanos }, ns)).toBe(expected);
		}),
	);
});

test("query values are masked, names stay", () => {
	expect(maskQuery("/a")).toBe("/a");
	expect(maskQuery("/a?b")).toBe("/a?x");
	expect(maskQuery("/a?")).toBe("/a?");
	expect(maskQuery("/a=1?b=2&c&d=&e==?&f=a%26b&g")).toBe("/a=1?b=x&x&d=&e=x&f=x&x");
});

test("headers and bodies are there where a policy lets them in", () => {
	const request = {
		headers: [
			["accept", "a/b"],
			["user-agent", 'q"'],
			["accept", "c/d"],
			["accept", "e/f"],
			["__proto__", "p"],
		],
		body: '{"a":"é\n"}',
		bodyCut: true,
	} as const;
	const line = JSON.parse(jsonLine({ ...whole, content: { request, response: undefined } }, masked));
	expect(line.request).toEqual({
		...JSON.parse(jsonLine(whole, masked)).request,
		headers: JSON.parse('{"accept":["a/b","c/d","e/f"],"user-agent":"q\\"","__proto__":"p"}'),
		body: '{"a":"é\n"}',
		body_cut: true,
	});
	expect(line.response).toEqual(JSON.parse(jsonLine(whole, masked)).response);
});

test("addresses", () => {
	expect(formatAddress({ ip: "10.0.0.1", port: 80 })).toBe("10.0.0.1:80");
	expect(formatAddress({ ip: "fe80::1", port: 80 })).toBe("[fe80::1]:80");
});

test("a text line reads from the client to the server", () => {
	expect(textLine(whole, { ...masked, color: false })).toBe(
		"01:44:08.000Z 127.0.0.1:40312 -> nginx(812) [::1]:8080  GET /a?token=x&b= 200  1.2ms  78B > 1.5MB",
	);
	const client = { ...half, connection: { ...half.connection, role: "client" as const, tls: true } };
	expect(textLine(client, { ...masked, color: true })).toBe(
		"01:44:08.000Z nginx(812) [::1]:8080 -> 127.0.0.1:40312 tls  GET /a?token=x&b= \u001b[90m---\u001b[39m  1.2ms  78B > -  [closed]",
	);
});

test("a text line never sends control characters of the wire to the terminal", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), (path) => {
			const line = textLine({ ...whole, path, method: path }, { bootTime, queryValues: true, color: false });
			expect(/\p{Cc}|\u202e/u.test(line)).toBe(false);
		}),
	);
});

test("reasons have a sentence, also those of another list", () => {
	expect(describeReason("queue")).toContain("memory");
	expect(describeReason("cut", { cut: "The capture ends before the message." })).toContain("capture");
	expect(describeReason("toString")).toBeUndefined();
});
