import { type Chunk, NO_BYTES, Stream } from "@wirescribe/buffer";
import type { AnomalyTeller } from "./anomaly.ts";
import { makeTap } from "./body-tap.ts";
import type { HolePlace } from "./decisions.ts";
import type { ErrorCode, Http1Error } from "./errors.ts";
import type { MessageEvents } from "./events.ts";
import { HttpMessage } from "./http-message.ts";
import { limitsOf } from "./limits.ts";
import type { MessageParser, MessageParserOptions, StopReason } from "./message-parser.ts";
import { Reader, type ReaderHost } from "./reader.ts";
import type { HeadScan } from "./reader-host.ts";

/** What `MessageParser` stands for. Without somebody to tell of anomalies, their texts are not part of a bundle. */
export class PushParser implements MessageParser, ReaderHost {
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

	constructor(
		kind: "request" | "response",
		events: MessageEvents,
		options: MessageParserOptions,
		anomalies?: AnomalyTeller,
	) {
		this.#events = events;
		this.#anomalies = anomalies;
		this.#method = options.method;
		const limits = {
			...limitsOf(options),
			skipHintBytes: Number.POSITIVE_INFINITY,
			maxPausedBytes: 65536,
			strict: options.mode === "strict",
			thorough: anomalies !== undefined,
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
