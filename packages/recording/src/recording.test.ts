import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { batchOf, operation, payloadsOf } from "../test/events.ts";
import { encodeFrame, type RecordingFrame } from "./format.ts";
import type { RecordingError } from "./recording-error.ts";
import { RecordingReader } from "./recording-reader.ts";
import { RecordingWriter } from "./recording-writer.ts";

let folder: string;
let file: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "recording-"));
	file = join(folder, "a.wsrec");
});
afterEach(() => rm(folder, { recursive: true }));

const header = {
	redacted: true,
	startedAt: "2026-11-21T00:00:00Z",
	kernel: "6.1.0",
	machine: "x86_64",
	wirescribe: "0.1.0",
	bootTime: { seconds: 1, nanos: 2 },
};
const SECRET_REQUEST = "GET /?q=secret HTTP/1.1\r\nCookie: secret\r\n\r\n";
const batch = batchOf([operation({ direction: 1, offset: 0, payload: SECRET_REQUEST })]);

async function write(redacted: boolean, batches = 1): Promise<void> {
	const writer = await RecordingWriter.create(file, { ...header, redacted });
	writer.writeAnswer("process", 7, { pid: 7, comm: "curl", cmdline: "curl -u user:secret http://a" });
	for (let i = 0; i < batches; i++) writer.writeBatch(i % 3, 1e15 + i, batch);
	writer.writeClock(1, 1e15 + 0.5);
	await writer.close({ ledger: { seen: 1 } });
}

async function readAll(): Promise<{ frames: RecordingFrame[]; error: RecordingError | undefined }> {
	const frames: RecordingFrame[] = [];
	try {
		for await (const frame of await RecordingReader.open(file)) frames.push(frame);
		return { frames, error: undefined };
	} catch (error) {
		return { frames, error: error as RecordingError };
	}
}

test("what is written is read, redacted, and the caller's bytes stay as they are", async () => {
	await write(true);
	const reader = await RecordingReader.open(file);
	expect(reader.header).toEqual(header);
	await reader.close();
	const { frames, error } = await readAll();
	expect(error).toBeUndefined();
	expect(frames.map(({ type }) => type)).toEqual(["answer", "batch", "clock", "end"]);
	const [answer, recorded, clock, end] = frames;
	expect(answer).toMatchObject({ kind: "process", key: 7, value: { pid: 7, comm: "curl", cmdline: "curl" } });
	expect(recorded).toMatchObject({ partition: 0, clockNs: 1e15 });
	expect(clock).toMatchObject({ partition: 1, clockNs: 1e15 + 0.5 });
	expect(end).toMatchObject({ summary: { ledger: { seen: 1 }, totals: { batches: 1, batchBytes: batch.length } } });
	const bytes = recorded?.type === "batch" ? recorded.batch : new Uint8Array();
	expect(bytes.byteOffset % 8).toBe(0);
	expect(payloadsOf(bytes)).toEqual(["GET /?q=xxxxxx HTTP/1.1\r\nCookie: xxxxxx\r\n\r\n"]);
	expect(payloadsOf(batch)).toEqual([SECRET_REQUEST]);
	expect(await readFile(file, "latin1")).not.toContain("secret");
});

test("raw keeps the bytes, says so, and is for its owner alone, also over an existing file", async () => {
	await writeFile(file, "", { mode: 0o666 });
	await write(false);
	expect((await stat(file)).mode & 0o777).toBe(0o600);
	const reader = await RecordingReader.open(file);
	expect(reader.header.redacted).toBe(false);
	await reader.close();
	expect(await readFile(file, "latin1")).toContain("Cookie: secret");
	expect(await readFile(file, "latin1")).toContain("user:secret");
});

test("many batches through a small buffer are whole and in order", async () => {
	const writer = await RecordingWriter.create(file, header, { maxBufferedBytes: 10_000 });
	for (let i = 0; i < 5000; i++) {
		writer.writeBatch(0, i, batch);
		if (i % 97 === 0) await new Promise((resolve) => setImmediate(resolve));
	}
	const expected = writer.bytes;
	await writer.flush();
	expect((await stat(file)).size).toBe(expected);
	await writer.close();
	const { frames, error } = await readAll();
	expect(error).toBeUndefined();
	expect(frames.filter((frame) => frame.type === "batch").map((frame) => frame.clockNs)).toEqual(
		Array.from({ length: 5000 }, (_, i) => i),
	);
});

test("a file cut anywhere gives what is before, and says where it was cut", async () => {
	await write(true, 3);
	const whole = await readFile(file);
	const { frames: all } = await readAll();
	const ends = [...all.slice(1).map(({ offset }) => offset), whole.length];
	for (let length = 0; length < whole.length; length++) {
		await writeFile(file, whole.subarray(0, length));
		const { frames, error } = await readAll();
		expect(frames).toEqual(all.slice(0, ends.filter((end) => end <= length).length));
		expect(error?.code).toBe(length < 8 ? "ERR_RECORDING_FORMAT" : "ERR_RECORDING_TRUNCATED");
		expect(error?.file).toBe(file);
		expect(error?.offset).toBe(
			length < 16 ? 0 : Math.max(16, ...[all[0]!.offset, ...ends].filter((end) => end <= length)),
		);
	}
});

test("one changed byte anywhere is found", async () => {
	await write(true);
	const whole = await readFile(file);
	for (let at = 0; at < whole.length; at++) {
		const damaged = Uint8Array.from(whole);
		damaged[at]! ^= 0x10;
		await writeFile(file, damaged);
		expect((await readAll()).error?.code).toMatch(/^ERR_RECORDING_(CORRUPT|TRUNCATED|VERSION|FORMAT)$/);
	}
});

test("frames of a kind that is not known yet are skipped", async () => {
	await write(true);
	const { frames } = await readAll();
	const end = frames.at(-1)!.offset;
	const tail = (await readFile(file)).subarray(end);
	await truncate(file, end);
	await appendFile(
		file,
		encodeFrame(77, 3, (payload) => payload.fill(1)),
	);
	await appendFile(file, tail);
	const again = await readAll();
	expect(again.error).toBeUndefined();
	expect(again.frames.map(({ type }) => type)).toEqual(frames.map(({ type }) => type));
});

test("errors say which file, why, and where", async () => {
	await expect(RecordingReader.open(join(folder, "none"))).rejects.toMatchObject({ code: "ERR_RECORDING_OPEN" });
	await expect(RecordingWriter.create(join(folder, "no", "where"), header)).rejects.toThrow(
		/Cannot create recording '.*where': ENOENT/,
	);
	await writeFile(file, "not a recording at all");
	await expect(RecordingReader.open(file)).rejects.toThrow(
		`Cannot read recording '${file}' from byte 0: it is not a recording`,
	);
	await write(true);
	const bytes = await readFile(file);
	bytes[8] = 9;
	await writeFile(file, bytes);
	await expect(RecordingReader.open(file)).rejects.toThrow("format version 9, this reads version 1");
});

test("a full disk is said by the next call and by close", async () => {
	const writer = await RecordingWriter.create("/dev/full", { ...header, startedAt: "now" });
	writer.writeBatch(0, 0, batch);
	await expect(writer.flush()).rejects.toMatchObject({ code: "ERR_RECORDING_WRITE" });
	expect(() => writer.writeBatch(0, 0, batch)).toThrow(
		/Cannot write recording '\/dev\/full' at byte 0: .*(ENOSPC|No space)/,
	);
	await expect(writer.close()).rejects.toMatchObject({ code: "ERR_RECORDING_WRITE" });
	expect(() => writer.writeBatch(0, 0, batch)).toThrow(/closed/);
});
