import { type Chunk, NO_BYTES, type Piece, Stream } from "@wirescribe/buffer";
import { type BodyPolicy, makeTap } from "./body-tap.ts";
import { ascii } from "./bytes.ts";
import { collect, collectedPolicy } from "./collected.ts";
import type { Http1Error } from "./errors.ts";
import { scanHead } from "./head.ts";
import { HttpMessage } from "./http-message.ts";
import { type Http1Limits, limitsOf } from "./limits.ts";
import type { Message } from "./message.ts";
import { Reader, type ReaderHost } from "./reader.ts";

/** Settings of a `MessageReader`; all have defaults, those of limits in `DEFAULT_LIMITS`. */
export interface MessageReaderOptions
	extends Partial<
		Pick<
			Http1Limits,
			| "maxStartLineBytes"
			| "maxHeaderBytes"
			| "maxHeaders"
			| "maxChunkLineBytes"
			| "maxTrailerBytes"
			| "maxUnsyncedBytes"
		>
	> {
	/** Responses: the method that those answer of which `expect` was not told. Default: not known. */
	readonly method?: string;
	/** "tolerant" (default): errors are named and read over. "strict": the first one stops reading, as a server would. */
	readonly mode?: "tolerant" | "strict";
	/** Which bodies are collected as `message.body`: "all", or their beginnings. Default "none". */
	readonly bodies?: BodyPolicy;
	/** Most bytes collected of one body. Default 1 MiB. */
	readonly maxBodyBytes?: number;
}

/**
 * Reads the messages of one direction: bytes in order go in, the messages they finish come out, ready to be kept.
 *
 * A response's body may depend on its request (HEAD, CONNECT): say `expect(method)` for each request, in order, or set
 * `method`. Without either, a response without a length ends at its head, "end-not-seen".
 */
export class MessageReader {
	readonly #stream: Stream = new Stream();
	readonly #reader: Reader;
	readonly #method: string | undefined;
	readonly #methods: string[] = [];
	#found: Message[] = [];
	#stopped: "upgraded" | "tunnel" | "broken" | "http/2" | undefined = undefined;
	#error: Http1Error | undefined = undefined;
	#position = 0;
	#id = 0;
	#nowNs = 0;

	/** One reader for each stream of requests, or of responses. */
	constructor(kind: "request" | "response", options: MessageReaderOptions = {}) {
		this.#method = options.method;
		const tap = makeTap(collectedPolicy(options.bodies, options.maxBodyBytes), true, collect);
		const limits = {
			...limitsOf(options),
			skipHintBytes: Number.POSITIVE_INFINITY,
			maxPausedBytes: 65536,
			strict: options.mode === "strict",
		};
		this.#reader = new Reader(this.#stream, this.#host(), limits, tap);
		this.#reader.kind = kind;
		this.#stream.startAt(0);
	}

	/** Why no more messages are read from these bytes; undefined while they are. */
	get stopped(): "upgraded" | "tunnel" | "broken" | "http/2" | undefined {
		return this.#stopped;
	}

	/** What stopped reading in strict mode. */
	get error(): Http1Error | undefined {
		return this.#error;
	}

	/** Responses: tells the method of the next request that has no response yet. */
	expect(method: string): void {
		this.#methods.push(method);
	}

	/** Takes the next bytes; their memory is the caller's again afterwards. `nowNs`: when they were moved. */
	push(bytes: Uint8Array, nowNs: number = this.#nowNs): Message[] {
		return this.#append(bytes, bytes.length, nowNs);
	}

	/** The next `count` bytes were not captured: bodies of known length go on behind them, the rest is "partial". */
	gap(count: number, nowNs: number = this.#nowNs): Message[] {
		return this.#append(NO_BYTES, count, nowNs);
	}

	/** No more bytes come: returns what they leave unfinished. */
	end(): Message[] {
		if (this.#stopped === undefined) {
			this.#reader.run();
			this.#reader.close();
		}
		this.#reader.stop();
		this.#stream.clear();
		return this.#take();
	}

	#append(payload: Uint8Array, bytes: number, nowNs: number): Message[] {
		if (this.#stopped !== undefined || bytes <= 0) return this.#take();
		this.#nowNs = nowNs;
		const prevDataId = this.#id++;
		const ids = { direction: 1, dataId: this.#id, prevDataId, sequence: 0, offset: undefined } as const;
		const chunk: Chunk = { ...ids, bytes, payload, startNs: nowNs, endNs: nowNs };
		this.#stream.append(chunk, this.#position, nowNs);
		this.#position += bytes;
		this.#reader.run();
		this.#reader.message?.detach();
		this.#stream.settle();
		return this.#take();
	}

	#take(): Message[] {
		const found = this.#found;
		this.#found = [];
		return found;
	}

	#host(): ReaderHost {
		return {
			learn: (reader, response) => response === (reader.kind === "response"),
			admit: () => true,
			begin: (reader, message) => {
				if (message.response && !isInformational(message)) {
					message.request = this.#request();
					message.anyRequest = message.request === undefined;
				}
			},
			end: (_, message) => {
				this.#found.push(message.detach());
				if (message.status === 101) this.#stop("upgraded");
				else if (message.request?.isConnect && message.status < 300) this.#stop("tunnel");
			},
			gap: () => {},
			skip: () => {},
			fail: (reader, code) => {
				const { front, position } = reader.stream;
				const where = { dataId: front?.dataId ?? 0, position: position % 4294967296 };
				this.#error ??= { type: "error", code, direction: 1, ...where };
				this.#stop("broken");
			},
			foreign: (kind) => {
				if (this.#reader.everSynced) return false;
				this.#stop(kind);
				return true;
			},
		};
	}

	/** Stands for the request of the next response. */
	#request(): HttpMessage | undefined {
		const method = this.#methods.shift() ?? this.#method;
		return method === undefined ? undefined : requestOf(method);
	}

	#stop(why: "upgraded" | "tunnel" | "broken" | "http/2"): void {
		this.#stopped = why;
		this.#reader.stop();
	}
}

function isInformational(message: HttpMessage): boolean {
	return message.status < 200 && message.status !== 101;
}

const NOWHERE: Piece = {
	...{ start: 0, end: 0, bytes: undefined, at: 0, captured: 0, tail: undefined, kept: 0 },
	...{ dataId: 0, prevDataId: 0, sequence: 0, finished: true, startNs: 0, endNs: 0, arrivedNs: 0 },
	...{ afterUnknownHole: false, next: undefined },
};
/** Of a request only HEAD and CONNECT matter to its response. */
const REQUESTS: Map<string, HttpMessage> = new Map();

function requestOf(method: string): HttpMessage {
	const known = method === "HEAD" || method === "CONNECT" ? method : "GET";
	let request = REQUESTS.get(known);
	if (request === undefined) {
		const bytes = ascii(`${known} / HTTP/1.1\r\n\r\n`);
		request = new HttpMessage();
		request.begin(bytes, 0, scanHead(request, bytes, 0, bytes.length), NOWHERE, bytes.length);
		REQUESTS.set(known, request);
	}
	return request;
}
