import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from "node:http2";
import { type Compression, compressedStream } from "./compression.ts";
import type { H2Connection } from "./h2-connection.ts";
import {
	CANCELLED,
	DEADLINE_EXCEEDED,
	grpcStatus,
	httpStatus,
	INTERNAL,
	ownStatus,
	RESOURCE_EXHAUSTED,
	resetStatus,
	UNAVAILABLE,
} from "./h2-status.ts";
import { PREFIX_BYTES, type UnitStatus, type UnitStream } from "./transport.ts";

/** The answer to a unit is an empty message or a tiny one; what is longer is passed over, but not without end (gRPC's own limit). */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const KEPT_ANSWER_BYTES = 16 * 1024;
const MAX_TIMER_MS = 2 ** 31 - 1;

const asBuffer = (bytes: Uint8Array): Buffer =>
	Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);

/** Opens a stream on the connection: a call of the method that the headers name. */
export function openStream(
	connection: H2Connection,
	headers: Record<string, string>,
	deadlineMs: number,
	compression: Compression | null,
): UnitStream {
	let stream: ClientHttp2Stream;
	try {
		stream = connection.request(headers);
	} catch (error) {
		const status = ownStatus(connection.usable ? INTERNAL : UNAVAILABLE, String(error), false);
		return failedStream(status);
	}
	const opened = new H2Stream(connection, stream, deadlineMs);
	return compression === null ? opened : compressedStream(opened, compression);
}

/** A stream that has failed before it began. */
export function failedStream(status: UnitStatus): UnitStream {
	const nothing = (): void => {};
	return {
		status: Promise.resolve(status),
		write: () => true,
		drain: async () => {},
		end: nothing,
		cancel: nothing,
	};
}

class H2Stream implements UnitStream {
	readonly status: Promise<UnitStatus>;
	readonly #connection: H2Connection;
	readonly #stream: ClientHttp2Stream;
	readonly #resolve: (status: UnitStatus) => void;
	readonly #deadline: ReturnType<typeof setTimeout>;
	/** Kept as one function: the connection knows the stream by it. */
	readonly #lost = (): void =>
		this.#settle(ownStatus(UNAVAILABLE, this.#connection.failure, this.#connection.connected));
	#headers: IncomingHttpHeaders | null = null;
	/** The first parts of it. */
	readonly #answer: Uint8Array[] = [];
	#answerBytes = 0;
	#over = false;

	constructor(connection: H2Connection, stream: ClientHttp2Stream, deadlineMs: number) {
		this.#connection = connection;
		this.#stream = stream;
		const { promise, resolve } = Promise.withResolvers<UnitStatus>();
		this.status = promise;
		this.#resolve = resolve;
		connection.hold(this.#lost);
		this.#deadline = setTimeout(
			() => this.#abandon(DEADLINE_EXCEEDED, `no final status within ${deadlineMs} ms`),
			Math.min(deadlineMs, MAX_TIMER_MS),
		);
		stream.on("response", (headers) => this.#onHeaders(headers));
		stream.on("trailers", (trailers) => this.#onTrailers(trailers));
		stream.on("data", (part: Uint8Array) => this.#onData(part));
		// What an error means is told by the stream's close, or by the connection.
		stream.on("error", (error) => {
			if (connection.destroyed) connection.explain(error);
		});
		// One turn later it is known whether the connection has gone with the stream.
		stream.on("close", () => setImmediate(() => this.#onClose()));
	}

	write(message: Uint8Array): boolean {
		const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
		framed[0] = 0;
		framed.writeUInt32BE(message.length, 1);
		framed.set(message, PREFIX_BYTES);
		return this.writeFrames(framed);
	}

	writeFrames(bytes: Uint8Array): boolean {
		// A write after the end throws nothing at the sender: it learns by the status.
		return this.#over || this.#stream.write(asBuffer(bytes));
	}

	drain(): Promise<void> {
		return new Promise((room) => this.#stream.once("drain", room));
	}

	end(): void {
		if (!this.#over) this.#stream.end();
	}

	heard(): number {
		return this.#connection.heard;
	}

	cancel(): void {
		this.#abandon(CANCELLED, "cancelled");
	}

	/**
	 * The peer takes too long. Nobody knows whether its server or the way to it hangs, and a dead connection would take
	 * the next try down as well: so that goes by a new one.
	 */
	#abandon(code: number, message: string): void {
		if (this.#over) return;
		const { connected, failure } = this.#connection;
		this.#connection.retire();
		this.#settle(ownStatus(code, connected ? message : `${message}; ${failure}`, connected));
	}

	#onHeaders(headers: IncomingHttpHeaders): void {
		this.#headers = headers;
		// Trailers-only: the status is the whole answer, even if the peer then resets a stream that it does not read to its end.
		const whole = grpcStatus(headers);
		if (whole !== null) this.#settle(whole);
		else if (headers[":status"] !== undefined && Number(headers[":status"]) !== 200)
			this.#settle(this.#statusWithout());
	}

	#onTrailers(trailers: IncomingHttpHeaders): void {
		this.#settle(grpcStatus(trailers) ?? this.#statusWithout(), this.#stream.writableFinished);
	}

	#onData(part: Uint8Array): void {
		if (this.#answerBytes + part.length <= KEPT_ANSWER_BYTES) this.#answer.push(part);
		this.#answerBytes += part.length;
		if (this.#answerBytes <= MAX_ANSWER_BYTES) return;
		this.#settle(ownStatus(RESOURCE_EXHAUSTED, `answered more than ${MAX_ANSWER_BYTES} bytes`, true, false));
	}

	#onClose(): void {
		if (this.#over) return;
		const { rstCode, aborted } = this.#stream;
		if (this.#connection.destroyed) this.#lost();
		else if (rstCode === constants.NGHTTP2_NO_ERROR && this.#headers !== null && !aborted) {
			this.#settle(this.#statusWithout());
		} else {
			// Nobody knows what the connection is worth now: Node resets streams itself when one has too much in memory.
			this.#connection.retire();
			this.#settle(resetStatus(rstCode ?? 0));
		}
	}

	/** The status of an answer without trailers, or with trailers that have none: it may be in the headers. */
	#statusWithout(): UnitStatus {
		return grpcStatus(this.#headers ?? {}) ?? httpStatus(Number(this.#headers?.[":status"] ?? 200));
	}

	/** `complete`: both sides have said all they have to say. Otherwise the peer learns that nobody waits any more. */
	#settle(status: UnitStatus, complete: boolean = false): void {
		if (this.#over) return;
		this.#over = true;
		clearTimeout(this.#deadline);
		if (!complete && !this.#stream.destroyed) this.#stream.close(constants.NGHTTP2_CANCEL);
		this.#connection.release(this.#lost);
		const whole = this.#answerBytes > 0 && this.#answerBytes <= KEPT_ANSWER_BYTES;
		this.#resolve(whole ? { ...status, answer: Buffer.concat(this.#answer) } : status);
	}
}
