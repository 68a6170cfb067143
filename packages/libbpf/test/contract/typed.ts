import assert from "node:assert/strict";
import {
	array,
	BpfMap,
	big64,
	bytes,
	decode,
	encode,
	i8,
	i16,
	i32,
	possibleCpus,
	struct,
	text,
	u8,
	u16,
	u32,
	u64,
} from "../../src/index.ts";
import { type Cases, scoped } from "./subject.ts";

/** Keys and values as types. */
export const typedCases: Cases = {
	"lays a struct out as C does": () => {
		const event = struct({ kind: u8, port: u16, pid: i32, comm: text(5), at: u64, one: i8, two: array(i16, 2) });
		assert.deepEqual([event.size, event.align], [32, 8]);
		const value = { kind: 255, port: 443, pid: -2, comm: "curl", at: 2 ** 52, one: -1, two: [-3, 4] };
		const encoded = encode(event, value);
		assert.deepEqual(decode(event, encoded), value);
		assert.deepEqual([...encoded.subarray(0, 8)], [255, 0, 187, 1, 254, 255, 255, 255]);
		assert.deepEqual([...encoded.subarray(24, 32)], [255, 0, 253, 255, 4, 0, 0, 0]);
		assert.equal(decode(big64, encode(big64, 2n ** 64n - 1n)), 2n ** 64n - 1n);
	},

	"refuses what does not fit": () => {
		assert.throws(() => decode(u32, new Uint8Array(3)), /Cannot read 4 bytes: there are 3/);
		assert.throws(() => encode(text(4), "python"), /Cannot write 6 bytes: there is room for 4/);
		assert.throws(() => encode(array(u8, 2), [1]), /Cannot write 1 values: the array has 2/);
	},

	"reads and writes a map by types": () =>
		scoped((keep) => {
			const map = keep(BpfMap.create({ type: "hash", keySize: 8, valueSize: 24, maxEntries: 8 }));
			const flows = map.typed(struct({ addr: bytes(4), port: u16 }), struct({ bytes: u64, comm: text(16) }));
			assert.equal(flows.map, map);
		}).then(
			() => assert.fail("a key of 6 bytes in a map of 8"),
			(error: Error) =>
				assert.match(error.message, /Cannot use a type of 6 bytes for the keys of the map .*: they have 8/),
		),

	"gets, sets, walks, takes and deletes by types": () =>
		scoped((keep) => {
			const map = keep(BpfMap.create({ type: "hash", keySize: 8, valueSize: 24, maxEntries: 8 }));
			const flows = map.typed(struct({ addr: bytes(4), port: u32 }), struct({ bytes: u64, comm: text(16) }));
			const key = { addr: new Uint8Array([127, 0, 0, 1]), port: 8080 };
			assert.equal(flows.get(key), undefined);
			flows.set(key, { bytes: 2 ** 40, comm: "nginx" });
			flows.set({ ...key, port: 443 }, { bytes: 1, comm: "curl" });
			assert.deepEqual(flows.get(key), { bytes: 2 ** 40, comm: "nginx" });
			assert.deepEqual([...flows].map(([{ port }, { comm }]) => `${port} ${comm}`).sort(), ["443 curl", "8080 nginx"]);
			assert.deepEqual([...flows.keys()].map(({ port }) => port).sort(), [443, 8080]);
			assert.equal(flows.take(key)?.comm, "nginx");
			assert.equal(flows.take(key), undefined);
			assert.equal(flows.delete({ ...key, port: 443 }), true);
			assert.equal(flows.delete(key), false);
		}),

	"has one typed value for each CPU": () =>
		scoped((keep) => {
			const map = keep(BpfMap.create({ type: "percpu-array", keySize: 4, valueSize: 4, maxEntries: 2 }));
			const counts = map.typed(u32, u32);
			counts.set(1, 7);
			assert.deepEqual(counts.perCpu(1), Array(possibleCpus()).fill(7));
			assert.equal(counts.get(1), 7);
			assert.deepEqual(
				[...counts.entries()],
				[
					[0, 0],
					[1, 7],
				],
			);
		}),
};
