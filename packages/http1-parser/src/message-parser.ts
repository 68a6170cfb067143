import { AnomalyTeller } from "./anomaly.ts";
import type { BodyPolicy } from "./body-tap.ts";
import type { Http1Error } from "./errors.ts";
import type { MessageEvents } from "./events.ts";
import type { Http1Limits } from "./limits.ts";
import { PushParser } from "./push-parser.ts";
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

class TellingParser extends PushParser {
	constructor(kind: "request" | "response", events: MessageEvents, options: MessageParserOptions = {}) {
		super(kind, events, options, events.onAnomaly && new AnomalyTeller(events.onAnomaly.bind(events)));
	}
}

/** One for each stream of requests, or of responses; `events` are called from within `push`, `gap` and `end` only. */
export const MessageParser: new (
	kind: "request" | "response",
	events: MessageEvents,
	options?: MessageParserOptions,
) => MessageParser = TellingParser;
