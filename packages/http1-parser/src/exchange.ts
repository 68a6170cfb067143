import type { Direction } from "@wirescribe/buffer";
import type { Anomaly } from "./anomaly.ts";
import type { BodyPolicy } from "./body-tap.ts";
import type { Decision } from "./decisions.ts";
import type { Http1Error } from "./errors.ts";
import type { Http1Limits } from "./limits.ts";
import type { Message } from "./message.ts";
import type { PartialReason, UnpairedReason } from "./reasons.ts";
import type { HeadTemplates } from "./templates.ts";

/** A request with its response, or one of them alone. Readable during the callback; `detach()` what is to be kept. */
export interface Exchange {
	/** Undefined: it was not seen, or is not known to belong here. */
	readonly request: Message | undefined;
	/** The final response; undefined: there is none, or it is not known to belong here. */
	readonly response: Message | undefined;
	/** Why one half is missing; undefined when none is. */
	readonly unpaired: UnpairedReason | undefined;
	/** What is not known of its messages; empty when they are whole. */
	readonly partial: readonly PartialReason[];
	/** How many 1xx responses came before the final one. */
	readonly informational: number;
}

/** Why there is no more HTTP/1 on a connection. */
export interface ProtocolChange {
	/** Switched by a 101; a CONNECT was answered; it is no HTTP/1 (or strict mode stopped); an HTTP/2 preface came. */
	readonly kind: "upgraded" | "tunnel" | "broken" | "http/2";
	/** When it was found, on the clock of the chunks, nanoseconds. */
	readonly nowNs: number;
}

/** Where a connection hands its results. */
export interface Http1Sink {
	/** Takes a finished exchange, or a half that stands alone. */
	exchange(exchange: Exchange): void;
	/** No more HTTP/1 is read; called once at most. What comes after is not looked at. */
	protocol(change: ProtocolChange): void;
	/**
	 * The next bytes of a body, when `bodies` asks for them: `slice`, or `missing` bytes that nobody has (-1: an unknown
	 * number). The slice is a view that is valid during the call; with `copy: true` it is the receiver's own.
	 */
	body?(message: Message, slice: Uint8Array, missing: number): void;
	/** Strict mode: reading stopped here; `protocol` "broken" follows. */
	error?(error: Http1Error): void;
	/** Bytes of this direction before TCP position `before` (u32) are of no use, or none will be any more. */
	skip?(direction: Direction, before: number | "all"): void;
}

/** Settings of a connection; all have defaults, those of limits in `DEFAULT_LIMITS`. */
export interface Http1Options extends Partial<Http1Limits> {
	/** Whose socket it is: a client's requests go out, a server's come in. Left out: the first whole head decides. */
	readonly role?: "client" | "server" | undefined;
	/** "tolerant" (default): errors are named and read over. "strict": the first one stops reading, as a server would. */
	readonly mode?: "tolerant" | "strict";
	/** Is told every decision and what it rests on: why this pair, why this hole. Costs nothing when it is left out. */
	readonly diagnostics?: (decision: Decision) => void;
	/**
	 * Is told everything that is not as it should be, or not as usual, when it is found. Names are judged for it, which costs
	 * time; nothing when it is left out.
	 */
	readonly onAnomaly?: (anomaly: Anomaly) => void;
	/** Heads to compare those with that are read here, shared with other readers. Default: none; nothing but time depends on it. */
	readonly templates?: HeadTemplates;
	/** What is told of bodies. Default "none": their sizes are known nevertheless, and nothing is paid for. */
	readonly bodies?: BodyPolicy;
	/** Body bytes are handed out as copies. Default false: as views that are valid during the call. */
	readonly copy?: boolean;
}

/** What happened to requests: `requestStartsRead = logged + partial + unpaired + open()`. */
export interface Http1Counters {
	/** Request heads read, whole or not. */
	requestStartsRead: number;
	/** Exchanges handed out whole. */
	logged: number;
	/** Exchanges handed out with a partial reason. */
	partial: number;
	/** Requests handed out alone. */
	unpaired: number;
	/** Final responses handed out alone; they are outside the identity. */
	responsesUnpaired: number;
}
