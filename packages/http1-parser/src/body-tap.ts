import { BYTES, CUT, NO_BYTES, type Stream } from "@wirescribe/buffer";
import type { Message } from "./message.ts";

/**
 * What is told of bodies: nothing but their sizes; how many bytes pass, as they pass; the first `prefix` bytes; all bytes.
 * Chunk lines and trailers are not part of a body here.
 */
export type BodyPolicy = "none" | "length" | "all" | { readonly prefix: number };

/**
 * The next bytes of a message's body, in order: `slice`, or, when it is empty, `missing` bytes that nobody has (-1: an
 * unknown number, and no more of this body is told). With the policy "length" all bytes are told as missing.
 */
export type BodyReceiver = (message: Message, slice: Uint8Array, missing: number) => void;

/** Stands where a reader would skip a body, and hands it out on the way. */
export class BodyTap {
	readonly #copy: boolean;
	readonly #bytes: boolean;
	readonly #limit: number;
	readonly #receive: BodyReceiver;
	#message: Message | undefined = undefined;
	/** What may still be told of the message's body. */
	#left = 0;

	constructor(policy: Exclude<BodyPolicy, "none">, copy: boolean, receive: BodyReceiver) {
		this.#copy = copy;
		this.#bytes = policy !== "length";
		this.#limit = typeof policy === "string" ? Number.POSITIVE_INFINITY : policy.prefix;
		this.#receive = receive;
	}

	/** Does as `stream.skip(count)`, and tells of the bytes. */
	skip(stream: Stream, message: Message, count: number): number {
		if (!this.wants(message)) return stream.skip(count);
		if (!this.#bytes) {
			const skipped = stream.skip(count);
			this.missing(message, skipped);
			return skipped;
		}
		let done = 0;
		while (done < count) {
			if (this.#left <= 0) return done + stream.skip(count - done);
			const span = stream.span();
			if (span !== BYTES && span !== CUT) break;
			const has = span === BYTES ? stream.to - stream.from : stream.length;
			const step = Math.min(count - done, has);
			if (span === BYTES) this.#slice(message, stream.bytes, stream.from, step);
			else this.missing(message, step);
			stream.advance(step);
			done += step;
		}
		return done;
	}

	#slice(message: Message, bytes: Uint8Array, from: number, count: number): void {
		const to = from + Math.min(count, this.#left);
		this.#left -= to - from;
		this.#receive(message, this.#copy ? bytes.slice(from, to) : bytes.subarray(from, to), 0);
	}

	/** These bytes of the body are not there; -1: nobody knows how many, and it cannot be followed any more. */
	missing(message: Message, count: number): void {
		if (count === 0 || !this.wants(message)) return;
		const told = Math.min(count, this.#left);
		this.#left = count < 0 ? 0 : this.#left - told;
		this.#receive(message, NO_BYTES, told);
	}

	/** More of this message's body is to be told. */
	wants(message: Message): boolean {
		if (message !== this.#message) {
			this.#message = message;
			this.#left = this.#limit;
		}
		return this.#left > 0;
	}

	/** Its bytes are of use to the receiver: they must not be left out by the capture. */
	wantsBytes(message: Message): boolean {
		return this.#bytes && this.wants(message);
	}
}

/** The tap of a policy; undefined when nothing is to be told. */
export function makeTap(policy: BodyPolicy = "none", copy = false, receive?: BodyReceiver): BodyTap | undefined {
	return policy === "none" || receive === undefined ? undefined : new BodyTap(policy, copy, receive);
}
