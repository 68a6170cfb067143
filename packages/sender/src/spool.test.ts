import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SenderEvent } from "./events.ts";
import type { SenderLedger } from "./ledger.ts";
import { memoryTransport } from "./memory.ts";
import type { SenderOptions } from "./options.ts";
import { createSender } from "./sender.ts";
import type { Sender } from "./sender-interface.ts";
import { SlabPool } from "./slabs.ts";
import { Spool, type SpoolOptions } from "./spool.ts";
import { UnitBuilder } from "./unit-builder.ts";
import type { UnitBytes } from "./unit-bytes.ts";

let folder: string;
const cleanup: (() => unknown)[] = [];
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "wirescribe-spool-"));
});
afterEach(async () => {
	for (const step of cleanup.splice(0).reverse()) await step();
	rmSync(folder, { recursive: true });
});

function unitOf(...texts: readonly string[]): UnitBytes {
	const builder = new UnitBuilder(new SlabPool());
	for (const text of texts) {
		const body = new TextEncoder().encode(text);
		builder.append({ key: text.length, version: 1, preamble: new Uint8Array(3), body }, new Uint8Array(2));
	}
	return builder.finish();
}
const describe = (id: string, { preambles, headerBytes }: UnitBytes) => ({
	id,
	strand: 1,
	records: preambles.length,
	headerBytes,
	exposed: 0,
});

/** Opens the spool, reads all there is, closes it. */
function recovered(options: Partial<SpoolOptions> = {}): { ids: string[]; reports: readonly string[] } {
	const spool = new Spool({ folder, ...options });
	const ids: string[] = [];
	spool.recover((description, place) => {
		expect(spool.read(place)?.preambles.length).toBe(description.records);
		ids.push(description.id);
	});
	spool.close();
	return { ids, reports: spool.reports };
}

const files = (kind: string): string[] =>
	readdirSync(folder)
		.filter((name) => name.endsWith(kind))
		.sort();

test("what was written is read again, byte for byte; what is done is not", () => {
	const spool = new Spool({ folder, segmentBytes: 400 });
	const units = Array.from({ length: 10 }, (_, n) => unitOf("a".repeat(n), "b", "c".repeat(50)));
	const places = units.map((unit, n) => spool.write(describe(`${n}`, unit), unit));
	for (const [n, place] of places.entries()) expect(spool.read(place)).toEqual(units[n]);
	expect(files(".seg").length).toBeGreaterThan(3);
	for (const n of [0, 1, 2, 7]) spool.done(places[n]!);
	spool.close();
	expect(recovered().ids).toEqual(["3", "4", "5", "6", "8", "9"]);
	// Segments of which all is done are gone.
	expect(files(".seg")[0]).not.toBe("00000001.seg");
});

test("nobody but its owner may read it", () => {
	const inner = join(folder, "new");
	const spool = new Spool({ folder: inner });
	const unit = unitOf("one");
	spool.write(describe("1", unit), unit);
	spool.close();
	expect(statSync(inner).mode & 0o777).toBe(0o700);
	const modes = readdirSync(inner)
		.filter((name) => name.endsWith(".seg"))
		.map((name) => statSync(join(inner, name)).mode & 0o777);
	expect(modes).toEqual([0o600]);
});

test("cut at every byte of the last segment: all units before the cut are there", () => {
	const spool = new Spool({ folder });
	const units = [unitOf("one", "two"), unitOf("three"), unitOf("four", "five")];
	const ends = units.map((unit, n) => {
		const { offset, entryBytes } = spool.write(describe(`${n}`, unit), unit);
		return offset + entryBytes;
	});
	spool.close();
	const [segment = ""] = files(".seg");
	const whole = readFileSync(join(folder, segment));
	for (let length = 0; length <= whole.length; length++) {
		writeFileSync(join(folder, segment), whole);
		truncateSync(join(folder, segment), length);
		const wanted = ends.filter((end) => end <= length).map((_, n) => `${n}`);
		expect(recovered().ids, `${length}`).toEqual(wanted);
		expect(files(".corrupt")).toEqual([]);
		// The cut is healed: another look finds the same, and nothing to report.
		expect(recovered(), `${length}`).toEqual({ ids: wanted, reports: [] });
	}
});

test("a changed byte anywhere: the other units are saved, the segment is set aside", () => {
	const spool = new Spool({ folder });
	const units = [unitOf("one", "two"), unitOf("three"), unitOf("four", "five")];
	for (const [n, unit] of units.entries()) spool.write(describe(`${n}`, unit), unit);
	spool.close();
	const [segment = ""] = files(".seg");
	const whole = readFileSync(join(folder, segment));
	for (let at = 0; at < whole.length; at++) {
		for (const name of readdirSync(folder)) rmSync(join(folder, name));
		const changed = Buffer.from(whole);
		changed[at] = changed[at]! ^ 0x55;
		writeFileSync(join(folder, segment), changed);
		const { ids, reports } = recovered();
		// Of the first eight no unit depends.
		if (at < 8) expect(ids, `byte ${at}`).toEqual(["0", "1", "2"]);
		else expect(ids.length, `byte ${at}`).toBeLessThan(3);
		expect(reports.length, `byte ${at}`).toBe(1);
		expect(recovered(), `byte ${at}`).toEqual({ ids, reports: [] });
	}
});

test("a torn list of what is done sends a unit once more, no worse", () => {
	const spool = new Spool({ folder });
	const unit = unitOf("x");
	const places = ["0", "1", "2"].map((id) => spool.write(describe(id, unit), unit));
	spool.done(places[0]!);
	spool.done(places[1]!);
	spool.close();
	const [list = ""] = files(".done");
	truncateSync(join(folder, list), 13);
	expect(recovered().ids).toEqual(["1", "2"]);
});

test("one sender a folder", () => {
	const spool = new Spool({ folder });
	expect(() => new Spool({ folder })).toThrow(/Cannot use the spool/);
	spool.close();
	writeFileSync(join(folder, "lock"), "1\n");
	expect(() => new Spool({ folder })).toThrow(/process 1 does/);
	writeFileSync(join(folder, "lock"), "4194999\n");
	new Spool({ folder }).close();
	expect(() => new Spool({ folder, maxBytes: 0 })).toThrow(RangeError);
});

/** The identity must hold whenever one looks. */
function check(ledger: SenderLedger): SenderLedger {
	const lost = Object.values(ledger.lost).reduce((sum, n) => sum + n, 0);
	expect(ledger.acked + ledger.retained + ledger.spooled + lost).toBe(ledger.accepted);
	return ledger;
}

function start(options: Partial<SenderOptions> & Pick<SenderOptions, "transport">): Sender {
	const onEvent = (_event: SenderEvent): unknown => check(sender.ledger());
	const sender: Sender = createSender({ maxUnitBytes: 30, retry: { initialMs: 2, maxMs: 5 }, onEvent, ...options });
	cleanup.push(() => sender.shutdown(0));
	return sender;
}
function put(sender: Sender, from: number, to: number): void {
	for (let n = from; n < to; n++) {
		const body = new TextEncoder().encode(`${n} `);
		sender.enqueue({ key: n % 5, version: 1, preamble: new Uint8Array(0), body });
		check(sender.ledger());
	}
}
const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

test("goes to disk as well when less may be retained than before", async () => {
	let open = false;
	const transport = memoryTransport({ respond: () => (open ? {} : { code: 14 }) });
	const sender = start({ transport, maxRetainedBytes: 20_000, spool: { folder, segmentBytes: 500 } });
	put(sender, 0, 300);
	expect(sender.ledger().spooled).toBe(0);
	const before = sender.retainedBytes;
	sender.limitRetained(400);
	put(sender, 300, 301);
	// What is on its way stays.
	expect(sender.retainedBytes).toBeLessThan(before / 3);
	expect(sender.ledger().spooled).toBeGreaterThan(200);
	expect(() => sender.limitRetained(0)).toThrow(/takes a positive number, not 0/);
	open = true;
	expect(check(await sender.shutdown())).toMatchObject({ accepted: 301, acked: 301, lost: { queue: 0 } });
});

test("what does not fit into memory goes to disk and arrives, in order for each key", async () => {
	let open = false;
	const transport = memoryTransport({ respond: () => (open ? {} : { code: 14 }) });
	const sender = start({ transport, maxRetainedBytes: 400, spool: { folder, segmentBytes: 500 } });
	put(sender, 0, 500);
	expect(sender.ledger().spooled).toBeGreaterThan(300);
	expect(sender.retainedBytes).toBeLessThanOrEqual(400);
	const before = transport.units.length;
	open = true;
	await sender.flush();
	expect(check(await sender.shutdown())).toMatchObject({ accepted: 500, acked: 500, spooled: 0 });
	expect(files(".seg")).toEqual([]);
	const arrived = transport.units
		.slice(before)
		.flatMap(({ messages }) => messages.map((message) => Number(new TextDecoder().decode(message))));
	for (const key of range(5)) {
		const ofKey = [...new Set(arrived.filter((n) => n % 5 === key))];
		expect(ofKey).toEqual(
			range(500)
				.filter((n) => n % 5 === key)
				.slice(-ofKey.length),
		);
	}
});

test("what is left at the end is there at the next start", async () => {
	const first = start({ transport: memoryTransport({ respond: () => ({ code: 14 }) }), spool: { folder } });
	put(first, 0, 100);
	expect(check(await first.shutdown(20))).toMatchObject({ acked: 0, retained: 0, spooled: 100, lost: { shutdown: 0 } });
	const transport = memoryTransport();
	const second = start({ transport, spool: { folder } });
	expect(check(second.ledger())).toMatchObject({ accepted: 100, spooled: 100 });
	put(second, 100, 120);
	expect(check(await second.shutdown())).toMatchObject({ accepted: 120, acked: 120, spooled: 0 });
	const arrived = transport.units.flatMap(({ messages }) =>
		messages.map((message) => Number(new TextDecoder().decode(message))),
	);
	expect(arrived.toSorted((a, b) => a - b)).toEqual(range(120));
});

test("with `always`, what a killed process had accepted is there at the next start", async () => {
	const first = start({
		transport: memoryTransport({ respond: () => new Promise(() => {}) }),
		spool: { folder, when: "always" },
	});
	put(first, 0, 100);
	const flushed = first.flush();
	// A copy of the folder is what a kill at this moment would leave.
	const copy = mkdtempSync(join(tmpdir(), "wirescribe-spool-"));
	cpSync(folder, copy, { recursive: true });
	const second = start({ transport: memoryTransport(), spool: { folder: copy } });
	expect(check(await second.shutdown())).toMatchObject({ accepted: 100, acked: 100 });
	rmSync(copy, { recursive: true });
	await first.shutdown(0);
	await flushed;
});

test("beyond its size the oldest goes, counted", async () => {
	const spool = { folder, maxBytes: 4000, segmentBytes: 1000 };
	const sender = start({ transport: memoryTransport({ respond: () => ({ code: 14 }) }), maxRetainedBytes: 200, spool });
	put(sender, 0, 1000);
	const size = files(".seg").reduce((sum, name) => sum + readFileSync(join(folder, name)).length, 0);
	expect(size).toBeLessThanOrEqual(4000);
	const { lost } = check(await sender.shutdown(0));
	expect(lost.queue).toBeGreaterThan(500);
	expect(lost.shutdown).toBe(0);
});

test("a unit on disk that the peer finds too large is cut there, too", async () => {
	const first = start({
		transport: memoryTransport({ respond: () => ({ code: 14 }) }),
		streams: 1,
		maxUnitBytes: 1000,
		spool: { folder },
	});
	put(first, 0, 60);
	await first.shutdown(0);
	const respond = ({ messages }: { messages: readonly Uint8Array[] }) =>
		messages.length > 9 ? { code: 8, message: "too large" } : {};
	const second = start({ transport: memoryTransport({ respond }), streams: 1, spool: { folder } });
	expect(check(await second.shutdown())).toMatchObject({ acked: 60, spooled: 0 });
	expect(files(".seg")).toEqual([]);
});
