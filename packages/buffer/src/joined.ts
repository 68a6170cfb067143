import { NO_BYTES } from "./chunk.ts";

/** Bytes of several pieces in one array, so that a head that came in parts can be read as one. Grows by doubling. */
export class Joined {
	bytes: Uint8Array = NO_BYTES;
	/** Positions of the stream between which the bytes lie. */
	start = -1;
	end = -1;
	/** The first piece that is not joined yet. */
	next = 0;

	/** True when the bytes from..to are joined already. */
	covers(from: number, to: number): boolean {
		return from >= this.start && to <= this.end;
	}

	/** Begins anew at a position. */
	begin(position: number): void {
		this.start = this.end = position;
	}

	/** Adds source[from..to) behind what is joined; what lies before `read` makes room. */
	add(source: Uint8Array, from: number, to: number, read: number): void {
		let have = this.end - this.start;
		const count = to - from;
		if (have + count > this.bytes.length) {
			const gone = read - this.start;
			have -= gone;
			const room = have + count > this.bytes.length / 2 ? new Uint8Array(1024 + (have + count) * 2) : this.bytes;
			room.set(this.bytes.subarray(gone, gone + have));
			this.bytes = room;
			this.start = read;
		}
		this.bytes.set(source.subarray(from, to), have);
		this.end += count;
	}
}
