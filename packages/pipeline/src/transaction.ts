import type { Connection, SeenContent, SeenMessage, Transaction } from "@wirescribe/access-log";
import type { Exchange, Message } from "@wirescribe/http1-parser";

/** What the record says of one exchange: read from the messages now, because their bytes belong to the batch. */
export function describeExchange(exchange: Exchange, connection: Connection, operations: number): Transaction {
	const { request, response } = exchange;
	const first = (request ?? response) as Message;
	const last = (response ?? request) as Message;
	const target = request?.target ?? "";
	return {
		connection,
		startNs: first.startNs,
		endNs: last.endNs,
		version: first.version === "1.1" ? "http/1.1" : `http/${first.version}`,
		method: request?.method ?? "",
		target,
		// Only an absolute target holds more than its path: each is a string to be made.
		path: target.startsWith("/") ? target : (request?.path ?? ""),
		host: request?.host || null,
		status: response?.status ?? null,
		request: request ? { headerBytes: request.headerBytes, bodyBytes: request.bodyBytes } : null,
		response: response ? { headerBytes: response.headerBytes, bodyBytes: response.bodyBytes } : null,
		trace: request?.trace ? { ...request.trace, segmentId: request.trace.segmentId ?? "" } : null,
		partial: exchange.partial,
		unpaired: exchange.unpaired ?? null,
		operations,
	};
}

/** The headers and what was collected of the bodies, as copies: for a policy that wants them. */
export function seenContent({ request, response }: Exchange): SeenContent {
	return { request: request && seenMessage(request), response: response && seenMessage(response) };
}

function seenMessage(message: Message): SeenMessage {
	const { body } = message;
	return { headers: message.headers(), body, bodyCut: (body?.length ?? 0) < message.decodedBodyBytes };
}
