import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { converse, Random } from "./model.ts";
import { run } from "./wire.ts";

interface Llhttp {
	initialize(type: number, resource: object): void;
	execute(bytes: Uint8Array): number | Error;
	[callback: number]: unknown;
}
type OnHeaders = (...args: [number, number, string[] | undefined, number | undefined, string, number]) => number;

/** Node's own parser, present in Deno and Bun as well. */
const { HTTPParser, methods } = createRequire(import.meta.url)("_http_common") as {
	HTTPParser: { new (): Llhttp; REQUEST: number; RESPONSE: number; kOnHeadersComplete: number; kOnBody: number };
	methods: string[];
};

/** What llhttp reads from one direction: start values, fields, decoded body length. */
function readByLlhttp(bytes: Uint8Array, requests: string[] | undefined): string[] {
	const found: { start: string; body: number }[] = [];
	let answered = 0;
	const parser = new HTTPParser();
	parser.initialize(requests === undefined ? HTTPParser.REQUEST : HTTPParser.RESPONSE, {});
	const onHeaders: OnHeaders = (_major, _minor, headers, method, url, status) => {
		const fields = (headers ?? []).join("|");
		if (requests === undefined) found.push({ start: `${methods[method!]} ${url} ${fields}`, body: 0 });
		else if (status >= 200) found.push({ start: `${status} ${fields}`, body: 0 });
		if (requests === undefined || status < 200) return 0;
		return requests[answered++] === "HEAD" ? 1 : 0;
	};
	parser[HTTPParser.kOnHeadersComplete] = onHeaders;
	parser[HTTPParser.kOnBody] = (body: Uint8Array) => {
		found.at(-1)!.body += body.length;
	};
	const result = parser.execute(bytes);
	if (typeof result !== "number") throw result;
	return found.map(({ start, body }) => `${start} ${body}`);
}

test("the same methods, targets, statuses, fields and body sizes as llhttp, on valid traffic", () => {
	let messages = 0;
	for (let seed = 1; seed <= 1500; seed++) {
		const random = new Random(seed);
		const { chunks, truth } = converse(random, {
			exchanges: 1 + random.below(6),
			depth: random.pick([1, 4]),
			maxOperation: 500,
		});
		const ofDirection = (direction: number) =>
			joined(chunks.filter((chunk) => chunk.direction === direction).map((chunk) => chunk.payload));
		const { rows } = run(chunks);
		const count = (row: (typeof rows)[number]) =>
			row.headers.findIndex((field, i) => i > 0 && field.startsWith("X-Id"));
		const ours = {
			requests: rows.map((r) => `${r.method} ${r.target} ${flat(r.headers.slice(0, count(r)))} ${r.request?.[2]}`),
			responses: rows.map((r) => `${r.status} ${flat(r.headers.slice(count(r)))} ${r.response?.[2]}`),
		};
		const theirs = {
			requests: readByLlhttp(ofDirection(2), undefined),
			responses: readByLlhttp(
				ofDirection(1),
				truth.map((row) => row.method!),
			),
		};
		messages += rows.length * 2;
		expect(ours, `seed ${seed}`).toEqual(theirs);
	}
	expect(messages).toBeGreaterThan(5000);
});

function joined(parts: readonly Uint8Array[]): Uint8Array {
	const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
	let at = 0;
	for (const part of parts) {
		all.set(part, at);
		at += part.length;
	}
	return all;
}

function flat(fields: readonly string[]): string {
	return fields.map((field) => field.replace(": ", "|")).join("|");
}
