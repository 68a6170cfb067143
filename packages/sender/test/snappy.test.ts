import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { snappyFrames } from "../src/snappy.ts";
import { local } from "./runtimes.ts";

beforeAll(() => ensureDebian(["golang-go", "golang-github-golang-snappy-dev"]));

function joined(parts: readonly Uint8Array[]): Buffer {
	const length = (part: Uint8Array): Buffer => {
		const head = Buffer.alloc(4);
		head.writeUInt32BE(part.length);
		return head;
	};
	return Buffer.concat(parts.flatMap((part) => [length(part), part]));
}

/** Written to and read from at once: Deno's `spawnSync` writes all before it reads, and stands still when both pipes are full. */
async function throughGo(input: Uint8Array): Promise<Buffer> {
	const go = { GO111MODULE: "off", GOPATH: "/usr/share/gocode", GOFLAGS: "" };
	const child = spawn("/usr/bin/go", ["run", local("./unsnappy/main.go")], {
		stdio: ["pipe", "pipe", "inherit"],
		env: { ...process.env, ...go },
	});
	const parts: Buffer[] = [];
	child.stdout.on("data", (part: Buffer) => parts.push(part));
	child.stdin.end(input);
	const [status] = await once(child, "close");
	expect(status).toBe(0);
	return Buffer.concat(parts);
}

test("Go's snappy reads what we write", async () => {
	const repeating = fc
		.tuple(fc.uint8Array({ minLength: 1, maxLength: 90 }), fc.integer({ min: 1, max: 3000 }), fc.uint8Array())
		.map(([part, times, end]) => Buffer.concat([...Array.from({ length: times }, () => part), end]));
	const text = fc.lorem({ maxCount: 200 }).map((words) => Buffer.from(words));
	const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), text, repeating);
	const inputs = [
		...fc.sample(bytes, 1500),
		Buffer.alloc(200_000, "x"),
		Buffer.from(Uint8Array.from({ length: 150_000 }, (_, n) => (n * n * 7919) >>> 5)),
	];
	const streams = inputs.map((input) => snappyFrames(input));
	const read = await throughGo(joined(streams));
	expect(read.equals(joined(inputs))).toBe(true);
	// And it gets shorter where it can.
	expect(streams.at(-2)?.length).toBeLessThan(20_000);
	for (const [n, stream] of streams.entries()) {
		const { length } = inputs[n] as Uint8Array;
		expect(stream.length).toBeLessThanOrEqual(10 + length + 8 * Math.ceil(length / 65_536));
	}
});
