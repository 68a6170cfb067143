import type { HttpMessage, MissingRequests } from "./http-message.ts";

/** Fields that a client sends the same with each of its requests. */
const CONSTANT = ["host", "user-agent", "accept-encoding", "accept-language"];

/** "GET / HTTP/1.1", its line end and the blank line. */
const LEAST = 18;

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
	#min = 0;
	#bytes = 0;
	#end = -1;

	/** `length` bytes are missing at `position`, -1: nobody knows how many. `begun`: a request began there. */
	note(begun: boolean, position: number, length: number): void {
		if (this.open && this.#end !== position) this.#bytes = Number.POSITIVE_INFINITY;
		this.open = true;
		if (begun) this.#min++;
		this.#bytes += length < 0 ? Number.POSITIVE_INFINITY : length;
		this.#end = position + length;
	}

	/** What is missing before this request, which begins at `position`; `before`: the one seen last. Closes the gap. */
	close(request: HttpMessage, before: HttpMessage | undefined, position: number): MissingRequests {
		const min = this.#min;
		// What lies between the gap and the request is the rest of a message that began in the gap, or none at all.
		const clean = this.#end === position || this.#end < 0;
		const fits = clean ? Math.floor(this.#bytes / least(request, before)) : Number.POSITIVE_INFINITY;
		const max = Math.max(min, fits);
		this.open = false;
		this.#min = this.#bytes = 0;
		this.#end = -1;
		return { min, max };
	}
}

/** The bytes that a request of this client has at least: a start line, and the constant fields of those around it. */
function least(request: HttpMessage, before: HttpMessage | undefined): number {
	let bytes = LEAST;
	for (const name of CONSTANT) {
		const value = request.get(name);
		if (value === undefined || (before !== undefined && before.get(name) !== value)) continue;
		if (before !== undefined || name === "host") bytes += name.length + value.length + 4;
	}
	return bytes;
}
