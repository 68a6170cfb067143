import { errnoName, failure } from "./failure.ts";
import type { BpfMap } from "./map.ts";
import { native } from "./native.ts";

/** Entries side by side: key i at `i * keySize`, value i at `i * lookupSize`. */
export interface MapBatch {
	readonly keys: Uint8Array;
	readonly values: Uint8Array;
	readonly count: number;
}

function walk(map: BpfMap, room: number, take: boolean): Generator<MapBatch> {
	const { ws_map_lookup_batch, ws_map_take_batch } = native();
	const call = take ? ws_map_take_batch : ws_map_lookup_batch;
	return step();

	function* step(): Generator<MapBatch> {
		const keys = new Uint8Array(room * map.keySize);
		const values = new Uint8Array(room * map.lookupSize);
		const position = [new Uint8Array(Math.max(4, map.keySize)), new Uint8Array(Math.max(4, map.keySize))] as const;
		const count = new Uint32Array(1);
		const countBytes = new Uint8Array(count.buffer);
		let from: Uint8Array | null = null;
		for (let turn = 0; ; turn ^= 1) {
			count[0] = room;
			const to: Uint8Array = position[turn === 0 ? 0 : 1];
			const result = call(map.fd, from, to, keys, values, countBytes);
			const end = result < 0 && errnoName(result) === "ENOENT";
			if (result < 0 && !end) {
				const todo = errnoName(result) === "ENOSPC" ? "one bucket holds more entries: use larger batches" : undefined;
				throw failure("ERR_BPF_MAP", result, `read a batch of ${room} entries of the map ${map.name}`, todo);
			}
			const got = count[0];
			if (got > 0) {
				yield {
					keys: keys.subarray(0, got * map.keySize),
					values: values.subarray(0, got * map.lookupSize),
					count: got,
				};
			}
			if (end) return;
			from = to;
		}
	}
}

/** Reads a whole map in batches: one system call for up to `room` entries. The memory of a batch is used again for the next one. */
export function lookupBatches(map: BpfMap, room = 1024): Generator<MapBatch> {
	return walk(map, room, false);
}

/** Reads a whole map in batches and removes what it reads. Hash maps only. */
export function takeBatches(map: BpfMap, room = 1024): Generator<MapBatch> {
	return walk(map, room, true);
}

function change(map: BpfMap, action: string, count: number, call: (count: Uint8Array) => number): void {
	const done = new Uint32Array([count]);
	const result = call(new Uint8Array(done.buffer));
	if (result < 0) throw failure("ERR_BPF_MAP", result, `${action} the map ${map.name} (${done[0]} of ${count} done)`);
}

/** Sets many keys with one system call. */
export function updateBatch(map: BpfMap, keys: Uint8Array, values: Uint8Array): void {
	const count = keys.byteLength / map.keySize;
	if (count * map.lookupSize !== values.byteLength || !Number.isInteger(count)) {
		const sizes = `${keys.byteLength} bytes of keys and ${values.byteLength} of values`;
		throw new RangeError(`Cannot set a batch of the map ${map.name}: ${sizes} are not the same number of entries`);
	}
	change(map, "set a batch of", count, (done) => native().ws_map_update_batch(map.fd, keys, values, done));
}

/** Removes many keys with one system call. */
export function deleteBatch(map: BpfMap, keys: Uint8Array): void {
	const count = keys.byteLength / map.keySize;
	if (!Number.isInteger(count)) {
		throw new RangeError(`Cannot delete from the map ${map.name}: its keys have ${map.keySize} bytes each`);
	}
	change(map, "delete a batch of", count, (done) => native().ws_map_delete_batch(map.fd, keys, done));
}
