import type { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import type { Case, Input } from "./cases.ts";
import { Checker, type Contender, fieldOf, type Level } from "./check.ts";

const load = createRequire(import.meta.url);

type OnHead = (headers: readonly string[], method: string, target: string, status: number) => void;
/** What every other parser is made to tell; they know one direction. */
interface Events {
	head: OnHead;
	body(bytes: number): void;
	end(): void;
}
type Feed = (bytes: Buffer) => void;
type MakeFeed = (kind: Case["kind"], events: Events) => Feed;

/** Makes a contender of a parser. Level "observed": a second parser reads the other direction; nothing is paired. */
function contenderOf(name: string, make: MakeFeed, of: Case, level: Level): Contender {
	const checker = new Checker(of, name);
	const [a, b, c] = of.names;
	let body = 0;
	const feed = make(of.kind, {
		head(headers, method, target, status) {
			body = 0;
			if (level === "strings") checker.flat(headers);
			checker.head(method, target, status, fieldOf(headers, a), fieldOf(headers, b), fieldOf(headers, c));
		},
		body(bytes) {
			body += bytes;
		},
		end() {
			checker.end(body);
		},
	});
	const companion = make(of.kind === "request" ? "response" : "request", {
		head(_, method, _target, status) {
			if (method === "GET" || status === 204) checker.companions++;
		},
		body() {},
		end() {},
	});
	const both = level === "observed";
	const run = (input: Input) => {
		checker.begin(input);
		if (both) companion(input.companion);
		for (const bytes of input.reads) feed(bytes);
		checker.done(both);
	};
	return { name, checker, run };
}

/** The interface that Node's binding and http-parser-js share. */
interface ParserLike {
	initialize(type: number | string, resource: object): void;
	execute(bytes: Uint8Array): number | Error;
	[callback: number]: unknown;
}
interface ParserClass {
	new (): ParserLike;
	readonly REQUEST: number | string;
	readonly RESPONSE: number | string;
	readonly kOnHeadersComplete: number;
	readonly kOnBody: number;
	readonly kOnMessageComplete: number;
	readonly kOnExecute: number;
}
type OnHeadersComplete = (
	major: number,
	minor: number,
	headers: string[] | undefined,
	method: number | undefined,
	url: string | undefined,
	status: number | undefined,
) => number;

function feedOf(HTTPParser: ParserClass, methods: readonly string[]): MakeFeed {
	// http-parser-js changes to the present signatures when this is looked at.
	if (HTTPParser.kOnExecute === undefined) throw new Error("not a parser of this interface");
	return (kind, events) => {
		const parser = new HTTPParser();
		parser.initialize(kind === "request" ? HTTPParser.REQUEST : HTTPParser.RESPONSE, {});
		const onHead: OnHeadersComplete = (_major, _minor, headers, method, url, status) => {
			if (kind === "request") events.head(headers!, methods[method!]!, url!, 0);
			else events.head(headers!, "", "", status!);
			return 0;
		};
		parser[HTTPParser.kOnHeadersComplete] = onHead;
		parser[HTTPParser.kOnBody] = (bytes: Uint8Array) => events.body(bytes.length);
		parser[HTTPParser.kOnMessageComplete] = () => events.end();
		return (bytes) => {
			const result = parser.execute(bytes);
			if (typeof result !== "number") throw result;
		};
	};
}

/** llhttp as the runtime's own `node:http` uses it. */
function runtimeFeed(): MakeFeed {
	const common = load("_http_common") as { HTTPParser: ParserClass; methods: string[]; allMethods?: string[] };
	return feedOf(common.HTTPParser, common.allMethods ?? common.methods);
}

function parserJsFeed(): MakeFeed {
	const { HTTPParser } = load("http-parser-js") as { HTTPParser: ParserClass & { methods: readonly string[] } };
	return feedOf(HTTPParser, HTTPParser.methods);
}

/** What of WebAssembly is used here; the compiler's libraries for servers do not know it. */
const { WebAssembly } = globalThis as unknown as {
	WebAssembly: {
		Module: new (code: Uint8Array) => object;
		Instance: new (module: object, imports: object) => { readonly exports: unknown };
	};
};

/** What of undici's build of llhttp is used here. */
interface Wasm {
	readonly memory: { readonly buffer: ArrayBuffer };
	_initialize(): void;
	llhttp_alloc(type: number): number;
	malloc(bytes: number): number;
	llhttp_get_method(parser: number): number;
	llhttp_execute(parser: number, at: number, bytes: number): number;
}

/** The quickest way to a string; @types/node leaves it out. */
interface Sliceable {
	latin1Slice(from: number, to: number): string;
}

function wasmFeed(): MakeFeed {
	const code = load("undici/lib/llhttp/llhttp-wasm.js") as Uint8Array;
	const { METHODS } = load("undici/lib/llhttp/constants.js") as { METHODS: Record<string, number> };
	const methods: string[] = [];
	for (const [name, number] of Object.entries(METHODS)) methods[number] = name;
	const module = new WebAssembly.Module(code);
	return (kind, events) => {
		let names: string[] = [];
		let name = "";
		let value = "";
		let url = "";
		let inValue = false;
		let bytes: Sliceable;
		let base = 0;
		const text = (at: number, length: number) => bytes.latin1Slice(at - base, at - base + length);
		const flush = () => {
			if (inValue) names.push(name, value);
			inValue = false;
			name = value = "";
		};
		const callbacks = {
			wasm_on_message_begin() {
				names = [];
				url = "";
				return 0;
			},
			wasm_on_url(_: number, at: number, length: number) {
				url += text(at, length);
				return 0;
			},
			wasm_on_status: () => 0,
			wasm_on_header_field(_: number, at: number, length: number) {
				if (inValue) flush();
				name += text(at, length);
				return 0;
			},
			wasm_on_header_value(_: number, at: number, length: number) {
				inValue = true;
				value += text(at, length);
				return 0;
			},
			wasm_on_headers_complete(parser: number, status: number) {
				flush();
				if (kind === "request") events.head(names, methods[wasm.llhttp_get_method(parser)]!, url, 0);
				else events.head(names, "", "", status);
				return 0;
			},
			wasm_on_body(_: number, _at: number, length: number) {
				events.body(length);
				return 0;
			},
			wasm_on_message_complete() {
				events.end();
				return 0;
			},
		};
		const wasm = new WebAssembly.Instance(module, { env: callbacks }).exports as Wasm;
		wasm._initialize();
		const parser = wasm.llhttp_alloc(kind === "request" ? 1 : 2);
		let room = 0;
		return (chunk) => {
			if (chunk.length > room) {
				room = chunk.length;
				base = wasm.malloc(room);
			}
			bytes = chunk as Buffer & Sliceable;
			new Uint8Array(wasm.memory.buffer, base, chunk.length).set(chunk);
			const error = wasm.llhttp_execute(parser, base, chunk.length);
			if (error !== 0) throw new Error(`llhttp error ${error}`);
		};
	};
}

/** Another parser, or why it cannot take part. */
export interface Other {
	readonly name: string;
	readonly make: ((of: Case, level: Level) => Contender) | undefined;
	readonly reason: string;
}

/** The others, in the order of the table; those from npm take part when they are installed. */
export function findOthers(): readonly Other[] {
	return [
		other("runtime's llhttp", runtimeFeed),
		other("undici's llhttp wasm", wasmFeed),
		other("http-parser-js", parserJsFeed),
	];
}

function other(name: string, find: () => MakeFeed): Other {
	try {
		const feed = find();
		return { name, make: (of, level) => contenderOf(name, feed, of, level), reason: "" };
	} catch (error) {
		return { name, make: undefined, reason: String(error).split("\n")[0]! };
	}
}
