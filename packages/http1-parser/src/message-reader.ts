import { collectBody, collectedPolicy } from "./collected.ts";
import type { Http1Error } from "./errors.ts";
import type { Message } from "./message.ts";
import type { MessageParserOptions, StopReason } from "./message-parser.ts";
import { PushParser } from "./push-parser.ts";

/** Settings of a `MessageReader`; all have defaults. */
export interface MessageReaderOptions extends Omit<MessageParserOptions, "copy"> {
	/** Most bytes collected of one body as `message.body`, when `bodies` asks for them. Default 1 MiB. */
	readonly maxBodyBytes?: number;
}

/**
 * Reads the messages of one direction: bytes in order go in, the messages they finish come out, ready to be kept.
 * `MessageParser` is the same with events, for those who keep none.
 */
export class MessageReader {
	readonly #parser: PushParser;
	readonly #found: Message[] = [];

	/** One reader for each stream of requests, or of responses. */
	constructor(kind: "request" | "response", options: MessageReaderOptions = {}) {
		const onEnd = (message: Message) => void this.#found.push(message.detach());
		const bodies = collectedPolicy(options.bodies, options.maxBodyBytes);
		this.#parser = new PushParser(kind, { onBody: collectBody, onEnd }, { ...options, bodies, copy: true });
	}

	/** Why no more messages are read from these bytes; undefined while they are. */
	get stopped(): StopReason | undefined {
		return this.#parser.stopped;
	}

	/** What stopped reading in strict mode. */
	get error(): Http1Error | undefined {
		return this.#parser.error;
	}

	/** Responses: tells the method of the next request that has no response yet. */
	expect(method: string): void {
		this.#parser.expect(method);
	}

	/** Takes the next bytes; their memory is the caller's again afterwards. `nowNs`: when they were moved. */
	push(bytes: Uint8Array, nowNs?: number): Message[] {
		this.#parser.push(bytes, nowNs);
		return this.#take();
	}

	/** The next `count` bytes were not captured: bodies of known length go on behind them, the rest is "partial". */
	gap(count: number, nowNs?: number): Message[] {
		this.#parser.gap(count, nowNs);
		return this.#take();
	}

	/** No more bytes come: returns what they leave unfinished. */
	end(): Message[] {
		this.#parser.end();
		return this.#take();
	}

	#take(): Message[] {
		return this.#found.splice(0);
	}
}
