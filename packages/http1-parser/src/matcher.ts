import type { HttpMessage } from "./message.ts";
import type { UnpairedReason } from "./reasons.ts";

/**
 * Which response answers which request of one connection.
 *
 * ```
 *   requests   q1 q2 [gap] q3        in the order of their bytes
 *   responses     r1 ...             r1 answers q1: order decides as long as nothing is missing before
 * ```
 *
 * After a gap order alone proves nothing. Then a response is paired only when one request can be meant: it began before
 * the response did (cause precedes effect, and ids are taken so), and it is the only one; or the connection has never
 * pipelined, the two are neighbours by id, and the request began where the response before had ended. Everything else
 * stands alone, with the reason.
 */
export class Matcher {
	/** Requests without a response, oldest first. */
	readonly waiting: HttpMessage[] = [];
	/** Requests may be missing behind the last one. */
	requestGap = false;
	/** Responses may be missing before the next one. */
	responseGap = false;
	readonly #alone: (request: HttpMessage, reason: UnpairedReason) => void;
	readonly #limit: number;
	#pipelined = false;
	/** The last pair was made by neighbourhood. */
	guessed = false;
	#lastRequest: HttpMessage | undefined = undefined;
	/** The operation that the last response ended with; -1: it did not end there alone. */
	#lastEnd = 0;
	/** A response to an unknown request, which may have been HEAD, had a body: it may have been the next response. */
	#miscounted = false;
	/** The operations around the latest gap in the responses. */
	#gapFrom = 0;
	#gapTo = 0;
	/** First id of the latest response that got no request. */
	#passed = 0;

	constructor(limit: number, alone: (request: HttpMessage, reason: UnpairedReason) => void) {
		this.#limit = limit;
		this.#alone = alone;
	}

	/** True while order proves nothing. */
	get inDoubt(): boolean {
		return this.responseGap || this.waiting[0]?.afterGap === true;
	}

	/** A request's head was read. */
	request(request: HttpMessage): void {
		request.afterGap = this.requestGap;
		this.requestGap = false;
		// In the same operation as the request before, or in the very next: nothing was read in between.
		const step = request.firstDataId - (this.#lastRequest?.lastDataId ?? -1);
		if (step === 0 || step === 1) this.#pipelined = true;
		this.#lastRequest = request;
		if (request.firstDataId < this.#passed) {
			// Its response may be the one that was given up, or still come.
			this.requestGap = true;
			this.#alone(request, "order-unknown");
			return;
		}
		this.waiting.push(request);
		if (this.waiting.length <= this.#limit) return;
		this.#drop("pipeline-limit");
		this.waiting[0]!.afterGap = true;
	}

	/**
	 * A final response's head was read: finds its request, or says on the response why there is none. `caughtUp`: every
	 * request from before the response has been read.
	 */
	pair(response: HttpMessage, caughtUp: boolean): HttpMessage | undefined {
		const { waiting } = this;
		const front = waiting[0];
		if (front === undefined || this.responseGap || front.afterGap) return this.#inDoubt(response, caughtUp);
		if (front.firstDataId > response.firstDataId) return this.#pass(response, "request-not-seen");
		if (waiting.length > 1 && waiting[1]!.firstDataId < response.firstDataId) this.#pipelined = true;
		return waiting.shift();
	}

	#inDoubt(response: HttpMessage, caughtUp: boolean): HttpMessage | undefined {
		const { waiting } = this;
		let last = waiting.length - 1;
		while (last >= 0 && waiting[last]!.firstDataId > response.firstDataId) last--;
		if (last < 0) {
			// More responses than requests: the last neighbours were none.
			if (this.guessed) this.#pipelined = true;
			const lost = waiting.length > 0 ? waiting[0]!.afterGap : this.requestGap;
			return this.#pass(response, lost ? "request-lost" : "request-not-seen");
		}
		const request = waiting[last]!;
		const behind = waiting[last + 1];
		const only =
			!this.#miscounted &&
			last === 0 &&
			!request.afterGap &&
			!(behind === undefined ? this.requestGap : behind.afterGap);
		const likely = !this.#pipelined && areNeighbours(request, response) && this.#isQuiet(request, waiting[last - 1]);
		// An early response is too rare to be believed in doubt.
		if (!caughtUp || !request.complete || (!only && !likely)) {
			const front = waiting[0]!;
			if (!front.afterGap) this.#drop("order-unknown");
			return this.#pass(response, "order-unknown");
		}
		this.guessed = !only;
		for (let i = 0; i < last; i++) this.#drop(waiting[0]!.afterGap ? "order-unknown" : "response-lost");
		this.responseGap = this.#miscounted = false;
		return waiting.shift();
	}

	/**
	 * The request began right behind the end of a response, or behind an operation that was lost with the beginning of
	 * the response before, or is the first thing that was seen.
	 */
	#isQuiet(request: HttpMessage, before: HttpMessage | undefined): boolean {
		const { prevDataId } = request;
		if (request.midOperation) return false;
		if (prevDataId === 0 || this.#lastEnd === prevDataId || this.#lastEnd === request.firstDataId - 1) return true;
		if (!this.responseGap || request.afterGap || before === undefined || before.expectsContinue) return false;
		return prevDataId > this.#gapFrom && prevDataId < this.#gapTo && prevDataId > before.lastDataId;
	}

	#pass(response: HttpMessage, reason: UnpairedReason): undefined {
		response.alone = reason;
		if (response.firstDataId > this.#passed) this.#passed = response.firstDataId;
		return undefined;
	}

	#drop(reason: UnpairedReason): void {
		this.#alone(this.waiting.shift()!, reason);
	}

	/** A final response is over. */
	responseEnd(response: HttpMessage): void {
		if (response.request === undefined && response.bodyBytes > 0) this.#miscounted = true;
		this.#lastEnd = response.lastShared || response.partial.length > 0 ? -1 : response.lastDataId;
	}

	/** Responses may be missing between the operations `lastId` and `nextId`; `begun`: one began there. */
	lostResponses(begun: boolean, lastId: number, nextId: number): void {
		this.#gapFrom = lastId;
		this.#gapTo = nextId;
		const front = this.waiting[0];
		// A 1xx may be all that is missing, if one is to be expected.
		const certain = begun && front !== undefined && !this.inDoubt && !front.expectsContinue;
		if (certain && front.informational === 0 && front.firstDataId < nextId) this.#drop("response-lost");
		this.responseGap = true;
	}

	/** Hands out requests that wait in doubt for too long. */
	expire(nowNs: number, ageNs: number): void {
		while (this.inDoubt && this.waiting.length > 0 && nowNs - this.waiting[0]!.endNs > ageNs) {
			// Its response may still come: whoever is next must not get it by order.
			const next = this.waiting[1];
			if (next === undefined) this.requestGap = true;
			else next.afterGap = true;
			this.#drop("expired");
		}
	}

	/** Hands out all requests that wait. */
	flush(reason: UnpairedReason): void {
		while (this.waiting.length > 0) {
			const doubt = this.waiting[0]!.afterGap ? "order-unknown" : this.responseGap ? "response-lost" : reason;
			this.#drop(reason === "no-response" ? doubt : reason);
		}
	}
}

/** Neighbours by id: nothing was handed in between, or no number lies between. */
function areNeighbours(request: HttpMessage, response: HttpMessage): boolean {
	if (response.midOperation) return false;
	return response.prevDataId === request.lastDataId || response.firstDataId === request.lastDataId + 1;
}
