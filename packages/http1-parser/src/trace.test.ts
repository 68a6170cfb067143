import { expect, test } from "vitest";
import { readTrace } from "./trace.ts";

const ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const of = (headers: Record<string, string>) => readTrace((name) => headers[name]);

test("traceparent", () => {
	expect(of({ traceparent: `00-${ID}-${SPAN}-01` })).toMatchObject({ provider: "w3c", traceId: ID, spanId: SPAN });
	for (const bad of [
		`00-${ID}-${SPAN}`,
		`00-${ID}-${SPAN}-01-x`,
		`ff-${ID}-${SPAN}-01`,
		`00-${"0".repeat(32)}-${SPAN}-01`,
	]) {
		expect(of({ traceparent: bad })).toBeUndefined();
	}
	expect(of({ traceparent: `00-${ID.toUpperCase()}-${SPAN}-01` })).toBeUndefined();
});

test("sw8: eight parts, base64 ids", () => {
	const sw8 = `1-${btoa("trace.1")}-${btoa("segment.2")}-3-${btoa("svc")}-${btoa("inst")}-${btoa("/e")}-${btoa("peer")}`;
	expect(of({ sw8 })).toEqual({ provider: "skywalking", traceId: "trace.1", segmentId: "segment.2", spanId: "3" });
	expect(of({ sw8: sw8.slice(0, sw8.lastIndexOf("-")) })).toBeUndefined();
	expect(of({ sw8: "1-%%%-%%%-3-a-b-c-d" })).toBeUndefined();
});

test("b3, single and multi", () => {
	expect(of({ b3: "0" })).toBeUndefined();
	expect(of({ b3: `${ID}-${SPAN}-1` })).toMatchObject({ provider: "zipkin", traceId: ID, spanId: SPAN });
	expect(of({ "x-b3-traceid": ID, "x-b3-spanid": SPAN })).toMatchObject({ provider: "zipkin", traceId: ID });
	expect(of({ "x-b3-traceid": ID })).toBeUndefined();
});
