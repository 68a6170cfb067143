const utf8 = new TextEncoder();

/**
 * A growing buffer that protobuf fields are written into. One writer serves any number of messages:
 *
 * ```text
 *  bytes   [ written ........ | free ........ ]
 *                      length ^               ^ doubles when it is full
 * ```
 *
 * {@link Writer.view} shows what is written without copying, until the next {@link Writer.reset};
 * {@link Writer.finish} hands out a copy and resets. Fields that hold zero or an empty string are left out, as proto3
 * has it. 64-bit fields are numbers: exact up to 2^53.
 */
export class Writer {
	bytes: Uint8Array<ArrayBuffer>;
	length: number;

	constructor(initialBytes: number = 4096) {
		this.bytes = new Uint8Array(initialBytes);
		this.length = 0;
	}

	/** Forgets what is written and keeps the memory. */
	reset(): void {
		this.length = 0;
	}

	/** What is written, not copied. To keep it, use {@link Writer.finish}. */
	view(): Uint8Array<ArrayBuffer> {
		return this.bytes.subarray(0, this.length);
	}

	/** A copy of what is written; the writer is empty afterwards. To avoid the copy, use {@link Writer.view}. */
	finish(): Uint8Array<ArrayBuffer> {
		const copy = this.bytes.slice(0, this.length);
		this.length = 0;
		return copy;
	}

	/** Makes room for `count` more bytes. */
	reserve(count: number): void {
		const wanted = this.length + count;
		if (wanted <= this.bytes.length) return;
		const grown = new Uint8Array(Math.max(wanted, this.bytes.length * 2));
		grown.set(this.bytes.subarray(0, this.length));
		this.bytes = grown;
	}

	/** A varint without a tag: a whole number from 0 to 2^53. */
	varint(value: number): void {
		if (this.bytes.length - this.length < 10) this.reserve(10);
		const bytes = this.bytes;
		let at = this.length;
		let low = value;
		if (value >= 0x10000000) {
			// Bit operations see 32 bits only: the lowest four groups of 7 bits first, by one division.
			const high = Math.floor(value / 0x10000000);
			low = value - high * 0x10000000;
			bytes[at] = low | 128;
			bytes[at + 1] = (low >>> 7) | 128;
			bytes[at + 2] = (low >>> 14) | 128;
			bytes[at + 3] = (low >>> 21) | 128;
			at += 4;
			low = high;
		}
		while (low > 127) {
			bytes[at++] = low | 128;
			low >>>= 7;
		}
		bytes[at++] = low;
		this.length = at;
	}

	/** The tag of a field (number from 1 to 15) and its wire type: one byte. */
	#tag(field: number, wireType: number): void {
		if (this.length === this.bytes.length) this.reserve(1);
		this.bytes[this.length++] = (field << 3) | wireType;
	}

	/** An unsigned field; 0 (and below) is left out. */
	uint(field: number, value: number): void {
		if (!(value > 0)) return;
		this.#tag(field, 0);
		this.varint(value);
	}

	/** A signed field (int32, int64); a negative number takes ten bytes, as protobuf has it. */
	int(field: number, value: number): void {
		if (value >= 0) {
			this.uint(field, value);
			return;
		}
		this.#tag(field, 0);
		this.reserve(10);
		let rest = BigInt.asUintN(64, BigInt(Math.trunc(value)));
		while (rest > 127n) {
			this.bytes[this.length++] = Number(rest & 127n) | 128;
			rest >>= 7n;
		}
		this.bytes[this.length++] = Number(rest);
	}

	/** A bool field; false is left out. */
	bool(field: number, value: boolean): void {
		if (value) this.uint(field, 1);
	}

	/** A string field; an empty one is left out. A lone surrogate becomes U+FFFD: receivers refuse invalid UTF-8. */
	string(field: number, value: string): void {
		if (value.length !== 0) this.element(field, value);
	}

	/** An element of a repeated string field: written even when it is empty. */
	element(field: number, value: string): void {
		this.#tag(field, 2);
		const start = this.length;
		const count = value.length;
		this.varint(count);
		this.reserve(count);
		const bytes = this.bytes;
		let at = this.length;
		for (let i = 0; i < count; i++) {
			const code = value.charCodeAt(i);
			if (code > 127) {
				// Not ASCII: the length that was written is wrong. Once more, the slow way.
				this.length = start;
				const encoded = utf8.encode(value);
				this.varint(encoded.length);
				this.raw(encoded);
				return;
			}
			bytes[at++] = code;
		}
		this.length = at;
	}

	/** A bytes field, written even when it is empty. */
	bytesField(field: number, value: Uint8Array): void {
		this.#tag(field, 2);
		this.varint(value.length);
		this.raw(value);
	}

	/** A fixed64 field from its eight bytes, written even when it is zero. */
	fixed64(field: number, value: Uint8Array): void {
		this.#tag(field, 1);
		this.raw(value);
	}

	/** Bytes as they are. */
	raw(bytes: Uint8Array): void {
		this.reserve(bytes.length);
		this.bytes.set(bytes, this.length);
		this.length += bytes.length;
	}

	/** Begins a nested message; give what it returns to {@link Writer.close}. */
	open(field: number): number {
		this.#tag(field, 2);
		this.reserve(1);
		return ++this.length;
	}

	/** Ends a nested message: writes its length where {@link Writer.open} left one byte, moving it if one is too few. */
	close(start: number): void {
		const count = this.length - start;
		if (count < 128) {
			this.bytes[start - 1] = count;
			return;
		}
		const extra = count < 0x4000 ? 1 : count < 0x200000 ? 2 : count < 0x10000000 ? 3 : 4;
		this.reserve(extra);
		this.bytes.copyWithin(start + extra, start, this.length);
		const end = this.length + extra;
		this.length = start - 1;
		this.varint(count);
		this.length = end;
	}
}
