import { cString } from "@wirescribe/ffi";
import type { Codec } from "./codecs.ts";
import { BpfError, closedError } from "./errors.ts";
import { errnoName, failure } from "./failure.ts";
import { readInfo } from "./info.ts";
import { type Native, native } from "./native.ts";
import { type Bytes, toBytes, toNumber } from "./number-bytes.ts";
import { pinFd, pinnedFd } from "./pins.ts";
import { TypedMap } from "./typed-map.ts";

/** The kinds of map one meets, as numbered by the kernel; any other number works too. */
export const mapTypes = {
	hash: 1,
	array: 2,
	"prog-array": 3,
	"perf-event-array": 4,
	"percpu-hash": 5,
	"percpu-array": 6,
	"stack-trace": 7,
	"lru-hash": 9,
	"lru-percpu-hash": 10,
	"lpm-trie": 11,
	"array-of-maps": 12,
	"hash-of-maps": 13,
	queue: 22,
	stack: 23,
	"sk-storage": 24,
	ringbuf: 27,
	"task-storage": 29,
} as const;

/** A name of {@linkcode mapTypes}. */
export type MapType = keyof typeof mapTypes;

/** What a new map shall be. */
export interface MapSpec {
	readonly type: MapType | number;
	readonly name?: string;
	readonly keySize?: number;
	readonly valueSize?: number;
	readonly maxEntries: number;
	readonly flags?: number;
	/** The template of a map of maps. */
	readonly inner?: BpfMap;
}

/** Who holds a map's fd: asked each time, since an object's maps have none before load. */
export interface MapOwner {
	fd(): number;
	/** Before load only: one of the shim's settings. */
	configure(setting: number, value: number): void;
	close(): void;
}

/** A map's fixed properties. */
export interface MapShape {
	readonly name: string;
	readonly type: number;
	readonly keySize: number;
	readonly valueSize: number;
	readonly maxEntries: number;
	readonly flags: number;
}

const perCpuTypes: ReadonlySet<number> = new Set([5, 6, 10]);
const mapOfMapsTypes: ReadonlySet<number> = new Set([12, 13]);

/** How an update treats what is there already. */
export const updateFlags = { any: 0, noExist: 1, exist: 2 } as const;

/**
 * A kernel map. Keys and values are bytes; a number stands for its little-endian bytes.
 *
 * A map of an object belongs to the object and ends with it. One made by {@linkcode BpfMap.create} or {@linkcode BpfMap.fromFd} is
 * yours to close.
 */
export class BpfMap implements Disposable {
	readonly name: string;
	readonly type: number;
	readonly keySize: number;
	/** The size of one value; a per-CPU map has one for each CPU. */
	readonly valueSize: number;
	readonly flags: number;
	/** The bytes one lookup moves: the value, or all CPUs' values, each rounded up to 8. */
	readonly lookupSize: number;
	#maxEntries: number;
	readonly #owner: MapOwner;
	readonly #native: Native = native();

	/** @internal */
	constructor(shape: MapShape, owner: MapOwner) {
		this.name = shape.name;
		this.type = shape.type;
		this.keySize = shape.keySize;
		this.valueSize = mapOfMapsTypes.has(shape.type) ? 4 : shape.valueSize;
		this.flags = shape.flags;
		this.#maxEntries = shape.maxEntries;
		this.#owner = owner;
		this.lookupSize = perCpuTypes.has(shape.type)
			? ((shape.valueSize + 7) & ~7) * this.#native.ws_cpus()
			: this.valueSize;
	}

	/** Makes a map of its own. */
	static create(spec: MapSpec): BpfMap {
		const type = typeof spec.type === "number" ? spec.type : mapTypes[spec.type];
		const name = spec.name ?? "";
		const { keySize = 0, valueSize = 0, maxEntries, flags = 0, inner } = spec;
		const fd = native().ws_map_create(type, cString(name), keySize, valueSize, maxEntries, flags, inner?.fd ?? -1);
		if (fd < 0) throw failure("ERR_BPF_MAP", fd);
		return ownMap(fd);
	}

	/** The map behind a file descriptor, on a duplicate of it: for a worker thread, or a pinned or inherited fd. */
	static fromFd(fd: number): BpfMap {
		const own = native().ws_fd_dup(fd);
		if (own < 0) throw failure("ERR_BPF_MAP", own);
		return ownMap(own);
	}

	/** The map a map of maps names by this id. */
	static fromId(id: number): BpfMap {
		const own = native().ws_map_fd_by_id(id);
		if (own < 0) throw failure("ERR_BPF_MAP", own);
		return ownMap(own);
	}

	/** The map that was pinned at a path, by this process or another. */
	static fromPinned(path: string): BpfMap {
		return ownMap(pinnedFd(path));
	}

	/** Gives the map a name in the BPF file system, from where {@linkcode BpfMap.fromPinned} takes it. It lives until the file is removed. */
	pin(path: string): void {
		pinFd(this.fd, path, `the map ${this.name}`);
	}

	/** The same map with keys and values of your own types: `map.typed(u32, struct({ pid: u32, comm: text(16) }))`. */
	typed<K, V>(key: Codec<K>, value: Codec<V>): TypedMap<K, V> {
		return new TypedMap(this, key, value);
	}

	/** The file descriptor. Throws before load and after close. */
	get fd(): number {
		return this.#owner.fd();
	}

	/** How many entries the map can hold (a ring buffer: bytes). Settable before load. */
	get maxEntries(): number {
		return this.#maxEntries;
	}

	set maxEntries(value: number) {
		this.#owner.configure(1, value);
		this.#maxEntries = value;
	}

	/** Before load: whether the kernel's map is created at all. */
	setAutocreate(on: boolean): void {
		this.#owner.configure(2, on ? 1 : 0);
	}

	/** Before load: use a map that exists instead of creating one. */
	reuse(map: BpfMap | number): void {
		this.#owner.configure(3, typeof map === "number" ? map : map.fd);
	}

	/** Before load: the template of a map of maps whose inner map is not declared in the object. */
	setInner(template: BpfMap | number): void {
		this.#owner.configure(4, typeof template === "number" ? template : template.fd);
	}

	/** The value of a key, or undefined. {@linkcode BpfMap.getInto} allocates nothing. */
	get(key: Bytes): Uint8Array | undefined {
		const value = new Uint8Array(this.lookupSize);
		return this.getInto(this.#key(key), value) ? value : undefined;
	}

	/** The value of a key as an unsigned number, exact below 2^53. */
	getNumber(key: Bytes): number | undefined {
		const value = this.get(key);
		return value === undefined ? undefined : toNumber(value.subarray(0, this.valueSize));
	}

	/** Copies the value of a key into memory of at least `lookupSize` bytes; false when there is none. */
	getInto(key: Uint8Array, into: Uint8Array): boolean {
		this.#expect(key, this.keySize, "key");
		if (into.byteLength < this.lookupSize) this.#expect(into, this.lookupSize, "value");
		return this.#found(this.#native.ws_map_lookup(this.fd, key, into), "look up a key in");
	}

	/** The values of all CPUs of a per-CPU map. */
	perCpu(key: Bytes): Uint8Array[] | undefined {
		const all = this.get(key);
		return all === undefined ? undefined : this.#split(all);
	}

	/** Sets a key. `flags`: see {@linkcode updateFlags}. A per-CPU map takes `lookupSize` bytes, a map of maps an inner map's fd. */
	set(key: Bytes, value: Bytes, flags = 0): void {
		const bytes = toBytes(value, this.lookupSize, `a value of the map ${this.name}`);
		const result = this.#native.ws_map_update(this.fd, this.#key(key), bytes, flags);
		if (result < 0) throw this.#failure(result, "set a key of");
	}

	/** Puts a value into a queue or onto a stack; {@linkcode BpfMap.take} without a key takes it out. */
	push(value: Bytes, flags = 0): void {
		const bytes = toBytes(value, this.lookupSize, `a value of the map ${this.name}`);
		const result = this.#native.ws_map_update(this.fd, null, bytes, flags);
		if (result < 0) throw this.#failure(result, "push into");
	}

	/** Removes a key; false when there was none. */
	delete(key: Bytes): boolean {
		return this.#found(this.#native.ws_map_delete(this.fd, this.#key(key)), "delete a key of");
	}

	/** Removes a key and returns its value, in one step; also takes from queues and stacks (no key). */
	take(key?: Bytes): Uint8Array | undefined {
		const value = new Uint8Array(this.lookupSize);
		const bytes = key === undefined ? null : this.#key(key);
		return this.#found(this.#native.ws_map_take(this.fd, bytes, value), "take a key of") ? value : undefined;
	}

	/** Walks the keys. One that is deleted while walking may lead back to the start: collect first, delete afterwards. */
	*keys(): Generator<Uint8Array> {
		let key: Uint8Array | null = null;
		for (;;) {
			const next: Uint8Array = new Uint8Array(this.keySize);
			if (!this.#found(this.#native.ws_map_next_key(this.fd, key, next), "walk")) return;
			yield next;
			key = next;
		}
	}

	/** Walks keys and values; an entry that disappears meanwhile is left out. */
	*entries(): Generator<[key: Uint8Array, value: Uint8Array]> {
		for (const key of this.keys()) {
			const value = this.get(key);
			if (value !== undefined) yield [key, value];
		}
	}

	/** Closes a map of one's own. An object's map closes with the object: here nothing happens. */
	close(): void {
		this.#owner.close();
	}

	[Symbol.dispose](): void {
		this.close();
	}

	#split(all: Uint8Array): Uint8Array[] {
		const step = (this.valueSize + 7) & ~7;
		const values: Uint8Array[] = [];
		for (let at = 0; at < all.byteLength; at += step) values.push(all.subarray(at, at + this.valueSize));
		return values;
	}

	#key(key: Bytes): Uint8Array {
		return toBytes(key, this.keySize, `a key of the map ${this.name}`);
	}

	#expect(bytes: Uint8Array, size: number, what: string): void {
		if (bytes.byteLength === size) return;
		throw new RangeError(`Cannot use ${bytes.byteLength} bytes as a ${what} of the map ${this.name}: it has ${size}`);
	}

	#found(result: number, action: string): boolean {
		if (result >= 0) return true;
		if (errnoName(result) === "ENOENT") return false;
		throw this.#failure(result, action);
	}

	#failure(result: number, action: string): BpfError {
		return failure("ERR_BPF_MAP", result, `${action} the map ${this.name}`);
	}
}

function ownMap(fd: number): BpfMap {
	let open = true;
	const close = (): void => {
		if (open) native().ws_fd_close(fd);
		open = false;
	};
	const { result, numbers, texts } = readInfo(6, [16], (buffer) => native().ws_map_info(fd, buffer));
	if (result < 0) {
		const error = failure("ERR_BPF_MAP", result);
		close();
		throw error;
	}
	const name = texts[0]!;
	const [type = 0, keySize = 0, valueSize = 0, maxEntries = 0, flags = 0] = numbers;
	return new BpfMap(
		{ name, type, keySize, valueSize, maxEntries, flags },
		{
			fd: () => {
				if (open) return fd;
				throw closedError(`the map ${name}`);
			},
			configure: () => {
				throw new BpfError("ERR_BPF_CONFIG", `Cannot configure the map ${name}: it exists in the kernel already`);
			},
			close,
		},
	);
}
