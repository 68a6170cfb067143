import { createRequire } from "node:module";
import type { Chunk } from "@wirescribe/buffer";
import type { Random } from "../test/model.ts";
import { bytesOf, type Row, run } from "../test/wire.ts";
import type { Property } from "./property.ts";

interface Llhttp {
	initialize(type: number, resource: object): void;
	execute(bytes: Uint8Array): number | Error;
	finish(): undefined | Error;
	[callback: number]: unknown;
}
type OnHeaders = (...args: [number, number, string[] | undefined, number | undefined, string, number]) => number;

/** Node's own parser. */
const { HTTPParser, methods } = createRequire(import.meta.url)("_http_common") as {
	HTTPParser: {
		new (): Llhttp;
		REQUEST: number;
		RESPONSE: number;
		kOnHeaders: number;
		kOnHeadersComplete: number;
		kOnBody: number;
		kOnMessageComplete: number;
	};
	methods: readonly string[];
};

interface Read {
	readonly start: string;
	readonly fields: readonly string[];
	body: number;
	complete: boolean;
}

/** What llhttp reads from one direction; undefined when it rejects it. */
function readByLlhttp(bytes: Uint8Array, requests: readonly string[] | undefined): readonly Read[] | undefined {
	const found: Read[] = [];
	let answered = 0;
	const parser = new HTTPParser();
	parser.initialize(requests === undefined ? HTTPParser.REQUEST : HTTPParser.RESPONSE, {});
	let final = true;
	const onHeaders: OnHeaders = (_major, _minor, headers = [], method, url, status) => {
		final = requests === undefined || status >= 200;
		const fields = Array.from({ length: headers.length / 2 }, (_, i) => `${headers[2 * i]}: ${headers[2 * i + 1]}`);
		const start = requests === undefined ? `${methods[method!]} ${url}` : `${status}`;
		if (!final) return 0;
		found.push({ start, fields, body: 0, complete: false });
		return requests?.[answered++] === "HEAD" ? 1 : 0;
	};
	parser[HTTPParser.kOnHeadersComplete] = onHeaders;
	parser[HTTPParser.kOnBody] = (body: Uint8Array) => {
		found.at(-1)!.body += body.length;
	};
	parser[HTTPParser.kOnMessageComplete] = () => {
		if (final) found.at(-1)!.complete = true;
	};
	if (typeof parser.execute(bytes) !== "number" || parser.finish() !== undefined) return undefined;
	return found;
}

/** Where the two may differ on valid traffic, why, and how to make them comparable. */
export const ACCEPTED: readonly { readonly name: string; readonly reason: string }[] = [
	{
		name: "fold",
		reason:
			"RFC 9112 5.2 lets a reader put one space for a fold; llhttp, when lenient, keeps the fold's own white space",
	},
	{
		name: "repeated-length",
		reason: "equal Content-Length fields are one (RFC 9110 8.6) and reported; llhttp rejects the message",
	},
	{ name: "bare-lf", reason: "RFC 9112 2.2 allows a reader to take a bare LF; llhttp rejects it unless lenient" },
	{
		name: "obs-text-target",
		reason: "bytes above 127 in a target are seen in the wild and kept as they are; llhttp rejects them",
	},
	{
		name: "unknown-method",
		reason: "a method is any token (RFC 9110 9.1); llhttp knows a list, and Node has no name for its newest entries",
	},
];

interface Traffic {
	readonly requests: string;
	readonly responses: string;
	readonly methods: readonly string[];
	/** Names from `ACCEPTED`, for what llhttp will reject or read otherwise. */
	readonly odd: readonly string[];
}

/** Valid messages of unusual form: what the grammar of RFC 9112 allows, and what it tells a reader to tolerate. */
function makeTraffic(random: Random): Traffic {
	const odd: string[] = [];
	const names: string[] = [];
	let requests = "";
	let responses = "";
	for (let n = 1 + random.below(4); n > 0; n--) {
		let method = random.pick([
			"GET",
			"GET",
			"POST",
			"PUT",
			"HEAD",
			"OPTIONS",
			"DELETE",
			"PATCH",
			"M-SEARCH",
			"PROPFIND",
		]);
		if (random.chance(1)) {
			method = random.pick(["FROB!NICATE", "get", "QUERY"]);
			odd.push("unknown-method");
		}
		names.push(method);
		let target = random.pick(["/", "/a?b=c#d", "http://h:1/x", "/%00%ff", "*", "/a//b;c=1"]);
		if (random.chance(1)) {
			target = "/\xe9";
			odd.push("obs-text-target");
		}
		const crlf = random.chance(10) ? "\r\n" : "";
		const upload = method === "POST" || method === "PUT" || method === "PATCH";
		const host = random.pick(["Host: h\r\n", "host:h\r\n", "HOST:\t h \t\r\n"]);
		requests += `${crlf}${method} ${method === "OPTIONS" ? "*" : target} HTTP/1.1\r\n${host}${rest(random, upload, odd)}`;
		const status = random.pick([200, 200, 404, 204, 304, 500, 299, 999]);
		const reason = random.pick([" OK", " ", " Very Odd \xe9 Reason"]);
		const before = random.chance(10) ? "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" : "";
		const empty = method === "HEAD" || status === 204 || status === 304;
		responses += `${before}HTTP/1.1 ${status}${reason}\r\n${rest(random, !empty, odd)}`;
	}
	return { requests, responses, methods: names, odd };
}

function rest(random: Random, bodied: boolean, odd: string[]): string {
	let fields = "";
	for (let n = random.below(4); n > 0; n--) {
		fields += random.pick([
			"X:\r\n",
			"X-Y: a, b\r\n",
			"x-y:\tc\t\r\n",
			"__proto__: p\r\n",
			"X!#$%&'*+-.^_`|~: \xe9\r\n",
			"A: :b:\r\n",
		]);
	}
	if (random.chance(2)) {
		fields += "F: a\r\n \tb\r\n";
		odd.push("fold");
	}
	if (random.chance(2)) {
		fields += "L: f\n";
		odd.push("bare-lf");
	}
	if (!bodied) return `${fields}\r\n`;
	const data = random.pick([
		"",
		"x",
		"GET / HTTP/1.1\r\n\r\n",
		"0\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\n",
		"\r\n".repeat(9),
	]);
	if (random.chance(50)) {
		const length = `Content-Length: ${random.pick(["", "0", "000"])}${data.length}\r\n`;
		const twice = random.chance(2);
		if (twice) odd.push("repeated-length");
		return `${length}${fields}${twice ? length : ""}\r\n${data}`;
	}
	const extension = random.pick(["", "", ";a", ";a=b", ';a="b"', ";a=b;c"]);
	const size = random.chance(50) ? data.length.toString(16) : `00${data.length.toString(16).toUpperCase()}`;
	const coding = random.pick(["chunked", "Chunked", "gzip, chunked", "gzip , CHUNKED"]);
	const trailer = random.pick(["", "", "T: 1\r\n", "T: 1\r\nU:\r\n"]);
	const chunk = data === "" ? "" : `${size}${extension}\r\n${data}\r\n`;
	return `Transfer-Encoding: ${coding}\r\n${fields}\r\n${chunk}${random.pick(["0", "000"])}${extension}\r\n${trailer}\r\n`;
}

function chunksOf({ requests, responses }: Traffic): Chunk[] {
	return [requests, responses].map((text, i): Chunk => {
		const payload = bytesOf(text);
		const ids = { direction: i === 0 ? (2 as const) : (1 as const), dataId: i + 1, prevDataId: i, sequence: 0 };
		return { ...ids, offset: 0, bytes: payload.length, payload, startNs: i + 1, endNs: i + 1 };
	});
}

function compare(rows: readonly Row[], requests: readonly Read[], responses: readonly Read[]): string | undefined {
	const plain = (start: string, body: number | undefined, fields: readonly string[]) =>
		JSON.stringify([start, body, fields]);
	if (rows.length !== requests.length || rows.length !== responses.length) {
		return `${rows.length} exchanges, llhttp has ${requests.length} requests and ${responses.length} responses`;
	}
	for (const [i, row] of rows.entries()) {
		const q = requests[i]!;
		const r = responses[i]!;
		const count = q.fields.length;
		const ours = [
			plain(`${row.method} ${row.target}`, row.request?.[2], row.headers.slice(0, count)),
			plain(`${row.status}`, row.response?.[2], row.headers.slice(count)),
		];
		const theirs = [plain(q.start, q.body, q.fields), plain(r.start, r.body, r.fields)];
		if (ours.join() !== theirs.join()) return `differs: ${ours.join(" ")} but llhttp ${theirs.join(" ")}`;
		if (row.partial.length > 0 || row.unpaired !== undefined) return `partial: ${row.partial} ${row.unpaired}`;
	}
	return undefined;
}

/** How often each accepted difference was met. */
export const met: Map<string, number> = new Map();

/** Valid traffic in unusual forms, read by llhttp and by us. */
export const differential: Property = {
	name: "llhttp",
	says: "the same methods, targets, statuses, fields, bodies and boundaries as llhttp on valid traffic",
	try(random) {
		const traffic = makeTraffic(random);
		const chunks = chunksOf(traffic);
		const { rows } = run(chunks);
		const requests = readByLlhttp(chunks[0]!.payload, undefined);
		const responses = readByLlhttp(chunks[1]!.payload, traffic.methods);
		for (const name of new Set(traffic.odd)) met.set(name, (met.get(name) ?? 0) + 1);
		if (traffic.odd.length > 0) {
			// Only the number and the pairs can be compared.
			const right = rows.length === traffic.methods.length && rows.every((row, i) => row.method === traffic.methods[i]);
			const what = right ? undefined : `${rows.length} exchanges of ${traffic.methods.length} (${traffic.odd})`;
			return { checked: 0, defect: what === undefined ? undefined : { what, chunks } };
		}
		const what =
			requests === undefined || responses === undefined
				? `llhttp rejects ${requests === undefined ? "the requests" : "the responses"}`
				: compare(rows, requests, responses);
		return { checked: rows.length * 2, defect: what === undefined ? undefined : { what, chunks } };
	},
};
