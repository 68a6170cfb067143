import { expect, test } from "vitest";
import { createSender } from "./sender.ts";
import { SLAB_BYTES, SlabPool } from "./slabs.ts";
import type { Transport, UnitStatus } from "./transport.ts";

test("a pool gives back what it was given, and nothing that is no slab", () => {
	const pool = new SlabPool();
	const slab = pool.take();
	expect(slab.length).toBe(SLAB_BYTES);
	pool.give([new Uint8Array(100), new Uint8Array(SLAB_BYTES + 1).subarray(0, SLAB_BYTES), slab]);
	expect(pool.take()).toBe(slab);
	expect(pool.take()).not.toBe(slab);
});

/** What a stream was given: the bytes themselves, and how they were then. */
interface Held {
	readonly given: Uint8Array;
	readonly copy: Uint8Array;
}

test("slabs are used again, but not while a stream may read them, nor after one that broke", async () => {
	const broken: Held[] = [];
	const used = new Set<ArrayBufferLike>();
	const arrived: number[] = [];
	let full = 0;
	let streams = 0;

	function judge(held: readonly Held[]): UnitStatus {
		for (const { given, copy } of held) expect(Buffer.compare(given, copy)).toBe(0);
		const status = { code: 14, message: "", retryDelayMs: null, reached: true };
		if (streams++ % 5 === 1) {
			broken.push(...held);
			return { ...status, broken: true };
		}
		if (streams % 5 === 4) return status;
		for (const { given } of held) {
			if (given.length !== SLAB_BYTES) continue;
			full++;
			used.add(given.buffer);
		}
		const frames = Buffer.concat(held.map(({ copy }) => copy));
		for (let at = 0; at < frames.length; at += 5 + frames.readUInt32BE(at + 1)) {
			arrived.push(frames.readUInt32BE(at + 5));
		}
		return { ...status, code: 0 };
	}

	const transport: Transport = {
		name: "holder",
		onConnection: null,
		close: () => {},
		open() {
			const held: Held[] = [];
			const { promise: status, resolve } = Promise.withResolvers<UnitStatus>();
			return {
				status,
				write: () => true,
				writeFrames: (given) => held.push({ given, copy: given.slice() }) > 0,
				drain: async () => {},
				end: () => void setTimeout(() => resolve(judge(held)), 3),
				cancel: () => {},
			};
		},
	};
	const sender = createSender({
		transport,
		streams: 1,
		overflow: "block",
		maxRetainedBytes: 2e6,
		retry: { initialMs: 1 },
	});
	const body = Buffer.alloc(1000);
	for (let n = 0; n < 30_000; n++) {
		body.writeUInt32BE(n);
		body.fill(n & 255, 4);
		while (sender.enqueue({ key: 1, version: 1, preamble: new Uint8Array(0), body }) === "full") await sender.room();
	}
	expect(await sender.shutdown()).toMatchObject({ acked: 30_000, retained: 0 });
	expect(arrived).toEqual(Array.from({ length: 30_000 }, (_, n) => n));
	expect(broken.length).toBeGreaterThan(0);
	for (const { given, copy } of broken) expect(Buffer.compare(given, copy)).toBe(0);
	expect(used.size).toBeLessThan(full / 2);
});
