import assert from "node:assert/strict";
import {
	BpfMap,
	deleteBatch,
	lookupBatches,
	possibleCpus,
	takeBatches,
	updateBatch,
	updateFlags,
} from "../../src/index.ts";
import { type Cases, call, observed, openFixture, scoped, thrown } from "./subject.ts";

/** Maps, of an object and of one's own. */
export const mapCases: Cases = {
	"reads what a program counted": () =>
		scoped((keep) => {
			const { object } = observed(keep);
			const counts = object.map("counts");
			assert.equal(counts.get(process.pid), undefined);
			for (let i = 0; i < 7; i++) call(i);
			assert.equal(counts.getNumber(process.pid), 7);
			assert.deepEqual(
				[...counts.entries()].map(([key, value]) => [...key, ...value]),
				[[...new Uint8Array(new Uint32Array([process.pid]).buffer), 7, 0, 0, 0, 0, 0, 0, 0]],
			);
		}),

	"sets, gets, walks, takes and deletes": () =>
		scoped((keep) => {
			const map = keep(BpfMap.create({ type: "hash", name: "mine", keySize: 4, valueSize: 8, maxEntries: 10 }));
			for (let i = 0; i < 10; i++) map.set(i, 2n ** 40n + BigInt(i));
			assert.equal(map.getNumber(3), 2 ** 40 + 3);
			assert.equal([...map.keys()].length, 10);
			assert.equal(map.delete(3), true);
			assert.equal(map.delete(3), false);
			assert.equal(map.get(3), undefined);
			assert.deepEqual([...map.take(4)!], [4, 0, 0, 0, 0, 1, 0, 0]);
			assert.equal(map.take(4), undefined);
			const into = new Uint8Array(8);
			assert.equal(map.getInto(new Uint8Array([5, 0, 0, 0]), into), true);
			assert.deepEqual([...into], [5, 0, 0, 0, 0, 1, 0, 0]);
			map.set(3, 1);
			map.set(4, 1);
			const full = thrown("ERR_BPF_MAP", () => map.set(77, 1));
			assert.match(full.message, /^Cannot set a key of the map mine: E2BIG/);
		}),

	"obeys update flags and sizes": () =>
		scoped((keep) => {
			const map = keep(BpfMap.create({ type: "hash", keySize: 4, valueSize: 4, maxEntries: 4 }));
			map.set(1, 1, updateFlags.noExist);
			assert.equal(thrown("ERR_BPF_MAP", () => map.set(1, 2, updateFlags.noExist)).errno, "EEXIST");
			assert.equal(thrown("ERR_BPF_MAP", () => map.set(2, 2, updateFlags.exist)).errno, "ENOENT");
			assert.throws(() => map.set(1, new Uint8Array(5)), RangeError);
			assert.throws(() => map.get(new Uint8Array(3)), RangeError);
			assert.throws(() => map.set(1, 2 ** 32), RangeError);
			assert.throws(() => map.getInto(new Uint8Array(4), new Uint8Array(3)), RangeError);
		}),

	"moves entries in batches": () =>
		scoped((keep) => {
			const map = keep(BpfMap.create({ type: "hash", keySize: 4, valueSize: 4, maxEntries: 1000 }));
			const keys = Uint32Array.from({ length: 1000 }, (_, i) => i);
			const values = keys.map((key) => key * 3);
			updateBatch(map, new Uint8Array(keys.buffer), new Uint8Array(values.buffer));
			const seen = new Map<number, number>();
			for (const batch of lookupBatches(map, 128)) {
				const [k, v] = [batch.keys.slice().buffer, batch.values.slice().buffer].map((b) => new Uint32Array(b));
				for (let i = 0; i < batch.count; i++) seen.set(k![i]!, v![i]!);
			}
			assert.equal(seen.size, 1000);
			for (const [key, value] of seen) assert.equal(value, key * 3);
			deleteBatch(map, new Uint8Array(keys.slice(0, 400).buffer));
			let taken = 0;
			for (const batch of takeBatches(map, 128)) taken += batch.count;
			assert.equal(taken, 600);
			assert.equal([...map.keys()].length, 0);
		}),

	"gives each CPU's value": () =>
		scoped((keep) => {
			const map = keep(BpfMap.create({ type: "percpu-array", keySize: 4, valueSize: 4, maxEntries: 1 }));
			const cpus = possibleCpus();
			assert.equal(map.lookupSize, 8 * cpus);
			const all = new Uint8Array(map.lookupSize);
			for (let cpu = 0; cpu < cpus; cpu++) all[cpu * 8] = cpu + 1;
			map.set(0, all);
			assert.deepEqual(
				map.perCpu(0)!.map((value) => [...value]),
				Array.from({ length: cpus }, (_, cpu) => [cpu + 1, 0, 0, 0]),
			);
		}),

	"puts maps into maps": () =>
		scoped((keep) => {
			const object = keep(openFixture()).load();
			const inner = keep(BpfMap.create({ type: "array", keySize: 4, valueSize: 8, maxEntries: 4 }));
			inner.set(2, 99);
			object.map("inners").set(1, inner.fd);
			const again = keep(BpfMap.fromId(object.map("inners").getNumber(1)!));
			assert.equal(again.getNumber(2), 99);
		}),

	"uses a map of one's own in place of the object's": () =>
		scoped((keep) => {
			const mine = keep(BpfMap.create({ type: "hash", keySize: 4, valueSize: 8, maxEntries: 64 }));
			const object = keep(openFixture());
			object.map("counts").reuse(mine);
			object.load();
			keep(object.program("on_getpgid").attachTracepoint("syscalls", "sys_enter_getpgid"));
			call(1);
			assert.equal(mine.getNumber(process.pid), 1);
			const copy = keep(BpfMap.fromFd(mine.fd));
			mine.close();
			assert.equal(copy.getNumber(process.pid), 1);
			thrown("ERR_BPF_CLOSED", () => mine.get(1));
		}),

	"takes from a queue": () =>
		scoped((keep) => {
			const queue = keep(BpfMap.create({ type: "queue", valueSize: 4, maxEntries: 3 }));
			queue.push(11);
			queue.push(12);
			assert.deepEqual([...queue.take()!], [11, 0, 0, 0]);
			assert.deepEqual([...queue.take()!], [12, 0, 0, 0]);
			assert.equal(queue.take(), undefined);
		}),

	"says why a map cannot be made or opened": () => {
		const spec = { type: "hash", name: "empty", keySize: 0, valueSize: 8, maxEntries: 1 } as const;
		const error = thrown("ERR_BPF_MAP", () => BpfMap.create(spec));
		assert.match(error.message, /^Cannot create the map empty: EINVAL/);
		assert.equal(thrown("ERR_BPF_MAP", () => BpfMap.fromFd(9999)).errno, "EBADF");
	},
};
