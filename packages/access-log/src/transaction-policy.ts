import type { HeaderField, Transaction } from "./types.ts";
import type { LeftOutReason } from "./vocabulary.ts";

/** A message's headers and the beginning of its body as they were seen: for a policy to choose from. */
export interface SeenMessage {
	readonly headers: readonly HeaderField[];
	/** Undefined: none was asked for, or none was captured. */
	readonly body: Uint8Array | undefined;
	/** The body goes on behind it. */
	readonly bodyCut: boolean;
}

export interface SeenContent {
	readonly request: SeenMessage | undefined;
	readonly response: SeenMessage | undefined;
}

/** Decides what of a transaction leaves the partition that has read it. */
export interface TransactionPolicy {
	/** It wants to see the messages' headers, and so much of their bodies; 0 bytes: none. Undefined: neither. */
	readonly wants: { readonly bodyBytes: number } | undefined;
	/** The transaction as it may leave, or why it does not. Asked once for each, when its connection is described. */
	apply(transaction: Transaction, seen: SeenContent | undefined): Transaction | LeftOutReason;
}
