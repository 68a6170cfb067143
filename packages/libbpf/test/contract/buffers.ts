import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { PerfBuffer, possibleCpus, RingBuffer } from "../../src/index.ts";
import { type Cases, call, drainAll, type Event, eventsOf, observed, pin, scoped, thrown } from "./subject.ts";

function expectRun(events: readonly Event[], first: number, values: readonly number[]): void {
	assert.deepEqual(
		events.map(({ sequence, value, length, fill }) => [sequence, value, length, fill]),
		values.map((value, i) => [first + i, value, 16 + value, value & 255]),
	);
}

const sizes = (count: number): number[] => Array.from({ length: count }, (_, i) => (i * 37) % 301);

/** The flags of this process's descriptors of the kernel's BPF objects, as /proc has them. */
function bpfDescriptorFlags(): number[] {
	return readdirSync("/proc/self/fd").flatMap((fd) => {
		try {
			if (!/bpf|perf_event/.test(readlinkSync(`/proc/self/fd/${fd}`))) return [];
			return [Number.parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1] ?? "", 8)];
		} catch {
			return []; // the one that lists them
		}
	});
}

const O_CLOEXEC = 0o2000000;

/** Rings and perf buffers. */
export const bufferCases: Cases = {
	"drains records of every size, whole and in order": () =>
		scoped((keep) => {
			const { ring } = observed(keep);
			const memory = new Uint8Array(1 << 17);
			assert.equal(ring.drain(memory), 0);
			for (const value of sizes(301)) call(value);
			const used = sizes(301).reduce((sum, value) => sum + 8 + ((16 + value + 7) & ~7), 0);
			assert.equal(ring.available, used);
			const length = ring.drain(memory);
			assert.equal(length, used);
			expectRun(eventsOf(memory, length), 0, sizes(301));
			assert.equal(ring.available, 0);
			assert.equal(ring.capacity, 65536);
		}),

	"leaves what does not fit for the next drain": () =>
		scoped((keep) => {
			const { ring } = observed(keep);
			for (const value of sizes(100)) call(value);
			expectRun(drainAll(ring, new Uint8Array(333)), 0, sizes(100));
		}),

	"gives records one by one, as they come, to whoever waits for them": () =>
		scoped(async (keep) => {
			const { ring } = observed(keep);
			const values: number[] = [];
			const later = setTimeout(() => call(3), 30);
			call(1);
			call(2);
			for await (const { bytes } of ring) {
				values.push(new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true));
				if (values.length === 3) break;
			}
			clearTimeout(later);
			assert.deepEqual(values, [1, 2, 3]);
		}),

	"ends the records by a signal, or when the buffer is closed": () =>
		scoped(async (keep) => {
			const { object, ring } = observed(keep);
			const abort = new AbortController();
			setTimeout(() => abort.abort(), 20);
			for await (const _ of ring.records({ signal: abort.signal })) assert.fail("a record of nothing");
			const perf = new PerfBuffer(object.map("samples"));
			setTimeout(() => perf.close(), 20);
			for await (const _ of perf) assert.fail("a record of nothing");
		}),

	"leaves no descriptor to programs that are started": () =>
		scoped((keep) => {
			const { object } = observed(keep);
			keep(new PerfBuffer(object.map("samples")));
			const flags = bpfDescriptorFlags();
			assert.ok(flags.length > 5);
			for (const one of flags) assert.equal(one & O_CLOEXEC, O_CLOEXEC);
		}),

	"goes round the ring many times without losing one": () =>
		scoped((keep) => {
			const { ring } = observed(keep);
			const memory = new Uint8Array(50_000);
			for (let round = 0; round < 40; round++) {
				for (const value of sizes(150)) call(value);
				expectRun(drainAll(ring, memory), round * 150, sizes(150));
			}
		}),

	"says that one record is larger than the memory, and keeps it": () =>
		scoped((keep) => {
			const { ring } = observed(keep);
			call(1000);
			const error = thrown("ERR_BPF_RECORD_SIZE", () => ring.drain(new Uint8Array(512)));
			assert.match(
				error.message,
				/next record has 1016 bytes and needs 1024, the memory given has 512.*drain into larger memory/,
			);
			expectRun(drainAll(ring, new Uint8Array(1024)), 0, [1000]);
			thrown("ERR_BPF_RECORD_SIZE", () => {
				call(0);
				ring.drain(new Uint8Array(0));
			});
		}),

	"loses nothing silently when the ring is full": () =>
		scoped((keep) => {
			const { object, ring } = observed(keep);
			for (let i = 0; i < 100; i++) call(4096);
			const kept = drainAll(ring, new Uint8Array(1 << 17));
			const lost = object.globalNumber("ring_lost");
			assert.ok(lost > 0 && kept.length > 0);
			assert.equal(kept.length + lost, 100);
		}),

	"drains into memory that changes": () =>
		scoped((keep) => {
			const { ring } = observed(keep);
			for (let i = 0; i < 20; i++) {
				call(i);
				const memory = new Uint8Array(4096).subarray(i % 7);
				expectRun(eventsOf(memory, ring.drain(memory)), 2 * i, [i]);
				// What a queue does with a full batch: its memory moves to another thread and the view goes empty.
				const { buffer } = memory;
				structuredClone(buffer, { transfer: [buffer] });
				call(0);
				thrown("ERR_BPF_RECORD_SIZE", () => ring.drain(memory));
				expectRun(drainAll(ring, new Uint8Array(64)), 2 * i + 1, [0]);
			}
		}),

	"waits for records and for the end of the time": () =>
		scoped((keep) => {
			const { ring } = observed(keep);
			assert.equal(ring.wait(1), false);
			call(1);
			assert.equal(ring.wait(1000), true);
			ring.drain(new Uint8Array(1024));
			assert.equal(ring.wait(0), false);
		}),

	"opens a ring by its fd and outlives the object": () =>
		scoped((keep) => {
			const { object } = observed(keep);
			const ring = keep(new RingBuffer(object.map("events").fd));
			call(5);
			object.close();
			expectRun(drainAll(ring, new Uint8Array(1024)), 0, [5]);
		}),

	"drains in a worker thread that was sent the fd": () =>
		scoped(async (keep) => {
			const { object } = observed(keep);
			for (const value of sizes(50)) call(value);
			const worker = new Worker(new URL("./drain-worker.ts", import.meta.url), {
				workerData: { fd: object.map("events").fd },
			});
			try {
				const batch = await new Promise<ArrayBuffer>((resolve, reject) => {
					worker.once("message", resolve);
					worker.once("error", reject);
				});
				expectRun(eventsOf(new Uint8Array(batch), batch.byteLength), 0, sizes(50));
			} finally {
				await worker.terminate();
			}
		}),

	"refuses a map that is no ring, and a closed ring": () =>
		scoped((keep) => {
			const { object, ring } = observed(keep);
			const wrong = thrown("ERR_BPF_BUFFER", () => new RingBuffer(object.map("counts")));
			assert.match(wrong.message, /read the map counts as a ring buffer: its type is 1, not RINGBUF/);
			assert.equal(thrown("ERR_BPF_BUFFER", () => new RingBuffer(9999)).errno, "EBADFD");
			ring.close();
			ring.close();
			thrown("ERR_BPF_CLOSED", () => ring.drain(new Uint8Array(64)));
			thrown("ERR_BPF_CLOSED", () => ring.wait(0));
			thrown("ERR_BPF_CLOSED", () => ring.available);
		}),

	"drains a perf buffer, each frame with its CPU": () =>
		scoped((keep) => {
			const { object } = observed(keep);
			const perf = keep(new PerfBuffer(object.map("samples")));
			assert.equal(perf.wait(1), false);
			for (const value of sizes(300)) call(value);
			assert.equal(perf.wait(1000), true);
			assert.ok(perf.available > 300 * 16);
			const events = drainAll(perf, new Uint8Array(777)).sort((a, b) => a.sequence - b.sequence);
			assert.deepEqual(
				events.map(({ sequence, value }) => [sequence, value]),
				sizes(300).map((value, i) => [i, value]),
			);
			for (const { value, length, fill } of events) {
				assert.ok(length >= 16 + value && length < 24 + value, `${length} bytes for ${16 + value}`);
				assert.equal(fill, value & 255);
			}
			assert.equal(perf.lost, 0);
			assert.equal(perf.available, 0);
		}),

	"drains a perf buffer in the order of time, over all CPUs": () =>
		scoped((keep) => {
			const { object } = observed(keep);
			const perf = keep(new PerfBuffer(object.map("samples")));
			const cpus = Math.min(2, possibleCpus());
			// This thread, taken to and fro between CPUs, as the scheduler does it with anybody.
			const restore = pin(0);
			try {
				for (let round = 0; round < 12; round++) {
					pin(round % cpus);
					for (const value of sizes(10)) call(value);
				}
			} finally {
				restore();
			}
			const events = drainAll(perf, new Uint8Array(777));
			assert.deepEqual(
				events.map(({ sequence }) => sequence),
				Array.from({ length: 120 }, (_, i) => i),
			);
			assert.equal(new Set(events.map(({ source }) => source)).size, cpus);
		}),

	"counts what a perf buffer lost": () =>
		scoped((keep) => {
			const { object } = observed(keep);
			const perf = keep(new PerfBuffer(object.map("samples"), { pagesPerCpu: 2 }));
			const memory = new Uint8Array(1 << 16);
			let kept = 0;
			for (let i = 0; i < 50; i++) call(1000);
			// The kernel writes its notice of loss before the next record it has room for, on the CPU that lost.
			for (let i = 0; i < 200 && kept + perf.lost < 50 + i; i++) {
				kept += drainAll(perf, memory).length;
				if (kept + perf.lost === 50 + i) break;
				call(0);
			}
			kept += drainAll(perf, memory).length;
			assert.ok(perf.lost > 0 && kept > 0);
			assert.equal(kept + perf.lost, object.globalNumber("sequence"));
		}),

	"refuses perf buffers that cannot be": () =>
		scoped((keep) => {
			const { object } = observed(keep);
			const pages = thrown("ERR_BPF_BUFFER", () => new PerfBuffer(object.map("samples"), { pagesPerCpu: 3 }));
			assert.match(pages.message, /pages must be a power of two, received 3/);
			thrown("ERR_BPF_BUFFER", () => new PerfBuffer(object.map("events")));
			const perf = keep(new PerfBuffer(object.map("samples")));
			call(600);
			thrown("ERR_BPF_RECORD_SIZE", () => perf.drain(new Uint8Array(64)));
			assert.equal(drainAll(perf, new Uint8Array(1024)).length, 1);
			perf.close();
			thrown("ERR_BPF_CLOSED", () => perf.drain(new Uint8Array(64)));
			thrown("ERR_BPF_CLOSED", () => perf.lost);
		}),
};
