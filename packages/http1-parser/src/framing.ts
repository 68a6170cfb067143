import type { HttpMessage } from "./http-message.ts";
import * as LENIENT from "./lenient.ts";
import * as FIELD from "./signals.ts";

/** How a body ends (RFC 9112, section 6.3); "unknown": nobody can tell. */
export type BodyKind = "none" | "length" | "chunked" | "close" | "unknown";

/** How a message's body ends. A response must know its request by now. */
export function bodyOf(message: HttpMessage): BodyKind {
	const response = message.response;
	if (response && hasNoBody(message)) return "none";
	if (message.transferEncoding !== 0) {
		if ((message.fields & FIELD.contentLength) !== 0) message.lenient |= LENIENT.teAndContentLength;
		if (message.minor === 0) message.lenient |= LENIENT.teInHttp10;
		if (message.transferEncoding === 1) return "chunked";
		return response ? "close" : "unknown";
	}
	if (message.lengthConflict) {
		message.addPartial("framing-conflict");
		if (message.contentLength < 0) return response ? "close" : "unknown";
	}
	if (message.contentLength >= 0) return message.contentLength === 0 ? "none" : "length";
	return response ? "close" : "none";
}

function hasNoBody(response: HttpMessage): boolean {
	const { status } = response;
	if (status < 200 || status === 204) {
		if ((response.fields & (FIELD.contentLength | FIELD.transferEncoding)) !== 0 && status !== 101) {
			response.lenient |= LENIENT.lengthWithoutBody;
		}
		return true;
	}
	if (status === 304) return true;
	const request = response.request;
	if (request === undefined) return false;
	if (request.isHead) return true;
	return request.isConnect && status < 300;
}
