const SMALLEST = 64;

/**
 * Which connections are closed, and since when: about 32 bytes each.
 *
 *     ring     ids   [ .  7  9  4  .  . ]     oldest first: it is also the order of expiry
 *              times [ .  t7 t9 t4 .  . ]
 *     slots    [ .  .  3  .  1  2  .  . ]     open addressing by id -> place in the ring, plus one; 0: empty
 *
 * It grows by doubling up to its capacity; then the oldest makes room. When all have expired, it is small again.
 */
export class Tombstones {
	readonly #capacity: number;
	#ids: Float64Array = new Float64Array(SMALLEST);
	#times: Float64Array = new Float64Array(SMALLEST);
	#slots: Int32Array = new Int32Array(SMALLEST * 2);
	#head = 0;
	#size = 0;
	#evicted = 0;

	constructor(capacity: number) {
		this.#capacity = capacity;
	}

	get size(): number {
		return this.#size;
	}

	/** Tombstones that made room before their time. */
	get evicted(): number {
		return this.#evicted;
	}

	get byteLength(): number {
		return this.#ids.byteLength + this.#times.byteLength + this.#slots.byteLength;
	}

	/** Buries `id`. Again: the first time of death stands. */
	add(id: number, time: number): void {
		if (this.closedAt(id) !== undefined) return;
		if (this.#size === this.#capacity) {
			this.#removeOldest();
			this.#evicted++;
		} else if (this.#size === this.#ids.length) this.#grow();
		const place = (this.#head + this.#size) % this.#ids.length;
		this.#ids[place] = id;
		this.#times[place] = time;
		this.#size++;
		this.#index(id, place);
	}

	closedAt(id: number): number | undefined {
		const slot = this.#find(id);
		return slot < 0 ? undefined : this.#times[this.#slots[slot]! - 1];
	}

	/** Removes those closed before `time`; says how many. */
	expire(time: number): number {
		let removed = 0;
		while (this.#size > 0 && this.#times[this.#head]! < time) {
			this.#removeOldest();
			removed++;
		}
		if (this.#size === 0 && this.#ids.length > SMALLEST) this.#clear();
		return removed;
	}

	/** Nothing is buried any more: the room is given back. */
	#clear(): void {
		this.#ids = new Float64Array(SMALLEST);
		this.#times = new Float64Array(SMALLEST);
		this.#slots = new Int32Array(SMALLEST * 2);
		this.#head = 0;
	}

	#find(id: number): number {
		const mask = this.#slots.length - 1;
		for (let slot = hash(id) & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
			if (this.#ids[this.#slots[slot]! - 1] === id) return slot;
		}
		return -1;
	}

	#index(id: number, place: number): void {
		const mask = this.#slots.length - 1;
		let slot = hash(id) & mask;
		while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
		this.#slots[slot] = place + 1;
	}

	#removeOldest(): void {
		this.#unindex(this.#find(this.#ids[this.#head]!));
		this.#head = (this.#head + 1) % this.#ids.length;
		this.#size--;
	}

	/** Empties a slot and moves those behind it up, so that no chain of probes is broken. */
	#unindex(empty: number): void {
		const mask = this.#slots.length - 1;
		let hole = empty;
		for (let slot = (hole + 1) & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
			const home = hash(this.#ids[this.#slots[slot]! - 1]!) & mask;
			if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
			this.#slots[hole] = this.#slots[slot]!;
			hole = slot;
		}
		this.#slots[hole] = 0;
	}

	#grow(): void {
		const ids = this.#ids;
		const times = this.#times;
		const length = ids.length;
		this.#ids = new Float64Array(Math.min(length * 2, Math.max(this.#capacity, length + 1)));
		this.#times = new Float64Array(this.#ids.length);
		this.#slots = new Int32Array(this.#slots.length * 2);
		for (let i = 0; i < this.#size; i++) {
			const from = (this.#head + i) % length;
			this.#ids[i] = ids[from]!;
			this.#times[i] = times[from]!;
			this.#index(ids[from]!, i);
		}
		this.#head = 0;
	}
}

function hash(id: number): number {
	const mixed = Math.imul((id ^ (id / 0x1_0000_0000)) | 0, 0x9e3779b1);
	return (mixed ^ (mixed >>> 15)) >>> 0;
}
