import { type Chunk, NO_BYTES, Stream } from "@wirescribe/buffer";
import { AnomalyTeller } from "./anomaly.ts";
import { type BodyPolicy, makeTap } from "./body-tap.ts";
import type { HolePlace } from "./decisions.ts";
import type { ErrorCode, Http1Error } from "./errors.ts";
import type { MessageEvents } from "./events.ts";
import { HttpMessage } from "./http-message.ts";
import { type Http1Limits, limitsOf } from "./limits.ts";
import { Reader, type ReaderHost } from "./reader.ts";
import type { HeadScan } from "./reader-host.ts";
import type { HeadTemplates } from "./templates.ts";

/** Settings of a `MessageParser`; all have defaults, those of limits in `DEFAULT_LIMITS`. */
export interface MessageParserOptions
	extends Partial<
		Pick<
			Http1Limits,
			"maxStartLine" | "maxHeaderBytes" | "maxHeaders" | "maxChunkLine" | "maxTrailerBytes" | "maxUnsyncedBytes"
		>
	> {
	/** Responses: the method that those answer of which `expect` was not told. Default: not known. */
	readonly method?: string;
	/** "tolerant" (default): errors are named and read over. "strict": the first one stops reading, as a server would. */
	readonly mode?: "tolerant" | "strict";
	/** Heads to compare those with that are read here, shared with other readers. Default: none; nothing but time depends on it. */
	readonly templates?: HeadTemplates;
	/** What `onBody` is told. Default "none". */
	readonly bodies?: BodyPolicy;
	/** Body bytes are handed out as copies. Default false: as views that are valid during the call. */
	readonly copy?: boolean;
}

/** Why no more messages are read from a stream: it has become something else, or is no HTTP/1 (or strict mode stopped). */
export type StopReason = "upgraded" | "tunnel" | "broken" | "http/2";

/**
 * The push core: bytes of one direction in order go in, events come out. No message is kept, and no byte is copied unless
 * it must wait for the next ones.
 *
 * A response's body may depend on its request (HEAD, CONNECT): say `expect(method)` for each request, in order, or set
 * `method`. Without either, a response without a length ends at its head, "end-not-seen".
 */
export interface MessageParser {
	/** Why no more messages are read from these bytes; undefined while they are. */
	readonly stopped: StopReason | undefined;
	/** What stopped reading in strict mode. */
	readonly error: Http1Error | undefined;
	/** Responses: tells the method of the next request that has no response yet. */
	expect(method: string): void;
	/** Takes the next bytes; their memory is the caller's again afterwards. `nowNs`: when they were moved. */
	push(bytes: Uint8Array, nowNs?: number): void;
	/** The next `count` bytes were not captured: bodies of known length go on behind them, the rest is "partial". */
	gap(count: number, nowNs?: number): void;
	/** No more bytes come: what is unfinished ends. */
	end(): void;
}

class PushParser implements MessageParser, ReaderHost {
	stopped: StopReason | undefined = undefined;
	error: Http1Error | undefined = undefined;
	readonly #events: MessageEvents;
	readonly #stream: Stream = new Stream();
	readonly #reader: Reader;
	readonly #anomalies: AnomalyTeller | undefined;
	readonly #method: string | undefined;
	readonly #methods: string[] = [];
	/** Filled again for each push. */
	readonly #chunk: { -readonly [name in keyof Chunk]: Chunk[name] } = {
		direction: 1,
		dataId: 0,
		prevDataId: 0,
		sequence: 0,
		offset: undefined,
		bytes: 0,
		payload: NO_BYTES,
		startNs: 0,
		endNs: 0,
	};
	#nowNs = 0;

	constructor(kind: "request" | "response", events: MessageEvents, options: MessageParserOptions = {}) {
		this.#events = events;
		this.#anomalies = events.onAnomaly && new AnomalyTeller(events.onAnomaly.bind(events));
		this.#method = options.method;
		const limits = {
			...limitsOf(options),
			skipHintBytes: Number.POSITIVE_INFINITY,
			maxPausedBytes: 65536,
			strict: options.mode === "strict",
			thorough: events.onAnomaly !== undefined,
			templates: options.templates as HeadScan | undefined,
		};
		const tap = makeTap(options.bodies, options.copy, events.onBody?.bind(events));
		this.#reader = new Reader(this.#stream, this, limits, tap);
		this.#reader.kind = kind;
		this.#stream.startAt();
	}

	expect(method: string): void {
		this.#methods.push(method);
	}

	push(bytes: Uint8Array, nowNs: number = this.#nowNs): void {
		this.#append(bytes, bytes.length, nowNs);
	}

	gap(count: number, nowNs: number = this.#nowNs): void {
		this.#append(NO_BYTES, count, nowNs);
	}

	end(): void {
		if (this.stopped === undefined) {
			this.#reader.run();
			this.#reader.close();
		}
		this.#reader.stop();
		this.#stream.clear();
	}

	#append(payload: Uint8Array, bytes: number, nowNs: number): void {
		if (this.stopped !== undefined || bytes <= 0) return;
		this.#nowNs = nowNs;
		const chunk = this.#chunk;
		chunk.prevDataId = chunk.dataId++;
		chunk.bytes = bytes;
		chunk.payload = payload;
		chunk.startNs = chunk.endNs = nowNs;
		this.#stream.append(chunk, this.#stream.end, nowNs);
		chunk.payload = NO_BYTES;
		this.#reader.run();
		this.#reader.message?.detach();
		this.#stream.settle();
	}

	learn(reader: Reader, response: boolean): boolean {
		return response === (reader.kind === "response");
	}

	admit(): boolean {
		return true;
	}

	begin(_reader: Reader, message: HttpMessage): void {
		if (!message.response) {
			this.#events.onRequestHead?.(message);
			return;
		}
		if (message.status >= 200 || message.status === 101) {
			const method = this.#methods.shift() ?? this.#method;
			message.request = method === undefined ? undefined : requestOf(method);
			message.anyRequest = method === undefined;
		}
		this.#events.onResponseHead?.(message);
	}

	ended(_reader: Reader, message: HttpMessage): void {
		if (message.trailerText.length > 2) this.#events.onTrailers?.(message);
		this.#anomalies?.message(message, 1, this.#stream);
		this.#events.onEnd?.(message);
		if (message.status === 101) this.#stop("upgraded");
		else if (message.request?.isConnect && message.status < 300) this.#stop("tunnel");
	}

	lost(): void {}
	skip(): void {}

	hole(reader: Reader, _within: HolePlace, behind: number, length: number): void {
		this.#anomalies?.gap(length, 1, this.#stream, reader.message, behind);
	}

	resync(): void {
		this.#anomalies?.tell("warning", "RESYNC", 1, this.#stream);
	}

	fail(reader: Reader, code: ErrorCode): void {
		const { front, position } = reader.stream;
		const place = { dataId: front?.dataId ?? 0, position: position % 4294967296 };
		this.error ??= { type: "error", code, direction: 1, ...place };
		this.#anomalies?.stop(code, 1, reader.stream);
		this.#end("broken");
	}

	foreign(_reader: Reader, kind: "http/2" | "broken"): boolean {
		if (this.#reader.everSynced) return false;
		this.#stop(kind);
		return true;
	}

	#stop(why: StopReason): void {
		this.#anomalies?.change(why, 1, this.#stream);
		this.#end(why);
	}

	#end(why: StopReason): void {
		this.stopped = why;
		this.#reader.stop();
	}
}

/** One for each stream of requests, or of responses; `events` are called from within `push`, `gap` and `end` only. */
export const MessageParser: new (
	kind: "request" | "response",
	events: MessageEvents,
	options?: MessageParserOptions,
) => MessageParser = PushParser;

/** Of a request only HEAD and CONNECT matter to its response. */
const REQUESTS: Map<string, HttpMessage> = new Map();

function requestOf(method: string): HttpMessage {
	const known = method === "HEAD" || method === "CONNECT" ? method : "GET";
	let request = REQUESTS.get(known);
	if (request === undefined) {
		request = new HttpMessage();
		request.knownMethod = known;
		REQUESTS.set(known, request);
	}
	return request;
}
