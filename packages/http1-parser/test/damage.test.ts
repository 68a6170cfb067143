import type { Direction } from "@wirescribe/buffer";
import { expect, test } from "vitest";
import { bytesOf, type Row, run } from "./wire.ts";

type Moved = readonly [direction: Direction, text: string];

/** What comes out when each operation is cut into pieces of `size` bytes. */
function cut(moved: readonly Moved[], size: number): Row[] {
	const positions = [0, 4294967290];
	const chunks = moved.flatMap(([direction, text], i) => {
		const pieces = [];
		for (let at = 0, sequence = 0; at < text.length; sequence++) {
			const end = Math.min(text.length, at + size);
			const offset = positions[direction - 1]! % 4294967296;
			positions[direction - 1]! += end - at;
			const ids = { direction, dataId: i + 1, prevDataId: i, sequence, offset, finished: end === text.length };
			pieces.push({ ...ids, bytes: end - at, payload: bytesOf(text.slice(at, end)), startNs: i, endNs: i + 1 });
			at = end;
		}
		return pieces;
	});
	return run(chunks, {}, false).rows;
}

const GET = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CASES: Record<string, Moved[]> = {
	"the blank line of a request": [
		[2, "GET /a HTTP/1.1\r\nHost: h\r\n\r;"],
		[1, OK],
	],
	"the blank line of a response": [
		[2, GET],
		[1, "HTTP/1.1 204 \r\nX: 0\r\n\r/"],
	],
	"the first byte of a response": [
		[2, GET],
		[1, "H\rTP/1.1 200 OK\r\nX: 0\r\nContent-Length: 0\r0\r\n"],
	],
	"a version": [
		[2, "HEAD /a HTTPa1.1\r\nHost: h\r\n\r\n"],
		[1, "HTTP/1.1 100 Continue\r::\nHTTP/1.1 204 \r\nX: 0\r\n\r\n"],
	],
	"a second request": [
		[2, `${GET}HEAD /b HTTP/1.1\r\nHost: h\r\n\ra`],
		[1, `${OK}HTTP/1.1 200 OK\r\nContent-Langth: 7\r\n\r\n`],
	],
	"a chunk line": [
		[
			2,
			"PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n2\r\ngh\r\nbG\nake HTTP/1.\r\n0\r\n\r\n",
		],
		[1, OK],
	],
	"a blank line, and a head that follows on the same line": [
		[2, GET + GET],
		[1, `HTTP/1.1 200 OK\r\nX: 0\r\n\r\r${OK}`],
	],
};

for (const [what, moved] of Object.entries(CASES)) {
	test(`spoiled: ${what}: every split gives the same`, () => {
		const whole = cut(moved, 10_000);
		for (let size = 1; size < 40; size++) expect(cut(moved, size), `pieces of ${size}`).toEqual(whole);
	});
}
