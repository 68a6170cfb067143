import { expect, test } from "vitest";
import { grpcTimeout, h2Transport } from "./h2.ts";

const path = "/test.Sink/take";
const target = "127.0.0.1:1";

test("a timeout has at most 8 digits", () => {
	const ms = [0.2, 20_000, 99_999_999, 1e8, 1e11, 1e13, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY];
	const told = ["1m", "20000m", "99999999m", "100000S", "1666667M", "2777778H", "99999999H", "99999999H"];
	expect(ms.map(grpcTimeout)).toEqual(told);
});

test("what cannot be a target, a path or metadata is refused at once", () => {
	for (const bad of [
		"",
		"host",
		"host:",
		"host:0",
		"host:65536",
		"a:b:1",
		"::1:1",
		"http://host:1",
		"host:1/",
		"[x]:1",
	]) {
		expect(() => h2Transport({ target: bad, path }), bad).toThrow(TypeError);
	}
	for (const bad of ["", "a/b", "/", "/a b"]) expect(() => h2Transport({ target, path: bad }), bad).toThrow(TypeError);
	for (const bad of [
		{ te: "x" },
		{ "grpc-timeout": "1S" },
		{ "x-bin": "AA" },
		{ "a b": "" },
		{ ":path": "/" },
		{ a: "é" },
	]) {
		expect(() => h2Transport({ target, path, metadata: bad }), JSON.stringify(bad)).toThrow(TypeError);
	}
	for (const good of ["host:1", "[::1]:65535", "10.0.0.1:11800", "a.b-c.svc:80"]) h2Transport({ target: good, path });
});

test("a transport that is closed opens nothing", async () => {
	const transport = h2Transport({ target, path });
	transport.close();
	const stream = transport.open({ id: "u", deadlineMs: 1000 });
	expect(await stream.status).toMatchObject({ code: 14, message: "the transport is closed", reached: false });
});
