import { describe, expect, test } from "vitest";
import { BYTES, type Chunk, CUT, type Direction, HOLE, NONE, SocketBuffer, type Stream } from "./index.ts";

const MS = 1_000_000;

function chunk(text: string, dataId: number, offset: number | undefined, more: Partial<Chunk> = {}): Chunk {
	const payload = Uint8Array.from(text, (c) => c.charCodeAt(0));
	const times = { startNs: dataId, endNs: dataId };
	const ids = { dataId, prevDataId: dataId - 1, sequence: 0 };
	return { direction: 1 as Direction, ...ids, offset, bytes: payload.length, payload, ...times, ...more };
}

/** Reads everything that can be read: text, `<n>` for bytes not captured, `[n]` for lost ones, `[?]` for unknown holes. */
function read(stream: Stream): string {
	let text = "";
	for (let span = stream.span(); span !== NONE; span = stream.span()) {
		if (span === BYTES) {
			const { bytes, from, to } = stream;
			text += String.fromCharCode(...bytes.subarray(from, to));
			stream.advance(to - from);
		} else {
			text += span === CUT ? `<${stream.length}>` : stream.length < 0 ? "[?]" : `[${stream.length}]`;
			stream.advance(stream.length);
		}
	}
	return text;
}

/** Appends in the given order, overwriting each chunk's memory once it is settled. */
function fill(buffer: SocketBuffer, chunks: Chunk[]): SocketBuffer {
	for (const item of chunks) {
		const payload = item.payload.slice();
		buffer.append({ ...item, payload });
		buffer.settle();
		payload.fill(35);
	}
	return buffer;
}

describe("order", () => {
	const parts = ["ab", "cd", "ef", "gh"].map((text, i) => chunk(text, i + 1, 100 + i * 2));
	const orders = permutations([0, 1, 2, 3]);

	test.each([["offsets"], ["ids"]])("every order of arrival reads the same, by %s", (by) => {
		for (const order of orders) {
			const chunks = order.map((i) => (by === "ids" ? { ...parts[i]!, offset: undefined } : parts[i]!));
			const buffer = fill(new SocketBuffer(), [...chunks, ...chunks]);
			expect(read(buffer.ingress)).toBe("abcdefgh");
			expect(buffer.ingress.counters).toMatchObject({ duplicates: 4, late: 0, overlaps: 0, holes: 0 });
		}
	});

	test("A3, A4 pieces of one operation in the order of their sequence", () => {
		const pieces = [
			chunk("a", 4, 9),
			chunk("b", 5, 10),
			chunk("c", 5, 11, { sequence: 1 }),
			chunk("d", 5, 12, { sequence: 2 }),
		];
		const order = [2, 0, 3, 1].map((i) => ({ ...pieces[i]!, prevDataId: i === 0 ? 0 : 4 }));
		expect(read(fill(new SocketBuffer(), order).ingress)).toBe("abcd");
		const byId = order.map((piece) => ({
			...piece,
			offset: undefined,
			finished: piece.sequence === 2 || piece.dataId === 4,
		}));
		expect(read(fill(new SocketBuffer(), byId).ingress)).toBe("abcd");
	});

	test("positions wrap at 2^32", () => {
		const buffer = fill(new SocketBuffer(), [chunk("ab", 1, 4294967295), chunk("ef", 3, 3), chunk("cd", 2, 1)]);
		expect(read(buffer.ingress)).toBe("abcdef");
	});

	test.each([
		["as it is", false],
		["made anew of numbers each time", true],
	])("a stream of many GiB reads on, late and doubled chunks among it: %s", (_, rests) => {
		const GiB = 2 ** 30;
		let buffer = new SocketBuffer();
		let sent = 4_000_000_000;
		const next = (text: string, id: number, more: Partial<Chunk> = {}) => {
			const made = chunk(text, id, sent % 2 ** 32, more);
			sent += made.bytes;
			return made;
		};
		fill(buffer, [next("a", 1)]);
		const began = buffer.ingress.position;
		for (let id = 2; id < 40; id += 3) {
			const big = next("big", id, { bytes: GiB });
			const [second, third] = [next("cd", id + 1), next("ef", id + 2)];
			fill(buffer, [big, third, second, third]);
			expect(read(buffer.ingress)).toBe(`${id === 2 ? "a" : ""}big<${GiB - 3}>cdef`);
			expect(buffer.ingress.position - began).toBe(sent - 4_000_000_000);
			expect(buffer.ingress.position % 2 ** 32).toBe(sent % 2 ** 32);
			if (!rests) continue;
			const numbers: number[] = [];
			buffer.save(numbers);
			buffer = new SocketBuffer();
			buffer.load(numbers);
		}
		expect(buffer.ingress.counters).toMatchObject({ duplicates: 13, late: 0, overlaps: 0, holes: 0 });
	});

	test("directions do not mix: R6", () => {
		const buffer = fill(new SocketBuffer(), [chunk("q", 1, 5, { direction: 2 }), chunk("r", 2, 5)]);
		expect([read(buffer.egress), read(buffer.ingress)]).toEqual(["q", "r"]);
	});
});

describe("holes", () => {
	test("a hole is pending, then lost when the window has passed; what comes later is late", () => {
		const buffer = fill(new SocketBuffer(), [chunk("ab", 1, 0), chunk("ef", 3, 4, { prevDataId: 1 })]);
		expect(read(buffer.ingress)).toBe("ab");
		expect(buffer.tick(10 * MS)).toBe(false);
		expect(read(buffer.ingress)).toBe("");
		expect(buffer.tick(21 * MS)).toBe(true);
		expect(read(buffer.ingress)).toBe("[2]ef");
		fill(buffer, [chunk("cd", 2, 2), chunk("gh", 4, 6)]);
		expect(read(buffer.ingress)).toBe("gh");
		expect(buffer.ingress.counters).toMatchObject({ late: 1, holes: 1, lostBytes: 2 });
	});

	test("a hole behind bytes that were not consumed is given up, too", () => {
		const buffer = fill(new SocketBuffer(), [chunk("ab", 1, 0), chunk("ef", 3, 4)]);
		expect(buffer.tick(21 * MS)).toBe(true);
		expect(read(buffer.ingress)).toBe("ab[2]ef");
	});

	test("closing loses every hole", () => {
		const buffer = fill(new SocketBuffer(), [chunk("a", 1, 0), chunk("c", 3, 2), chunk("e", 5, 4)]);
		let text = read(buffer.ingress);
		while (buffer.close(0)) text += read(buffer.ingress);
		expect(text).toBe("a[1]c[1]e");
	});

	test("a stream whose beginning may be missing waits, then says so", () => {
		const buffer = fill(new SocketBuffer(), [chunk("cd", 7, 50)]);
		expect(read(buffer.ingress)).toBe("");
		buffer.tick(21 * MS);
		expect(read(buffer.ingress)).toBe("[?]cd");
	});

	test("without offsets a missing operation is a hole of unknown length in both directions", () => {
		const lost = [chunk("a", 1, undefined), chunk("c", 3, undefined), chunk("d", 4, undefined, { direction: 2 })];
		const buffer = fill(new SocketBuffer(), lost);
		expect([read(buffer.ingress), read(buffer.egress)]).toEqual(["a", ""]);
		buffer.tick(21 * MS);
		expect([read(buffer.ingress), read(buffer.egress)]).toEqual(["[?]c", "[?]d"]);
	});

	test("R5 an unfinished operation is followed by a hole", () => {
		const buffer = fill(new SocketBuffer(), [chunk("a", 1, undefined, { finished: false }), chunk("b", 2, undefined)]);
		expect(read(buffer.ingress)).toBe("a");
		buffer.tick(21 * MS);
		expect(read(buffer.ingress)).toBe("[?]b");
	});

	test("too much behind a hole gives it up at once", () => {
		const buffer = new SocketBuffer({ maxRetainedBytes: 100 });
		fill(buffer, [chunk("a", 1, 0), chunk("x".repeat(80), 3, 2), chunk("x".repeat(80), 4, 82)]);
		expect(read(buffer.ingress)).toBe(`a[1]${"x".repeat(160)}`);
		expect(buffer.ingress.counters.evicted).toBe(1);
	});
});

describe("operations that were not captured whole", () => {
	test("cut: exact, with the tail", () => {
		const tail = Uint8Array.from([121, 122]);
		const buffer = fill(new SocketBuffer(), [chunk("ab", 1, 0, { bytes: 10, tail }), chunk("next", 2, 10)]);
		expect(read(buffer.ingress)).toBe("ab<6>yznext");
	});

	test("opaque: only its size", () => {
		const buffer = fill(new SocketBuffer(), [chunk("", 1, 0, { bytes: 1000, opaque: true }), chunk("next", 2, 1000)]);
		expect(read(buffer.ingress)).toBe("<1000>next");
	});

	test("overlapping chunks are flagged; the first one is read", () => {
		const buffer = fill(new SocketBuffer(), [
			chunk("a", 1, 0),
			chunk("cdef", 3, 2),
			chunk("XXgh", 4, 4),
			chunk("b", 2, 1),
		]);
		expect(read(buffer.ingress)).toBe("abcdefgh");
		expect(buffer.ingress.counters.overlaps).toBe(1);
	});
});

describe("reading", () => {
	test("P1, P2 gather joins what follows, and leaves the position", () => {
		const buffer = fill(new SocketBuffer(), [chunk("0123456789", 1, 0), chunk("abcdefghij", 2, 10)]);
		const stream = buffer.ingress;
		expect(stream.gather()).toBe(NONE);
		expect(String.fromCharCode(...stream.bytes.subarray(stream.from, stream.to))).toBe("0123456789abcdefghij");
		stream.advance(15);
		expect(stream.gather()).toBe(NONE);
		expect(String.fromCharCode(...stream.bytes.subarray(stream.from, stream.to))).toBe("fghij");
		expect(stream.lastDataId).toBe(2);
		expect(stream.skip(100)).toBe(5);
		expect([stream.retained, stream.pending]).toEqual([0, 0]);
	});

	test("gather joins the right bytes, however they come and however much of them is read in between", () => {
		const all = Uint8Array.from({ length: 16_000 }, (_, i) => (i * 31) % 251);
		for (let seed = 1; seed <= 200; seed++) {
			let state = seed;
			const upTo = (n: number) => {
				state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
				return Math.floor((state / 2 ** 32) * n);
			};
			const chunks: Chunk[] = [];
			for (let at = 0; at < all.length; ) {
				const payload = all.subarray(at, at + 1 + upTo(seed % 2 === 0 ? 900 : 90));
				chunks.push(chunk("", chunks.length + 1, at, { payload, bytes: payload.length }));
				at += payload.length;
			}
			// Some come a few places too late.
			const order = chunks.map((_, i) => i);
			for (let i = 1; i < order.length; i += 1 + upTo(6)) order.splice(i, 0, ...order.splice(i + upTo(5), 1));
			const buffer = new SocketBuffer();
			const { ingress } = buffer;
			let right = true;
			for (const i of order) {
				fill(buffer, [chunks[i]!]);
				if (upTo(3) === 0) continue;
				if (ingress.span() !== BYTES) continue;
				ingress.gather();
				const { bytes, from, to } = ingress;
				const begins = ingress.position % 2 ** 32;
				for (let k = from; k < to; k++) right &&= bytes[k] === all[begins + k - from];
				ingress.advance(upTo(to - from + 1));
				ingress.settle();
			}
			expect(right, `seed ${seed}`).toBe(true);
		}
	});

	test("gather says what ends the bytes", () => {
		const cut = fill(new SocketBuffer(), [chunk("ab", 1, 0), chunk("cd", 2, 2, { bytes: 9 })]).ingress;
		expect(cut.gather()).toBe(CUT);
		const hole = fill(new SocketBuffer(), [chunk("ab", 1, 0), chunk("cd", 2, 2), chunk("x", 4, 9)]);
		expect(hole.ingress.gather()).toBe(NONE);
		hole.close(0);
		expect(hole.ingress.gather()).toBe(HOLE);
	});

	test("what is read in place is not copied", () => {
		const buffer = fill(new SocketBuffer(), [chunk("ab", 1, 0)]);
		read(buffer.ingress);
		const { payload } = chunk("cd", 2, 2);
		buffer.append(chunk("cd", 2, 2, { payload }));
		buffer.ingress.span();
		expect(buffer.ingress.bytes).toBe(payload);
		read(buffer.ingress);
		buffer.settle();
		expect(buffer.retained).toBe(0);
	});

	test("a head byte by byte costs linear time: every byte is joined once", () => {
		const buffer = new SocketBuffer({ maxPieces: 1e6 });
		for (let i = 0; i < 20_000; i++) {
			buffer.append(chunk("x", i + 1, i));
			buffer.ingress.gather();
			buffer.settle();
		}
		expect(buffer.ingress.to - buffer.ingress.from).toBe(20_000);
	});
});

describe("details", () => {
	test("X1, X4 by id range; the shared last one is given and stays", () => {
		const buffer = new SocketBuffer<string>();
		for (const id of [1, 3, 2, 4]) buffer.appendDetail(id, `d${id}`);
		expect(buffer.takeDetails(1, 3, true)).toEqual(["d1", "d2", "d3"]);
		expect(buffer.takeDetails(3, 3, false)).toEqual(["d3"]);
		expect(buffer.takeDetails(1, 3, false)).toEqual([]);
		expect([buffer.details.size, buffer.details.firstId, buffer.details.shift()]).toEqual([1, 4, "d4"]);
	});

	test("taken from the middle, and many", () => {
		const { details } = new SocketBuffer<number>();
		for (let id = 1; id <= 1000; id++) details.append(id, id);
		expect(details.take(500, 502, false)).toEqual([500, 501, 502]);
		for (let id = 1; id <= 1000; id++) if (id < 500 || id > 502) expect(details.shift()).toBe(id);
		expect(details.shift()).toBeUndefined();
	});
});

function permutations(items: number[]): number[][] {
	if (items.length < 2) return [items];
	return items.flatMap((first) => permutations(items.filter((i) => i !== first)).map((rest) => [first, ...rest]));
}
