import type {
	AccessLogConnection,
	AccessLogHTTPProtocol,
	AccessLogKernelLog,
	EBPFAccessLogNodeInfo,
	Message,
} from "@wirescribe/access-log";

/** One message with what earlier messages of its stream said about it. */
export interface CollectorEntry {
	/** From the stream's first message; null when that had none. */
	readonly node: EBPFAccessLogNodeInfo | null;
	/** From this message, or the last one that had it; null when none had. */
	readonly connection: AccessLogConnection | null;
	readonly kernelLogs: readonly AccessLogKernelLog[];
	/** The HTTP transaction; null when the message has kernel logs only. */
	readonly protocolLog: AccessLogHTTPProtocol | null;
	/** How the message breaks the contract; null when it does not. */
	readonly violation: "no-node" | "node-again" | "no-connection" | null;
}

/**
 * The contract's rules of a stream: `node` in the first message, `connection` in the first message about one, and the
 * messages that follow without a connection belong to the last. A message that breaks them is handed on all the same.
 */
export class CollectorStream {
	#node: EBPFAccessLogNodeInfo | null = null;
	#connection: AccessLogConnection | null = null;
	#messages = 0;

	/** Takes the stream's next message. */
	accept(message: Message): CollectorEntry {
		const again = this.#messages++ > 0 && message.node != null;
		if (message.node != null) this.#node = message.node;
		if (message.connection != null) this.#connection = message.connection;
		const kernelLogs = message.kernelLogs ?? [];
		const protocolLog = message.protocolLog?.http ?? null;
		const needsConnection = kernelLogs.length > 0 || protocolLog !== null;
		const violation =
			this.#node === null
				? "no-node"
				: again
					? "node-again"
					: needsConnection && this.#connection === null
						? "no-connection"
						: null;
		return { node: this.#node, connection: this.#connection, kernelLogs, protocolLog, violation };
	}
}
