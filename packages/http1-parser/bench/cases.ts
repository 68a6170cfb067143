import { Buffer } from "node:buffer";

/** What must be read from one message. */
export interface Expected {
	readonly method: string;
	readonly target: string;
	readonly status: number;
	/** The values of the case's three names; the third is another one in every message. */
	readonly a: string;
	readonly b: string;
	readonly c: string;
	/** Names and values in turn. */
	readonly headers: readonly string[];
	readonly headerChars: number;
	/** Bytes of the decoded body. */
	readonly body: number;
}

/** Some messages of one direction, as reads gave them, and a least message of the other direction for each. */
export interface Input {
	readonly reads: readonly Buffer[];
	/** The same memory, for parsers that want no Buffer. */
	readonly views: readonly Uint8Array[];
	readonly expected: readonly Expected[];
	readonly companion: Buffer;
	readonly companionView: Uint8Array;
}

export interface Case {
	readonly id: string;
	readonly title: string;
	readonly kind: "request" | "response";
	/** Lower case. */
	readonly names: readonly [string, string, string];
	readonly inputs: readonly Input[];
	readonly messages: number;
}

const VARIANTS = 64;
const REQUEST_NAMES = ["host", "user-agent", "x-request-id"] as const;
const RESPONSE_NAMES = ["content-type", "server", "x-request-id"] as const;
const ASK = "GET /ask HTTP/1.1\r\nHost: h\r\n\r\n";
const ANSWER = "HTTP/1.1 204 No Content\r\n\r\n";

type Fields = readonly (readonly [string, string])[];
interface Text {
	readonly text: string;
	readonly expected: Expected;
}

function message(
	start: string,
	from: Omit<Expected, "a" | "b" | "c" | "headers" | "headerChars">,
	fields: Fields,
): Text {
	const response = from.status > 0;
	const names = response ? RESPONSE_NAMES : REQUEST_NAMES;
	const value = (name: string) => fields.find(([key]) => key.toLowerCase() === name)![1];
	const headers = fields.flat();
	return {
		text: `${start}\r\n${fields.map(([name, text]) => `${name}: ${text}\r\n`).join("")}\r\n`,
		expected: {
			...from,
			a: value(names[0]),
			b: value(names[1]),
			c: value(names[2]),
			headers,
			headerChars: headers.join("").length,
		},
	};
}

/** Same length in every message: only the bytes differ. */
function idOf(n: number): string {
	return `${(n * 2654435761) % 4294967296}`.padStart(10, "0").padEnd(32, "7f3a");
}

function smallGet(n: number): Text {
	const target = "/api/v1/users/42?fields=name";
	return message(`GET ${target} HTTP/1.1`, { method: "GET", target, status: 0, body: 0 }, [
		["Host", "users.internal.example:8080"],
		["User-Agent", "service-client/2.14.1"],
		["Accept", "application/json"],
		["Accept-Encoding", "gzip, deflate"],
		["Connection", "keep-alive"],
		["Content-Type", "application/json"],
		["X-Request-Id", idOf(n)],
		["X-Tenant", "tenant-0042-production"],
		["Cache-Control", "no-cache"],
		["X-Forwarded-For", "10.1.2.3, 10.9.8.77"],
	]);
}

function browserGet(n: number): Text {
	const target = "/assets/app/main.8f3a1c.js?v=20240517";
	return message(`GET ${target} HTTP/1.1`, { method: "GET", target, status: 0, body: 0 }, [
		["Host", "www.example.org"],
		["Connection", "keep-alive"],
		["sec-ch-ua", '"Chromium";v="148", "Not.A/Brand";v="24", "Browser";v="148"'],
		["sec-ch-ua-mobile", "?0"],
		[
			"User-Agent",
			"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36",
		],
		["sec-ch-ua-platform", '"Linux"'],
		["Accept", "*/*"],
		["Sec-Fetch-Site", "same-origin"],
		["Sec-Fetch-Mode", "no-cors"],
		["Sec-Fetch-Dest", "script"],
		["Referer", "https://www.example.org/products/list?page=3&sort=price"],
		["Accept-Encoding", "gzip, deflate, br, zstd"],
		["Accept-Language", "en-GB,en;q=0.9,de;q=0.8"],
		["X-Request-Id", idOf(n)],
		["Cookie", `session=${"c5f1a09e".repeat(20)}; theme=dark; consent=analytics%3Dno; _uid=${"91b2".repeat(16)}`],
		["If-None-Match", 'W/"3f-18f8a7d2c40"'],
	]);
}

/** Another order, other names and values of another length in every message: nothing that a head could be compared with. */
function strangeGet(n: number): Text {
	const target = `/${"section/".repeat(n % 5)}${idOf(n * 7)}`;
	const fields = Array.from({ length: 7 }, (_, k): readonly [string, string] => {
		const x = (n * 7 + k) * 2654435761;
		return [`X-${idOf(x).slice(0, 4 + (x % 9))}-${k}`, idOf(x + 1).slice(0, 10 + (x % 20))];
	});
	fields.splice(n % 7, 0, ["User-Agent", `client-${idOf(n).slice(0, 12 + (n % 11))}`], ["X-Request-Id", idOf(n)]);
	fields.splice((n * 3) % 9, 0, ["Host", `${idOf(n * 5).slice(0, 8 + (n % 13))}.example`]);
	return message(`GET ${target} HTTP/1.1`, { method: "GET", target, status: 0, body: 0 }, fields);
}

function response(n: number, body: number, framing: readonly [string, string]): Text {
	return message("HTTP/1.1 200 OK", { method: "", target: "", status: 200, body }, [
		["Server", "nginx/1.27.4"],
		["Date", "Fri, 17 May 2024 10:20:30 GMT"],
		["Content-Type", "application/json; charset=utf-8"],
		["Connection", "keep-alive"],
		["Cache-Control", "private, max-age=0"],
		["X-Request-Id", idOf(n)],
		framing,
	]);
}

function plainResponse(n: number): Text {
	const { text, expected } = response(n, 2048, ["Content-Length", "2048"]);
	return { text: text + '{"k":"value"}\r\n\n'.repeat(128), expected };
}

function chunkedResponse(n: number): Text {
	const { text, expected } = response(n, 65536, ["Transfer-Encoding", "chunked"]);
	return { text: `${text}${`1000\r\n${"0123456789abcde\n".repeat(256)}\r\n`.repeat(16)}0\r\n\r\n`, expected };
}

function inputOf(kind: Case["kind"], texts: readonly Text[], cut: (bytes: Buffer) => readonly Buffer[]): Input {
	const reads = cut(Buffer.from(texts.map(({ text }) => text).join(""), "latin1"));
	const companion = Buffer.from((kind === "request" ? ANSWER : ASK).repeat(texts.length), "latin1");
	return {
		reads,
		views: reads.map(viewOf),
		expected: texts.map(({ expected }) => expected),
		companion,
		companionView: viewOf(companion),
	};
}

function viewOf(bytes: Buffer): Uint8Array {
	return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function piecesOf(size: number): (bytes: Buffer) => readonly Buffer[] {
	return (bytes) => {
		const pieces: Buffer[] = [];
		for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
		return pieces;
	};
}

const whole = (bytes: Buffer): readonly Buffer[] => [bytes];
const inThree = (bytes: Buffer): readonly Buffer[] => piecesOf(Math.ceil(bytes.length / 3))(bytes);

function makeCase(
	id: string,
	title: string,
	make: (n: number) => Text,
	cut: (bytes: Buffer) => readonly Buffer[] = whole,
	together: number = 1,
): Case {
	const kind = make(0).expected.status > 0 ? "response" : "request";
	const inputs = Array.from({ length: together > 1 ? 8 : VARIANTS }, (_, n) =>
		inputOf(
			kind,
			Array.from({ length: together }, (_, k) => make(n * together + k)),
			cut,
		),
	);
	const names = kind === "request" ? REQUEST_NAMES : RESPONSE_NAMES;
	return { id, title, kind, names, inputs, messages: inputs.length * together };
}

/** The cases of the comparison. */
export function makeCases(): readonly Case[] {
	return [
		makeCase("a", "small GET, 10 headers", smallGet),
		makeCase("b", "browser GET, 16 headers", browserGet),
		makeCase("c", "response, 2 KB body", plainResponse),
		makeCase("d", "response, 64 KB in 16 chunks", chunkedResponse),
		makeCase("e", "100 pipelined GETs", smallGet, whole, 100),
		makeCase("f", "b in 3 fragments", browserGet, inThree),
		makeCase("g", "d in 16 KB reads", chunkedResponse, piecesOf(16384)),
		makeCase("h", "GETs that share nothing, 10 headers", strangeGet),
	];
}
