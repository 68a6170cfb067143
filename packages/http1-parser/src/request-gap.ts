import type { MissingRequests } from "./http-message.ts";

/** "M / HTTP": with more of it behind the gap, "P/1." would be seen there. */
const LEAST_START = 8;

/**
 * So many responses can have their version, "P/1.", in these lost bytes or across their ends. Each has at least
 * "HTTP/1.1 200", its line end and the blank line.
 */
export function mostResponses(bytes: number): number {
	return bytes < 0 ? Number.POSITIVE_INFINITY : 1 + Math.floor((bytes + 2) / 16);
}

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
	/** What is missing began in no operation before this one. */
	from: number = Number.POSITIVE_INFINITY;
	#min = 0;
	#bytes = 0;
	#end = -1;

	/**
	 * `length` bytes are missing at `position`, -1: nobody knows how many, of no operation before `from`. `begun`: a request
	 * began there. `certain` false: only a client that sends several requests at once has others there.
	 */
	note(begun: boolean, position: number, length: number, from: number, certain: boolean): void {
		this.from = Math.min(this.from, from);
		if ((this.open || this.suspected) && this.#end !== position) this.#bytes = Number.POSITIVE_INFINITY;
		if (certain) this.open = true;
		else this.suspected = true;
		if (begun) this.#min++;
		this.#bytes += length < 0 ? Number.POSITIVE_INFINITY : length;
		this.#end = position + length;
	}

	/**
	 * What is missing before a request, which begins at `position`; each has `least` bytes. `starts`: so many start lines
	 * may be in what was passed between the gap and the request.
	 */
	close(least: number, position: number, starts: number): MissingRequests {
		const min = this.#min;
		const bytes = this.#bytes;
		let max = Math.floor((bytes + position - this.#end) / least);
		// What lies between the gap and the request is the rest of a message; it may have begun in the gap.
		if (this.#end !== position) {
			const hidden = bytes < LEAST_START ? 0 : 1 + Math.floor((bytes - LEAST_START) / least);
			max = Math.min(max, starts + hidden);
		}
		// A start line that was passed shows that there are others.
		return { min, max: Math.max(min, max), from: this.from, certain: this.open || starts > 0 };
	}
}

/** There is no gap. */
export const NO_GAP: RequestGap = new RequestGap();
