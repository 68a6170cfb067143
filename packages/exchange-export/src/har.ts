import type { JsonMessage, JsonTransaction } from "@wirescribe/access-log";
import type { Exporter, ExportOptions } from "./exporter.ts";
import { type Header, headersOf, headerValue, missing, serverAddress, urlOf } from "./request-parts.ts";

interface NameValue {
	readonly name: string;
	readonly value: string;
}

/**
 * HAR 1.2, for browsers' developer tools and everything else that reads it. Times are those of the process that was watched: of
 * which part was spent sending or receiving nothing is known, so all of it is `wait`.
 */
export function harExporter({ creator, notes, to }: ExportOptions): Exporter {
	let count = 0;
	return {
		head() {
			const comment = JSON.stringify(notes.join(" "));
			return `{"log":{"version":"1.2","creator":${JSON.stringify(creator)},"comment":${comment},"entries":[`;
		},
		exchange(tx) {
			const url = urlOf(tx, to);
			return url === undefined ? "" : `${count++ === 0 ? "" : ","}\n${JSON.stringify(entry(tx, url))}`;
		},
		tail: () => "\n]}}\n",
	};
}

function entry(tx: JsonTransaction, url: string): object {
	const incomplete = missing(tx);
	const address = serverAddress(tx);
	return {
		startedDateTime: new Date(tx.time).toISOString(),
		time: tx.duration_ms,
		request: request(tx, url),
		response: response(tx),
		cache: {},
		timings: { send: 0, wait: tx.duration_ms, receive: 0 },
		serverIPAddress: address.slice(0, address.lastIndexOf(":")).replaceAll(/[[\]]/g, ""),
		connection: `${tx.local} ${tx.remote}`,
		...(incomplete.length > 0 ? { comment: incomplete.join("; ") } : {}),
	};
}

function request(tx: JsonTransaction, url: string): object {
	const headers = headersOf(tx.request) ?? [];
	const { body } = tx.request ?? {};
	const mimeType = headerValue(headers, "content-type") ?? "";
	return {
		method: tx.method,
		url,
		httpVersion: tx.protocol.toUpperCase(),
		cookies: cookiesOf(headers),
		headers: nameValues(headers),
		queryString: queryOf(url),
		...(body === undefined ? {} : { postData: { mimeType, text: body } }),
		headersSize: tx.request?.header_bytes ?? -1,
		bodySize: tx.request?.body_bytes ?? -1,
	};
}

function response({ response, status, protocol }: JsonTransaction): object {
	const headers = headersOf(response) ?? [];
	return {
		// As browsers say that there was none.
		status: status ?? 0,
		statusText: "",
		httpVersion: protocol.toUpperCase(),
		cookies: setCookiesOf(headers),
		headers: nameValues(headers),
		content: content(response, headers),
		redirectURL: headerValue(headers, "location") ?? "",
		headersSize: response?.header_bytes ?? -1,
		bodySize: response?.body_bytes ?? -1,
	};
}

function content(response: JsonMessage | null, headers: readonly Header[]): object {
	const { body } = response ?? {};
	return {
		size: body === undefined ? (response?.body_bytes ?? 0) : new TextEncoder().encode(body).length,
		mimeType: headerValue(headers, "content-type") ?? "",
		...(body === undefined ? {} : { text: body }),
	};
}

function nameValues(headers: readonly Header[]): NameValue[] {
	return headers.map(([name, value]) => ({ name, value }));
}

function pair(text: string): NameValue {
	const at = text.indexOf("=");
	return at === -1 ? { name: "", value: text } : { name: text.slice(0, at), value: text.slice(at + 1) };
}

function cookiesOf(headers: readonly Header[]): NameValue[] {
	return headers
		.filter(([name]) => name.toLowerCase() === "cookie")
		.flatMap(([, value]) => value.split(/; */).filter(Boolean).map(pair));
}

function setCookiesOf(headers: readonly Header[]): NameValue[] {
	return headers
		.filter(([name]) => name.toLowerCase() === "set-cookie")
		.map(([, value]) => pair(value.split(";", 1)[0] as string));
}

function queryOf(url: string): NameValue[] {
	const at = url.indexOf("?");
	if (at === -1) return [];
	return [...new URLSearchParams(url.slice(at + 1))].map(([name, value]) => ({ name, value }));
}
