import type { Leniency, PartialReason } from "./reasons.ts";
import type { TargetForm } from "./target.ts";
import type { Trace } from "./trace.ts";

/** One request or one response, as it crossed the socket. */
export interface Message {
	/** Which of the two it is. */
	readonly kind: "request" | "response";
	/** Request method; "" on a response, and where it was cut. */
	readonly method: string;
	/** Request target as sent: `/path?query`, `http://host/path`, `host:port` or `*`; what is known of a cut one; "" on a response. */
	readonly target: string;
	/** Which form of RFC 9112, section 3.2, the target has; undefined on a response, and where it has none of them. */
	readonly targetForm: TargetForm | undefined;
	/** Path and query of the target, also of an absolute one. */
	readonly path: string;
	/** The authority of an absolute target, else the Host field, else "". */
	readonly host: string;
	/** Response status; 0 on a request. */
	readonly status: number;
	/** Reason phrase; "" on a request. */
	readonly reason: string;
	/** "1.0" or "1.1"; "1.1" also where the start line was cut before it. */
	readonly version: string;
	/** Bytes of start line, fields and blank line. */
	readonly headerBytes: number;
	/** Bytes of the body on the wire, chunk lines and trailers included. */
	readonly bodyBytes: number;
	/** Bytes of the body without chunk lines and trailers. */
	readonly decodedBodyBytes: number;
	/**
	 * The body without chunk lines, up to the first byte that is missing, when its reader was asked to collect bodies; whole
	 * if as long as `decodedBodyBytes`. Undefined: not asked for, or empty.
	 */
	readonly body: Uint8Array | undefined;
	/** The operation of the first byte. */
	readonly firstDataId: number;
	/** The operation handed in before that one; 0: none. */
	readonly prevDataId: number;
	/** The operation of the last byte. */
	readonly lastDataId: number;
	/** The last operation moved bytes of the next message, too. */
	readonly lastShared: boolean;
	/** Start of the first operation (its end, when the start is not known), nanoseconds. */
	readonly startNs: number;
	/** End of the last operation, nanoseconds. */
	readonly endNs: number;
	/** Why not everything about it is known; empty when it is. */
	readonly partial: readonly PartialReason[];
	/** Where it leaves the letter of RFC 9112. */
	readonly leniencies: readonly Leniency[];
	/** The trace context of its headers. */
	readonly trace: Trace | undefined;
	/** The first value of this name (any case). */
	get(name: string): string | undefined;
	/** All values of this name, in order. */
	getAll(name: string): string[];
	/** True when there is a field of this name. */
	has(name: string): boolean;
	/** All fields, order, case and repeats kept. */
	headers(): [name: string, value: string][];
	/** The same as names and values in turn, like Node's `rawHeaders`: one array, the quickest way to all of them. */
	rawHeaders(): string[];
	/** The fields behind a chunked body, when all of its chunk lines were seen. */
	trailers(): [name: string, value: string][];
	/** As a `Headers` object, which joins, lower-cases, and leaves out what it does not allow. */
	toHeaders(): Headers;
	/** Copies what is still in the caller's memory, so that the message may be kept. Returns itself. */
	detach(): Message;
}
