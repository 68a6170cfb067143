import { type Codec, decode, encode } from "./codecs.ts";
import type { BpfMap } from "./map.ts";

/** A map whose keys and values are of your own types. It is a view: the map keeps its owner and its lifetime. */
export class TypedMap<K, V> implements Iterable<[key: K, value: V]> {
	readonly map: BpfMap;
	readonly #key: Codec<K>;
	readonly #value: Codec<V>;

	/** @internal */
	constructor(map: BpfMap, key: Codec<K>, value: Codec<V>) {
		const sizes = [
			["keys", key.size, map.keySize],
			["values", value.size, map.valueSize],
		] as const;
		for (const [what, given, has] of sizes) {
			if (given === has) continue;
			throw new RangeError(
				`Cannot use a type of ${given} bytes for the ${what} of the map ${map.name}: they have ${has}`,
			);
		}
		this.map = map;
		this.#key = key;
		this.#value = value;
	}

	/** The value of a key; of a per-CPU map, the first CPU's. */
	get(key: K): V | undefined {
		const bytes = this.map.get(encode(this.#key, key));
		return bytes === undefined ? undefined : decode(this.#value, bytes);
	}

	/** The values of all CPUs of a per-CPU map. */
	perCpu(key: K): V[] | undefined {
		return this.map.perCpu(encode(this.#key, key))?.map((bytes) => decode(this.#value, bytes));
	}

	/** Sets a key, of a per-CPU map on all CPUs. `flags`: see {@linkcode updateFlags}. */
	set(key: K, value: V, flags = 0): void {
		const bytes = encode(this.#value, value);
		const { lookupSize, valueSize } = this.map;
		if (lookupSize === valueSize) {
			this.map.set(encode(this.#key, key), bytes, flags);
			return;
		}
		const all = new Uint8Array(lookupSize);
		const step = (valueSize + 7) & ~7;
		for (let at = 0; at < lookupSize; at += step) all.set(bytes, at);
		this.map.set(encode(this.#key, key), all, flags);
	}

	/** Removes a key; false when there was none. */
	delete(key: K): boolean {
		return this.map.delete(encode(this.#key, key));
	}

	/** Removes a key and returns its value, in one step. */
	take(key: K): V | undefined {
		const bytes = this.map.take(encode(this.#key, key));
		return bytes === undefined ? undefined : decode(this.#value, bytes);
	}

	*keys(): Generator<K> {
		for (const key of this.map.keys()) yield decode(this.#key, key);
	}

	/** Keys and values; an entry that disappears meanwhile is left out. */
	*entries(): Generator<[key: K, value: V]> {
		for (const [key, value] of this.map.entries()) yield [decode(this.#key, key), decode(this.#value, value)];
	}

	[Symbol.iterator](): Generator<[key: K, value: V]> {
		return this.entries();
	}
}
