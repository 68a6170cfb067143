import type { Direction } from "@wirescribe/buffer";
import { type Anomaly, AnomalyTeller } from "./anomaly.ts";
import type { HttpMessage } from "./http-message.ts";
import { Matcher, type MatcherHost } from "./matcher.ts";
import type { Message } from "./message.ts";
import type { Reader } from "./reader.ts";
import type { UnpairedReason } from "./reasons.ts";

/**
 * One decision of a connection and what it rests on, in the order they are made. Positions are TCP's own (u32).
 *
 * - `role`: the first whole head, or the option, told who sends requests.
 * - `pair`: "order": nothing can be missing in between; "only-candidate": bytes are missing, and one request can be meant;
 *   "neighbours": bytes are missing, the connection has shown that it does not pipeline, and the two follow each other by id.
 * - `alone`: a message is handed out without its other half.
 * - `wait`: a response is held back, because its request may still come.
 * - `hole`: bytes are missing at `position`; `length` undefined: nobody knows how many. `lost` false: they crossed the
 *   socket and were not captured; true: they were lost on the way from the kernel, or never seen.
 * - `resync`: behind missing bytes or rubbish a head is believed at `position`.
 */
export type Decision =
	| { readonly type: "role"; readonly role: "client" | "server" }
	| {
			readonly type: "pair";
			readonly why: "order" | "only-candidate" | "neighbours";
			readonly request: Message;
			readonly response: Message;
	  }
	| { readonly type: "alone"; readonly why: UnpairedReason; readonly message: Message }
	| { readonly type: "wait"; readonly direction: Direction; readonly dataId: number }
	| {
			readonly type: "hole";
			readonly direction: Direction;
			readonly within: HolePlace;
			readonly position: number;
			readonly length: number | undefined;
			readonly lost: boolean;
	  }
	| { readonly type: "resync"; readonly direction: Direction; readonly position: number };

/** What bytes are missing of: a head, the space between messages (perhaps whole messages), a body, chunk lines. */
export type HolePlace = "head" | "between" | "body" | "chunk-lines";

/** Tells decisions and anomalies of a connection; there is none unless somebody asks for one of them. */
export class Tracer {
	readonly anomalies: AnomalyTeller | undefined;
	readonly #decide: ((decision: Decision) => void) | undefined;
	readonly #resyncs: [number, number] = [-1, -1];

	constructor(decide?: (decision: Decision) => void, onAnomaly?: (anomaly: Anomaly) => void) {
		this.#decide = decide;
		this.anomalies = onAnomaly && new AnomalyTeller(onAnomaly);
	}

	tell(decision: Decision): void {
		this.#decide?.(decision);
	}

	hole(reader: Reader, direction: Direction, within: HolePlace, behind: number, length: number, lost: boolean): void {
		const { stream, message } = reader;
		const position = (stream.position + behind) % 4294967296;
		this.tell({ type: "hole", direction, within, position, length: length < 0 ? undefined : length, lost });
		this.anomalies?.gap(length, direction, stream, message, behind);
	}

	/** A head is looked at again while it is not whole or waits: that is told once. */
	resync({ stream }: Reader, direction: Direction): void {
		const { position } = stream;
		if (this.#resyncs[direction - 1] === position) return;
		this.#resyncs[direction - 1] = position;
		this.tell({ type: "resync", direction, position: position % 4294967296 });
		this.anomalies?.tell("warning", "RESYNC", direction, stream);
	}

	/** A message is handed out without its other half. */
	alone(reader: Reader, direction: Direction, why: UnpairedReason, message: Message): void {
		this.tell({ type: "alone", why, message });
		if (message.kind === "response")
			this.anomalies?.tell("error", "UNMATCHED_RESPONSE", direction, reader.stream, message);
		else if (why === "pipeline-limit")
			this.anomalies?.tell("error", "LIMIT_PIPELINED", direction, reader.stream, message);
	}
}

/** A matcher that tells why it pairs. A class of its own, so that the other one need not ask whether it should. */
export class TracedMatcher extends Matcher {
	readonly #tracer: Tracer;

	constructor(limit: number, host: MatcherHost, tracer: Tracer) {
		super(limit, host);
		this.#tracer = tracer;
	}

	override pair(response: HttpMessage, complete: boolean): HttpMessage | undefined {
		const doubt = this.inDoubt;
		const request = super.pair(response, complete);
		if (request === undefined) return undefined;
		const why = doubt ? (this.guessed ? "neighbours" : "only-candidate") : "order";
		this.#tracer.tell({ type: "pair", why, request, response });
		return request;
	}
}
