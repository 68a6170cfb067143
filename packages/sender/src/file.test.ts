import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fileTransport } from "./file.ts";
import type { FileFormat } from "./file-format.ts";
import { createSender } from "./sender.ts";
import { stdoutTransport } from "./stdout.ts";
import type { Transport } from "./transport.ts";

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "wirescribe-file-"));
});
afterEach(() => rm(folder, { recursive: true }));

const line: FileFormat = (message) => JSON.stringify(new TextDecoder().decode(message));

async function deliver(transport: Transport, texts: readonly string[], maxUnitBytes: number = 40): Promise<void> {
	const sender = createSender({ transport, streams: 1, maxUnitBytes });
	for (const text of texts) {
		const body = new TextEncoder().encode(text);
		sender.enqueue({ key: 1, version: 1, preamble: new Uint8Array(0), body });
	}
	expect(await sender.shutdown()).toMatchObject({ acked: texts.length });
}

const texts = (count: number): string[] => Array.from({ length: count }, (_, n) => `${n}`);

test("lines, whole files turned over, the oldest go", async () => {
	const path = join(folder, "log");
	await deliver(fileTransport({ path, format: line, maxBytes: 100, keep: 2 }), texts(200));
	expect((await readdir(folder)).sort()).toEqual(["log", "log.1", "log.2"]);
	const kept: string[] = [];
	for (const file of ["log.2", "log.1", "log"]) {
		const text = await readFile(join(folder, file), "utf8");
		expect(text.length).toBeLessThanOrEqual(100);
		kept.push(
			...text
				.trimEnd()
				.split("\n")
				.map((one) => JSON.parse(one)),
		);
	}
	expect(kept).toEqual(texts(200).slice(-kept.length));
	// A sender that comes later goes on where the last one ended.
	await deliver(fileTransport({ path, format: line, maxBytes: 1000, fsync: true }), ["later"]);
	expect((await readFile(path, "utf8")).endsWith('"199"\n"later"\n')).toBe(true);
});

test("messages behind their lengths", async () => {
	const path = join(folder, "log");
	await deliver(fileTransport({ path, format: "delimited" }), ["a", "b".repeat(300)], 1000);
	const bytes = await readFile(path);
	expect([...bytes.subarray(0, 4)]).toEqual([1, 97, 0xac, 2]);
	expect(bytes.length).toBe(2 + 2 + 300);
});

test("a file that cannot be written keeps the records, and is tried again", async () => {
	const sender = createSender({ transport: fileTransport({ path: join(folder, "no", "log"), format: line }) });
	sender.enqueue({ key: 1, version: 1, preamble: new Uint8Array(0), body: new Uint8Array(1) });
	expect(await sender.shutdown(50)).toMatchObject({ acked: 0, lost: { shutdown: 1 }, resent: { units: 0 } });
	expect(() => fileTransport({ path: "x", format: line, maxBytes: 0 })).toThrow(RangeError);
});

test("a full disk is no acknowledgement", async () => {
	// /dev/full takes nothing, ever.
	const sender = createSender({
		transport: fileTransport({ path: "/dev/full", format: line }),
		retry: { initialMs: 5 },
	});
	sender.enqueue({ key: 1, version: 1, preamble: new Uint8Array(0), body: new Uint8Array(1) });
	const { lost } = await sender.shutdown(50);
	expect(lost.shutdown).toBe(1);
});

test("stdout goes at its reader's pace", async () => {
	const stream = new PassThrough({ highWaterMark: 10 });
	const read: Buffer[] = [];
	setTimeout(() => stream.on("data", (part) => read.push(part)), 20);
	await deliver(stdoutTransport({ format: line, stream }), texts(50));
	expect(Buffer.concat(read).toString()).toBe(
		texts(50)
			.map((text) => `"${text}"\n`)
			.join(""),
	);
});
