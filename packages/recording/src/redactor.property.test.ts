import fc from "fast-check";
import { expect, test } from "vitest";
import { batchOf, operation, payloadsOf } from "../test/events.ts";
import { Redactor } from "./redactor.ts";

/** A piece of a message: it stays, it goes, or (a name in a query that is cut) it may do either. */
interface Piece {
	readonly text: string;
	readonly fate: "stays" | "goes" | "either";
}
const stays = (text: string): Piece => ({ text, fate: "stays" });
const goes = (text: string): Piece => ({ text, fate: "goes" });
const either = (text: string): Piece => ({ text, fate: "either" });

const SECRET = "s3cr3t";
const secret = fc
	.tuple(fc.stringMatching(/^[ -~]{0,8}$/), fc.stringMatching(/^[a-z]{0,5}$/))
	.map(([before, after]) => `${before.trim()}${SECRET}${after}`);
const bodySecret = fc.oneof(
	secret,
	secret.map((text) => `\r\n${text}\r\n0\r\n\r\n`),
	secret.map((text) => `GET /${text} HTTP/1.1\r\nX: ${text}\r\n\r\n`),
	secret.map((text) => `HTTP/1.1 200 ${text}\r\n\r\n`),
);
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,7}$/).map((text) => `X-${text}`);
const header = fc.oneof(
	fc.tuple(name, secret).map(([key, value]) => [stays(`${key}: `), goes(value), stays("\r\n")]),
	fc.constant([stays("Cookie: "), goes(`sid=${SECRET}`), stays("\r\n")]),
	fc
		.constantFrom("Host: a.example", "Connection: keep-alive", "traceparent: 00-ab-cd-01")
		.map((line) => [stays(`${line}\r\n`)]),
);
const query = fc
	.array(fc.tuple(fc.stringMatching(/^[a-z]{1,6}$/), fc.stringMatching(/^[A-Za-z0-9%=.]{0,6}$/)), { maxLength: 3 })
	.map((pairs) =>
		pairs.flatMap(([key, value], i) => [
			i === 0 ? stays("?") : stays("&"),
			either(`${key}=`),
			goes(`${value}${SECRET}`),
		]),
	);

const chunk = bodySecret.map((text) => [stays(`${text.length.toString(16)}\r\n`), goes(text), stays("\r\n")]);
const framedBody = fc.oneof(
	bodySecret.map((text) => [stays(`Content-Length: ${text.length}\r\n\r\n`), goes(text)]),
	fc
		.array(chunk, { maxLength: 3 })
		.map((chunks) => [stays("Transfer-Encoding: chunked\r\n\r\n"), ...chunks.flat(), stays("0\r\n\r\n")]),
);
const request = fc
	.tuple(
		fc.constantFrom("GET", "POST", "DELETE", "REPORT"),
		fc.stringMatching(/^[a-z/._-]{0,8}$/),
		query,
		fc.array(header, { maxLength: 4 }),
		fc.option(framedBody),
	)
	.map(([method, path, pairs, headers, body]) => [
		stays(`${method} /${path}`),
		...pairs,
		stays(" HTTP/1.1\r\n"),
		...headers.flat(),
		...(body ?? [stays("\r\n")]),
	]);
const response = fc
	.tuple(fc.constantFrom(200, 404, 500), fc.array(header, { maxLength: 4 }), framedBody)
	.map(([status, headers, body]) => [
		stays(`HTTP/1.1 ${status} `),
		goes(SECRET),
		stays("\r\n"),
		...headers.flat(),
		...body,
	]);

/** Redacts the pieces cut into operations at these places. */
function redacted(
	pieces: readonly Piece[],
	direction: 1 | 2,
	cuts: readonly number[],
	base: number,
	requests: string,
): string {
	const text = pieces.map((piece) => piece.text).join("");
	const places = [...new Set([0, ...cuts.map((cut) => cut % (text.length + 1)), text.length])].sort((a, b) => a - b);
	const operations = places.slice(1).map((end, i) => ({
		direction,
		offset: base + places[i]!,
		payload: text.slice(places[i], end),
	}));
	const redactor = new Redactor();
	if (requests) redactor.redact(batchOf([operation({ direction: 1, offset: 0, payload: requests })]));
	// Each in a batch of its own: what has been written cannot be taken back.
	return operations
		.map((spec) => {
			const batch = batchOf([operation(spec)]);
			redactor.redact(batch);
			return payloadsOf(batch).join("");
		})
		.join("");
}

function check(pieces: readonly Piece[], direction: 1 | 2, cuts: readonly number[], requests = ""): void {
	const result = redacted(pieces, direction, cuts, direction === 1 ? 0 : 0xffff_fff0, requests);
	let at = 0;
	for (const { text, fate } of pieces) {
		const part = result.slice(at, at + text.length);
		at += text.length;
		if (fate === "goes") expect(part).toBe("x".repeat(text.length));
		else if (fate === "stays") expect(part).toBe(text);
		else for (let i = 0; i < text.length; i++) expect([text[i], "x"]).toContain(part[i]);
	}
	expect(result.length).toBe(at);
	expect(result).not.toContain(SECRET);
}

const cuts = fc.array(fc.nat(), { maxLength: 12 });

test("requests: secrets go, structure stays, wherever operations begin and end", () => {
	const requests = fc.array(request, { minLength: 1, maxLength: 4 });
	fc.assert(
		fc.property(requests, cuts, (messages, places) => check(messages.flat(), 1, places)),
		{ numRuns: 500 },
	);
});

test("responses: secrets go, structure stays, wherever operations begin and end", () => {
	const responses = fc.array(response, { minLength: 1, maxLength: 3 });
	fc.assert(
		fc.property(responses, cuts, (messages, places) => {
			check(messages.flat(), 2, places, "GET / HTTP/1.1\r\n\r\n".repeat(messages.length));
		}),
		{ numRuns: 500 },
	);
});

test("responses without their requests: secrets of heads go, wherever operations begin and end", () => {
	const responses = fc.array(response, { minLength: 1, maxLength: 3 });
	fc.assert(
		fc.property(responses, cuts, (messages, places) => {
			const plain = messages.filter(
				(pieces) => !pieces.some(({ text, fate }) => fate === "goes" && /GET|HTTP/.test(text)),
			);
			check(plain.flat(), 2, places);
		}),
		{ numRuns: 500 },
	);
});

test("one request cut at every place, and at every pair of places", () => {
	const pieces = [
		stays("POST /login"),
		stays("?"),
		either("user="),
		goes(SECRET),
		stays("&"),
		either("p="),
		goes(SECRET),
		stays(" HTTP/1.1\r\nAuthorization: "),
		goes(SECRET),
		stays("\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n"),
		goes(SECRET),
		stays("\r\n0\r\n\r\nGET /next HTTP/1.1\r\n\r\n"),
	];
	const length = pieces.reduce((sum, { text }) => sum + text.length, 0);
	for (let a = 0; a <= length; a++) for (let b = a; b <= length; b += 3) check(pieces, 1, [a, b]);
});

test("whatever bytes come, in whatever order: the size stays and secrets in headers never do", () => {
	const text = fc.oneof(request, response).map((pieces) => pieces.map((piece) => piece.text).join(""));
	const spec = fc.record({
		direction: fc.constantFrom(1 as const, 2 as const),
		offset: fc.nat(400),
		payload: fc.oneof(text, fc.string()),
	});
	fc.assert(
		fc.property(fc.array(spec, { maxLength: 20 }), (specs) => {
			const batch = batchOf(specs.map(operation));
			new Redactor().redact(batch);
			const payloads = payloadsOf(batch);
			expect(payloads.map(({ length }) => length)).toEqual(specs.map(({ payload }) => payload.length));
			for (const payload of payloads) expect(payload).not.toContain(SECRET);
		}),
		{ numRuns: 300 },
	);
});
