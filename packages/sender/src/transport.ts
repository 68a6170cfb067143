/** Name of the metadata that carries the unit's id. */
export const UNIT_METADATA = "wirescribe-unit";

/** gRPC's prefix of a message: a byte 0 (not compressed), then the length, big-endian. */
export const PREFIX_BYTES = 5;

/** How a stream ended. `code` is a gRPC status code: 0 is OK. */
export interface UnitStatus {
	readonly code: number;
	readonly message: string;
	/** The peer asked to wait this long before the next try; null: it did not; Infinity: it wants no other try. */
	readonly retryDelayMs: number | null;
	/** False only when it is certain that nothing of the stream has reached the peer. */
	readonly reached: boolean;
	/** The code is the transport's guess, as the stream broke without a status of the peer: it is worth another try. */
	readonly broken?: boolean;
	/** With OK: so many records the peer did not want, and never will. */
	readonly rejected?: number;
	/** The answer's bytes as they came, where the transport keeps them. */
	readonly answer?: Uint8Array;
	/** The transport has another peer for the next try: no need to wait. */
	readonly elsewhere?: boolean;
}

/** One client stream: it carries one ack unit. */
export interface UnitStream {
	/** Settles once, whatever happens, with the final status. Never rejects. */
	readonly status: Promise<UnitStatus>;
	/** Takes a message; false: wait for {@link UnitStream.drain} before the next one. The bytes must not change. */
	write(message: Uint8Array): boolean;
	/**
	 * For transports that put gRPC's own framing on the wire: takes the next bytes of a row of messages, each behind its
	 * prefix of 5 bytes; cut anywhere. The sender uses it instead of {@link UnitStream.write} where it is there. Answers
	 * likewise, and the bytes must not change either.
	 */
	writeFrames?(bytes: Uint8Array): boolean;
	/** Settles when there is room again. It may never settle when the stream has ended: race it with `status`. */
	drain(): Promise<void>;
	/** No more messages. */
	end(): void;
	/** Breaks the stream off. */
	cancel(): void;
	/** Any number that changes whenever the peer is heard of, on this stream or on its connection. */
	heard?(): number;
}

export interface UnitRequest {
	/** The unit's id; the same for every try of the same records. */
	readonly id: string;
	/** How long the whole stream may take. */
	readonly deadlineMs: number;
}

/** What a transport tells about its own connection. */
export type ConnectionChange = { readonly connected: true } | { readonly connected: false };

/** A way to a peer. The sender owns it: it is closed by the sender's shutdown. */
export interface Transport {
	readonly name: string;
	/** Set by the sender. */
	onConnection: ((change: ConnectionChange) => void) | null;
	open(request: UnitRequest): UnitStream;
	/** Opens no more streams; those that are open may finish. */
	close(): void;
}
