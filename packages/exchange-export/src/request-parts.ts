import type { JsonMessage, JsonTransaction } from "@wirescribe/access-log";

/** A header as it goes on the wire. */
export type Header = readonly [name: string, value: string];

/** Where the server of an exchange is: `ip:port`. */
export function serverAddress({ role, local, remote, peer }: JsonTransaction): string {
	return role === "server" ? local : (peer ?? remote);
}

/** The origin that a request went to: by the name it used, else by the server's address. */
export function originOf(tx: JsonTransaction): string {
	return `${tx.tls ? "https" : "http"}://${tx.host ?? serverAddress(tx)}`;
}

/** The whole URL of a request; undefined: the request was not seen, or its target is no path (`*`, a tunnel's host). */
export function urlOf(tx: JsonTransaction, to?: string): string | undefined {
	if (tx.method === null || !tx.path?.startsWith("/")) return undefined;
	return `${to?.replace(/\/+$/, "") ?? originOf(tx)}${tx.path}`;
}

/** The headers that are known of a message; undefined: none were logged. No value has a control character but tabs. */
export function headersOf(message: JsonMessage | null): readonly Header[] | undefined {
	if (message?.headers === undefined) return undefined;
	return Object.entries(message.headers).flatMap(([name, values]) =>
		[values].flat().map((value): Header => [name, value.replaceAll(/[^\t\P{Cc}]+/gu, " ")]),
	);
}

/** The first value of a header, any case. */
export function headerValue(headers: readonly Header[] | undefined, name: string): string | undefined {
	return headers?.find(([one]) => one.toLowerCase() === name)?.[1];
}

/** Headers that whoever sends a request writes of its own, for what it really sends. */
const FRAMING: ReadonlySet<string> = new Set(["content-length", "transfer-encoding", "connection", "keep-alive"]);

/** Headers that say something of the message and not of the connection it came by. */
export function endToEnd(headers: readonly Header[]): readonly Header[] {
	return headers.filter(([name]) => !FRAMING.has(name.toLowerCase()));
}

/** What an export cannot repeat of a message, in words; undefined: everything is there. */
function missingOf(message: JsonMessage | null, what: "request" | "response"): string | undefined {
	if (message === null) return `${what} not seen`;
	if (message.body_bytes > 0 && message.body === undefined)
		return `${what} body not logged (${message.body_bytes} bytes)`;
	return message.body_cut ? `${what} body cut (${message.body_bytes} bytes on the wire)` : undefined;
}

/** What cannot be repeated of a request. */
export function missingOfRequest({ request }: JsonTransaction): readonly string[] {
	const headers = request !== null && request.headers === undefined ? "headers not logged" : undefined;
	return [headers, missingOf(request, "request")].filter((part) => part !== undefined);
}

/** What cannot be repeated of an exchange. */
export function missing(tx: JsonTransaction): readonly string[] {
	const ofResponse = missingOf(tx.response, "response");
	return [...missingOfRequest(tx), ...(ofResponse === undefined ? [] : [ofResponse])];
}
