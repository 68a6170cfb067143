import type { HttpMessage } from "./http-message.ts";
import type { UnpairedReason } from "./reasons.ts";
import { RequestGap } from "./request-gap.ts";

/** Requests that must have been answered one at a time before a connection is taken never to pipeline. */
const LOCKSTEPS = 16;

const NONE_MISSING = { min: 0, max: 0 };

/** More bytes than two "HTTP/1.1 100 Continue" with a field or so. */
const MAX_CONTINUES = 64;

/**
 * Which response answers which request of one connection.
 *
 * ```
 *   requests   . . q1 q2 [0..2] q3       ahead: how many lost ones come before q1; below 0: so many were answered, but it
 *   responses   [..] r                   is not known by what. r answers the one at place -ahead: 0 is q1, 1 is q2, ...
 * ```
 *
 * `ahead` is one number as long as nothing is missing, and order decides. Missing bytes make it a range: what was lost in
 * between, at least and at most. A response narrows it, because its request began before it did (data ids are taken so).
 * Only a range that is one number again, at a request that was seen, makes a pair. Else, on a connection that has shown
 * that it does not pipeline, neighbours by id are a pair. Everything else stands alone, with the reason.
 */
export class Matcher {
	/** Requests without a response, oldest first. */
	readonly waiting: HttpMessage[] = [];
	/** Where requests may be missing behind the last one. */
	readonly gap: RequestGap = new RequestGap();
	/** The last pair was made by neighbourhood. */
	guessed = false;
	readonly #alone: (request: HttpMessage, reason: UnpairedReason) => void;
	readonly #limit: number;
	#aheadMin = 0;
	#aheadMax = 0;
	#pipelined = false;
	/** Requests that began when everything before had been answered. */
	#locksteps = 0;
	#lastRequest: HttpMessage | undefined = undefined;
	/** Where the last response ended, and when; -1: there was none. The message itself would keep much memory in idle connections. */
	#responseEnd = -1;
	#responseEndNs = 0;
	/** First id of the latest response that got no request. */
	#passed = 0;
	/** Behind the latest gap in the responses. */
	#gapTo = 0;
	/** Nothing was lost or handed out alone since the last pair. */
	#steady = true;
	/** All that are ahead were seen, and their responses have bodies as usual. */
	#plain = true;

	constructor(limit: number, alone: (request: HttpMessage, reason: UnpairedReason) => void) {
		this.#limit = limit;
		this.#alone = alone;
	}

	/** True while order alone proves nothing. */
	get inDoubt(): boolean {
		return this.#aheadMin !== 0 || this.#aheadMax !== 0;
	}

	/** True while a request waits whose response may be lost. */
	get mayExpire(): boolean {
		return this.#aheadMin !== this.#aheadMax && this.waiting.length > 0;
	}

	/** Another request will cost the oldest one its response. */
	get isFull(): boolean {
		return this.waiting.length >= this.#limit;
	}

	/** Several requests were under way at once. */
	get pipelined(): boolean {
		return this.#pipelined;
	}

	/** A request's head was read; it begins at this position of its stream. */
	request(request: HttpMessage, position: number): void {
		const { gap, waiting } = this;
		const missing = gap.open ? gap.close(request, this.#lastRequest, position) : undefined;
		request.missing = missing;
		if (missing !== undefined) this.#steady = this.#plain = false;
		// In the same operation as the request before, or in the very next: nothing was read in between.
		const step = request.firstDataId - (this.#lastRequest?.lastDataId ?? -1);
		if (step === 0 || step === 1) this.#pipelined = true;
		this.#lastRequest = request;
		// Late: responses that were read before it may have answered it.
		if (request.firstDataId < this.#passed) this.#gapTo = Math.max(this.#gapTo, this.#passed);
		if (request.firstDataId < this.#gapTo) this.#aheadMin = Number.NEGATIVE_INFINITY;
		if (waiting.length === 0) {
			if (missing !== undefined) this.#shift(missing.min, missing.max);
			// Nothing is answered before it begins.
			if (this.#aheadMax < 0) this.#aheadMax = 0;
			if (this.#aheadMin < 0 && request.firstDataId > this.#gapTo) this.#aheadMin = 0;
		}
		waiting.push(request);
		if (waiting.length > this.#limit) this.#drop("pipeline-limit");
	}

	/**
	 * A final response's head was read: finds its request, or says on the response why there is none. `complete`: every
	 * request from before the response has been read.
	 */
	pair(response: HttpMessage, complete: boolean): HttpMessage | undefined {
		const front = this.waiting[0];
		if (front === undefined || this.inDoubt || front.firstDataId > response.firstDataId) {
			return this.#search(response, complete);
		}
		return this.#take(0);
	}

	#search(response: HttpMessage, complete: boolean): HttpMessage | undefined {
		const { waiting } = this;
		let begun = 0;
		let hidden = 0;
		while (begun < waiting.length && waiting[begun]!.firstDataId < response.firstDataId) {
			if (begun > 0) hidden += waiting[begun]!.missing?.max ?? 0;
			begun++;
		}
		if (begun === 0) return this.#none(response);
		const behind = waiting[begun];
		if (behind !== undefined) hidden += behind.missing?.max ?? 0;
		else if (!complete || this.gap.open) hidden = Number.POSITIVE_INFINITY;
		this.#aheadMin = Math.max(this.#aheadMin, 1 - begun - hidden);
		const at = this.#place();
		if (at >= 0 && at < begun) return this.#take(at);
		if (complete && this.#isNeighbour(waiting[begun - 1]!, response)) {
			return this.#take(begun - 1, true);
		}
		const plain = this.#aheadMax > 0 ? this.#plain && this.#aheadMin > 0 : !waiting.some(isSpecial);
		response.anyRequest = !plain || hidden > 0;
		this.#pass(response, this.#aheadMin > 0 ? "request-lost" : "order-unknown");
		this.#shift(-1, -1);
		this.#dropAnswered("order-unknown");
		return undefined;
	}

	/** The request that is next for certain; -1: none is. */
	#place(): number {
		if (this.#aheadMin !== this.#aheadMax || this.#aheadMax > 0) return -1;
		let left = -this.#aheadMin;
		let at = 0;
		while (left > 0) {
			const next = this.waiting[++at];
			if (next === undefined) return -1;
			const { min, max } = next.missing ?? NONE_MISSING;
			if (min !== max) return -1;
			left -= 1 + min;
		}
		return left === 0 ? at : -1;
	}

	/** No request was seen that began before this response. */
	#none(response: HttpMessage): undefined {
		const { waiting } = this;
		response.anyRequest = true;
		const lost = this.#aheadMax > 0 || (waiting.length === 0 && this.gap.open);
		// More responses than requests: the last neighbours were none.
		if (!lost && this.guessed) this.#pipelined = true;
		this.#pass(response, lost ? "request-lost" : "request-not-seen");
		if (waiting.length > 0) {
			if (this.#aheadMax <= 0) return undefined;
			this.#aheadMin = Math.max(this.#aheadMin, 1);
		}
		this.#shift(-1, -1);
		return undefined;
	}

	/** Hands out a request as answered; those before it as what they are. */
	#take(at: number, guessed = false): HttpMessage {
		for (let i = 0; i < at; i++) {
			this.#drop(guessed && this.#aheadMax > 0 ? "order-unknown" : "response-lost");
		}
		this.guessed = guessed;
		this.#plain = true;
		const request = this.waiting.shift()!;
		const next = this.waiting[0];
		this.#aheadMin = this.#aheadMax = 0;
		this.#comeNext(next);
		this.#watch(request);
		return request;
	}

	/** Learns from a pair whether the client waits for a response before it sends the next request. */
	#watch(request: HttpMessage): void {
		if (this.#responseEnd < 0) return;
		if (this.#responseEnd > request.firstDataId) this.#pipelined = true;
		else if (this.#steady && this.#locksteps < LOCKSTEPS) this.#locksteps++;
		this.#steady = true;
	}

	/** Nothing lies between the two, and the connection has shown that a request is sent when nothing else is under way. */
	#isNeighbour(request: HttpMessage, response: HttpMessage): boolean {
		if (this.#pipelined || !request.complete || request.midOperation || response.midOperation) return false;
		const step = response.firstDataId - request.lastDataId;
		// One id may be spent by a call that moved nothing; two may be a lost response and a lost request.
		if (step !== 1 && !(step === 2 && response.prevDataId === request.lastDataId)) return false;
		return this.#locksteps >= LOCKSTEPS || this.#wasIdle(request, response);
	}

	/**
	 * The request broke a silence much longer than its response took: a response to something sent earlier would have come
	 * in that silence. Counts; alone it decides as little as a single lockstep.
	 */
	#wasIdle(request: HttpMessage, response: HttpMessage): boolean {
		if (this.#responseEnd < 0 || this.#responseEnd > request.firstDataId) return false;
		const begunNs = request.firstDataId === request.lastDataId ? request.endNs : request.startNs;
		if (begunNs - this.#responseEndNs > 2 * (response.endNs - request.endNs)) this.#locksteps++;
		return this.#locksteps >= LOCKSTEPS;
	}

	#pass(response: HttpMessage, reason: UnpairedReason): void {
		response.alone = reason;
		this.#steady = false;
		if (response.firstDataId > this.#passed) this.#passed = response.firstDataId;
	}

	#dropAnswered(reason: UnpairedReason): void {
		while (this.#aheadMax < 0 && this.waiting.length > 0) this.#drop(reason);
	}

	/** Hands out the oldest request alone. Whether it was answered does not matter: the count goes on. */
	#drop(reason: UnpairedReason): void {
		const request = this.waiting.shift()!;
		const next = this.waiting[0];
		if (isSpecial(request)) this.#plain = false;
		this.#shift(1, 1);
		this.#comeNext(next);
		this.#alone(request, reason);
	}

	/** Another request is the oldest one now. */
	#comeNext(next: HttpMessage | undefined): void {
		const missing = next?.missing;
		if (missing === undefined) return;
		this.#plain = false;
		this.#shift(missing.min, missing.max);
	}

	#shift(min: number, max: number): void {
		this.#aheadMin += min;
		this.#aheadMax += max;
	}

	/** A final response is over. */
	responseEnd(response: HttpMessage): void {
		this.#responseEnd = response.lastDataId;
		this.#responseEndNs = response.endNs;
		const next = response.request === undefined ? undefined : this.waiting[0];
		if (next !== undefined && next.firstDataId < response.lastDataId) this.#pipelined = true;
		// It may have answered HEAD: then what was read as its body was the next responses.
		if (response.anyRequest && response.bodyBytes > 0) this.lostResponses(false, response.lastDataId);
	}

	/** Responses may be missing before the operation `nextId`; `begun`: one began there. */
	lostResponses(begun: boolean, nextId: number): void {
		this.#gapTo = nextId;
		this.#steady = this.#plain = false;
		this.#aheadMin = Number.NEGATIVE_INFINITY;
		if (!begun) return;
		this.#aheadMax--;
		this.#dropAnswered("response-lost");
	}

	/** 1xx responses may be all that is missing, when so many bytes are and some are to be expected. */
	mayBeInformational(bytes: number, nextId: number): boolean {
		if (bytes > MAX_CONTINUES) return false;
		const front = this.waiting[0];
		if (front === undefined || front.firstDataId > nextId || this.#aheadMax > 0) return true;
		// Of a cut head it is not known what is expected.
		return front.expectsContinue || front.informational > 0 || front.partial.length > 0;
	}

	/** Hands out requests that wait in doubt for too long. */
	expire(nowNs: number, ageNs: number): void {
		while (this.mayExpire && nowNs - this.waiting[0]!.endNs > ageNs) this.#drop("expired");
	}

	/** Hands out all requests that wait. */
	flush(reason: UnpairedReason): void {
		while (this.waiting.length > 0) {
			const exact = reason !== "no-response" || this.#aheadMin === this.#aheadMax;
			this.#drop(exact ? reason : this.#aheadMax > 0 ? "order-unknown" : "response-lost");
		}
	}
}

/** Its response may have no body though it has a length. */
function isSpecial(request: HttpMessage): boolean {
	return request.isHead || request.isConnect;
}
