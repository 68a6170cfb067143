import { describe, expect, test } from "vitest";
import {
	BYTES,
	type Chunk,
	HOLE,
	NONE,
	peek,
	placeOf,
	read,
	readUntil,
	SocketBuffer,
	type Stream,
	sliceOf,
} from "./index.ts";

const MS = 1_000_000;

function chunk(text: string, dataId: number, offset: number, more: Partial<Chunk> = {}): Chunk {
	const payload = Uint8Array.from(text, (c) => c.charCodeAt(0));
	const ids = { dataId, prevDataId: dataId - 1, sequence: 0 };
	return { direction: 1, ...ids, offset, bytes: payload.length, payload, startNs: dataId, endNs: dataId, ...more };
}

function fill(buffer: SocketBuffer, ...chunks: Chunk[]): Stream {
	for (const item of chunks) {
		const payload = item.payload.slice();
		buffer.append({ ...item, payload });
		buffer.settle();
		payload.fill(35);
	}
	return buffer.ingress;
}

/** Reads everything that can be read; `[n]` for lost bytes. */
function readAll(stream: Stream): string {
	let text = "";
	for (let span = stream.span(); span !== NONE; span = stream.span()) {
		if (span === BYTES) text += textOf(stream.bytes.subarray(stream.from, stream.to));
		else text += `[${stream.length}]`;
		stream.advance(span === BYTES ? stream.to - stream.from : stream.length);
	}
	return text;
}

const textOf = (bytes: Uint8Array | undefined): string | undefined => bytes && String.fromCharCode(...bytes);

describe("peek, read, read until, slice", () => {
	test("P1 more than there is: nothing, and the position stays", () => {
		const stream = fill(new SocketBuffer(), chunk("0123456789", 1, 0));
		expect(peek(stream, 16)).toBeUndefined();
		expect(read(stream, 16)).toBeUndefined();
		expect(textOf(peek(stream, 10))).toBe("0123456789");
	});

	test("P2 over the border of two chunks", () => {
		const stream = fill(new SocketBuffer(), chunk("0123456789", 1, 0), chunk("abcdefghij", 2, 10));
		const { position } = stream;
		expect(textOf(peek(stream, 16))).toBe("0123456789abcdef");
		expect(stream.position).toBe(position);
	});

	test("until a byte, also in a later chunk; without it nothing is read", () => {
		const stream = fill(new SocketBuffer(), chunk("GET", 1, 0), chunk(" / ", 2, 3));
		expect(textOf(readUntil(stream, 32)?.bytes)).toBe("GET ");
		expect(textOf(readUntil(stream, 32)?.bytes)).toBe("/ ");
		expect(readUntil(stream, 32)).toBeUndefined();
	});

	test("what is in one chunk is a view of it, not a copy", () => {
		const buffer = new SocketBuffer();
		const item = chunk("abcdef", 1, 0);
		buffer.append(item);
		expect(sliceOf(buffer.ingress, 4)?.bytes.buffer).toBe(item.payload.buffer);
	});

	test("S1 the operations of a slice: first, the one before it, last, and whether that is shared", () => {
		const ten = "0123456789";
		const stream = fill(new SocketBuffer(), chunk(ten, 1, 0), chunk(ten, 2, 10), chunk(ten, 4, 20, { prevDataId: 2 }));
		stream.advance(3);
		const slice = read(stream, 21)!;
		expect(slice.bytes.length).toBe(21);
		expect(slice.operations).toMatchObject({ firstDataId: 1, prevDataId: 0, lastDataId: 4, lastShared: true });
		expect(`${slice.operations}`).toBe("1..4+");
		const rest = read(stream, 6)!.operations;
		expect([`${rest}`, rest.prevDataId]).toEqual(["4", 2]);
	});

	test("a piece that is not its operation's last is shared", () => {
		const stream = fill(new SocketBuffer(), chunk("ab", 1, 0, { finished: false }));
		expect(`${read(stream, 2)!.operations}`).toBe("1+");
	});

	test("a place stays true whatever comes", () => {
		const buffer = new SocketBuffer();
		const stream = fill(buffer, chunk("ab", 1, 0), chunk("cd", 3, 2, { prevDataId: 1 }));
		stream.advance(2);
		const place = placeOf(stream);
		expect(place).toMatchObject({ dataId: 3, prevDataId: 1 });
		fill(buffer, chunk("ef", 4, 4), chunk("ij", 6, 8));
		expect(placeOf(stream)).toEqual(place);
		stream.advance(4);
		expect(placeOf(stream)).toBeUndefined();
	});
});

describe("reset to the committed position", () => {
	/** "ab" read, "cd" lost and read over, "ef" read, nothing committed since `committed` bytes. */
	function readOver(buffer: SocketBuffer, committed: number): Stream {
		const stream = fill(buffer, chunk("ab", 1, 100));
		stream.hold();
		stream.advance(committed);
		stream.commit();
		fill(buffer, chunk("ef", 3, 104, { prevDataId: 1 }));
		buffer.tick(21 * MS);
		expect(readAll(stream)).toBe(`${"ab".slice(committed)}[2]ef`);
		return stream;
	}

	test("A2 a late chunk makes the reader start over, from the committed position on", () => {
		for (const committed of [0, 1, 2]) {
			const buffer = new SocketBuffer();
			const stream = readOver(buffer, committed);
			fill(buffer, chunk("cd", 2, 102));
			expect(stream.counters).toMatchObject({ resets: 1, late: 0 });
			expect(readAll(stream)).toBe(`${"ab".slice(committed)}cdef`);
			stream.commit();
			expect([stream.retained, stream.pending]).toEqual([0, 0]);
		}
	});

	test("also one of the same operation with a smaller sequence", () => {
		const buffer = new SocketBuffer();
		const stream = fill(buffer, chunk("a", 1, 0, { finished: false }));
		stream.hold();
		fill(buffer, chunk("c", 1, 2, { sequence: 2 }));
		buffer.tick(21 * MS);
		expect(readAll(stream)).toBe("a[1]c");
		fill(buffer, chunk("b", 1, 1, { sequence: 1, finished: false }));
		expect(readAll(stream)).toBe("abc");
	});

	test("never behind the committed position: what comes for it is late", () => {
		const buffer = new SocketBuffer();
		const stream = readOver(buffer, 2);
		stream.commit();
		fill(buffer, chunk("cd", 2, 102), chunk("gh", 4, 106));
		expect(stream.counters).toMatchObject({ resets: 0, late: 1 });
		expect(readAll(stream)).toBe("gh");
	});

	test("A6 in order: no reset; a double of what was read is none either", () => {
		const buffer = new SocketBuffer();
		const stream = fill(buffer, chunk("ab", 1, 0));
		stream.hold();
		expect(readAll(stream)).toBe("ab");
		fill(buffer, chunk("cd", 2, 2), chunk("ab", 1, 0));
		expect(readAll(stream)).toBe("cd");
		expect(stream.counters).toMatchObject({ resets: 0, duplicates: 1 });
		stream.rewind();
		expect(readAll(stream)).toBe("abcd");
	});

	test("every way to read, hold, go back and commit gives the same bytes", () => {
		let state = 7;
		const random = (n: number) => {
			state = (Math.imul(state, 1103515245) + 12345) >>> 0;
			return (state >>> 8) % n;
		};
		const text = Array.from({ length: 600 }, (_, i) => String.fromCharCode(97 + (i % 26))).join("");
		for (let round = 0; round < 50; round++) {
			const buffer = new SocketBuffer();
			const stream = buffer.ingress;
			let held = "";
			let done = "";
			for (let at = 0, id = 1; at < text.length; id++) {
				const size = Math.min(1 + random(40), text.length - at);
				fill(buffer, chunk(text.slice(at, at + size), id, at));
				at += size;
				stream.hold();
				for (let k = random(4); k > 0; k--) {
					if (random(2) === 0) stream.gather();
					else if (stream.span() === BYTES) {
						const count = 1 + random(stream.to - stream.from);
						held += textOf(stream.bytes.subarray(stream.from, stream.from + count));
						stream.advance(count);
					}
				}
				const next = random(9);
				if (next < 3) {
					stream.rewind();
					held = "";
				} else if (next < 5) {
					stream.commit();
					done += held;
					held = "";
				}
			}
			expect(done + held + readAll(stream)).toBe(text);
			stream.commit();
			expect([stream.retained, stream.pending]).toEqual([0, 0]);
		}
	});
});

describe("limits", () => {
	test("bytes that nobody reads do not grow beyond the limit, hole or not", () => {
		const buffer = new SocketBuffer({ maxRetainedBytes: 1000 });
		for (let i = 0; i < 100; i++) fill(buffer, chunk("x".repeat(100), i + 1, i * 100));
		expect(buffer.retained).toBeLessThanOrEqual(2100);
		expect(buffer.ingress.counters.evicted).toBeGreaterThan(80);
		expect(readAll(buffer.ingress)).toMatch(/^\[\d+\]x+$/);
	});

	test("nor before a stream has begun, nor without offsets", () => {
		for (const offset of [5, undefined]) {
			const buffer = new SocketBuffer({ maxRetainedBytes: 1000 });
			for (let i = 0; i < 100; i++) {
				const at = offset === undefined ? undefined : offset + i * 200;
				// Number 1 and every second one are lost.
				buffer.append({ ...chunk("x".repeat(100), 2 * i + 2, 0), offset: at });
				buffer.settle();
				if (offset === undefined) readAll(buffer.ingress);
			}
			expect(buffer.retained).toBeLessThanOrEqual(2100);
			expect(buffer.ingress.counters.evicted).toBeGreaterThan(0);
		}
	});

	test("E1, E2 old bytes go, from the front only", () => {
		const SECOND = 1e9;
		const make = (first: number, second: number) => {
			const buffer = new SocketBuffer({ maxAgeNs: 60 * SECOND });
			const stream = fill(buffer, chunk("ab", 1, 0, { endNs: first }), chunk("cd", 2, 2, { endNs: second }));
			buffer.tick(100 * SECOND);
			return stream;
		};
		const old = make(39 * SECOND, 41 * SECOND);
		expect(old.span()).toBe(HOLE);
		expect(readAll(old)).toBe("[2]cd");
		expect(old.counters).toMatchObject({ evicted: 1, lostBytes: 2 });
		expect(readAll(make(41 * SECOND, 42 * SECOND))).toBe("abcd");
	});

	test("D1-D4 what was read is not kept; the rest stays at its place", () => {
		const ten = "0123456789";
		const buffer = new SocketBuffer();
		const stream = fill(buffer, chunk(ten, 1, 0), chunk(ten, 2, 10), chunk(ten, 3, 20));
		stream.advance(15);
		expect([stream.pending, stream.retained, placeOf(stream)?.dataId]).toEqual([2, 20, 2]);
		stream.advance(5);
		expect([stream.pending, stream.retained, placeOf(stream)?.dataId]).toEqual([1, 10, 3]);
		stream.advance(10);
		expect([stream.pending, stream.retained, placeOf(stream)]).toEqual([0, 0, undefined]);
		fill(buffer, chunk("next", 4, 30));
		expect(readAll(stream)).toBe("next");
	});
});
