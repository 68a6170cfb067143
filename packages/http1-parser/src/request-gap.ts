import type { HttpMessage, MissingRequests } from "./http-message.ts";

/** "GET / HTTP/1.1", its line end and the blank line. */
const LEAST = 18;

/** "M / HTTP/": with more of it behind the gap, "/1." would be seen there. */
const LEAST_START = 9;

/**
 * A place between two requests where others may be missing, and how many.
 *
 * ```
 *   q1 [ L bytes lost ] q4      at least one where one had to begin; at most as many as fit into L
 * ```
 */
export class RequestGap {
	/** True while the request behind is awaited. */
	open = false;
	/** Bytes that were not captured, of an operation of which one request was seen; that it has more shows later, or never. */
	suspected = false;
	#min = 0;
	#bytes = 0;
	#end = -1;

	/**
	 * `length` bytes are missing at `position`, -1: nobody knows how many. `begun`: a request began there. `certain` false:
	 * only a client that sends several requests at once has others there.
	 */
	note(begun: boolean, position: number, length: number, certain: boolean): void {
		if ((this.open || this.suspected) && this.#end !== position) this.#bytes = Number.POSITIVE_INFINITY;
		if (certain) this.open = true;
		else this.suspected = true;
		if (begun) this.#min++;
		this.#bytes += length < 0 ? Number.POSITIVE_INFINITY : length;
		this.#end = position + length;
	}

	/**
	 * What is missing before a request, which begins at `position`; each has `least` bytes. `others`: start lines may be in
	 * what was passed between the gap and the request.
	 */
	close(least: number, position: number, others: boolean): MissingRequests {
		const min = this.#min;
		const bytes = this.#bytes;
		let max = Math.floor(bytes / least);
		// What lies between the gap and the request is the rest of a message; it may have begun in the gap.
		if (this.#end !== position && this.#end >= 0) {
			const begun = bytes < LEAST_START ? 0 : 1 + Math.floor((bytes - LEAST_START) / least);
			max = others ? Number.POSITIVE_INFINITY : begun;
		}
		return { min, max: Math.max(min, max) };
	}
}

/** There is no gap. */
export const NO_GAP: RequestGap = new RequestGap();

/**
 * The bytes that each request of this client has at least: a start line; `host`: its Host as well; `client`: and the other
 * fields that a client sends the same with each of its requests.
 */
export function leastBytes(request: HttpMessage, host: boolean, client: boolean): number {
	let bytes = LEAST;
	if (host && request.hostSignature !== 0) bytes += 8 + request.hostEnd - request.hostStart;
	if (client) bytes += request.constantBytes;
	return bytes;
}
