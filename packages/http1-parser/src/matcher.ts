import type { HttpMessage, MissingRequests } from "./http-message.ts";
import { Lockstep } from "./lockstep.ts";
import type { UnpairedReason } from "./reasons.ts";
import { NO_GAP, RequestGap } from "./request-gap.ts";

/** "GET / HTTP/1.1", its line end and the blank line. */
const LEAST = 18;

const NONE_MISSING: MissingRequests = { min: 0, max: 0, from: 0, certain: true };

/** Is told of requests that get no response. */
export interface MatcherHost {
	alone(request: HttpMessage, reason: UnpairedReason): void;
}

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
	/** The oldest request without a response; the others follow by `next`, so that idle connections keep no array. */
	front: HttpMessage | undefined = undefined;
	#back: HttpMessage | undefined = undefined;
	/** How many they are. */
	waiting = 0;
	/** Where requests may be missing behind the last one. */
	gap: RequestGap = NO_GAP;
	/** The last pair was made by neighbourhood. */
	guessed = false;
	readonly #host: MatcherHost;
	readonly #limit: number;
	readonly #lockstep = new Lockstep();
	#aheadMin = 0;
	#aheadMax = 0;
	/** There was a request, and what the last one had. Messages would keep much memory in idle connections. */
	#asked = false;
	#hostSignature = 0;
	#constantSignature = 0;
	/** First id of the latest response that got no request. */
	#passed = 0;
	/** The last operation that can be missing of the responses, and whether none was passed since. */
	#gapTo = 0;
	#freshGap = false;

	constructor(limit: number, host: MatcherHost) {
		this.#limit = limit;
		this.#host = host;
	}

	/** True while order alone proves nothing. */
	get inDoubt(): boolean {
		return this.#aheadMin !== 0 || this.#aheadMax !== 0;
	}

	/** True while a request waits whose response may be lost. */
	get mayExpire(): boolean {
		return this.#aheadMin !== this.#aheadMax && this.waiting > 0;
	}

	/** Another request will cost the oldest one its response. */
	get isFull(): boolean {
		return this.waiting >= this.#limit;
	}

	/** No request waits, and none is missing: `save` tells all of it. */
	get idle(): boolean {
		return this.waiting === 0 && this.gap === NO_GAP && !this.inDoubt;
	}

	/** Puts it into numbers while it is idle. */
	save(into: number[]): void {
		this.#lockstep.save(into);
		const flags = (this.guessed ? 1 : 0) | (this.#asked ? 2 : 0);
		into.push(this.#hostSignature, this.#constantSignature, this.#passed, this.#gapTo, flags);
	}

	/** Takes what `save` has put last. */
	load(from: number[]): void {
		const flags = from.pop()!;
		this.#gapTo = from.pop()!;
		this.#passed = from.pop()!;
		this.#constantSignature = from.pop()!;
		this.#hostSignature = from.pop()!;
		this.guessed = (flags & 1) !== 0;
		this.#asked = (flags & 2) !== 0;
		this.#lockstep.load(from);
	}

	/** Bytes are missing where requests may be; see `RequestGap.note`. */
	lostRequests(begun: boolean, position: number, length: number, from: number, certain: boolean): void {
		if (this.gap === NO_GAP) this.gap = new RequestGap();
		this.gap.note(begun, position, length, from, certain || this.#lockstep.broken);
	}

	/**
	 * A request's head was read; it begins at this position of its stream, behind a byte of the operation `before`. `starts`: so many
	 * others were passed, perhaps.
	 */
	request(request: HttpMessage, position: number, starts: number, before: number): void {
		const lockstep = this.#lockstep;
		// In the operation of the byte before, or in the very next: no response was read in between.
		const inOne = this.#asked && request.firstDataId - before <= 1;
		// Or it begins before a response has ended that belongs to another one.
		if (inOne || (lockstep.steady && lockstep.overlaps(request))) this.#sendsSeveral();
		if (this.gap !== NO_GAP) request.missing = this.#closeGap(request, position, starts);
		this.gap = NO_GAP;
		// A cut head does not show what its client sends each time.
		if (request.partial.length === 0) {
			this.#hostSignature = request.hostSignature;
			this.#constantSignature = request.constantSignature;
		}
		this.#asked = true;
		// Late: responses that were read before it may have answered it.
		if (request.firstDataId < this.#passed) this.#gapTo = Math.max(this.#gapTo, this.#passed);
		if (request.firstDataId < this.#gapTo) {
			this.#aheadMin = Number.NEGATIVE_INFINITY;
			this.#freshGap = true;
		}
		if (this.front === undefined) {
			this.#comeNext(request);
			// Nothing is answered before it begins.
			if (this.#aheadMax < 0) this.#aheadMax = 0;
			if (this.#aheadMin < 0 && request.firstDataId > this.#gapTo) this.#aheadMin = 0;
			this.front = request;
		} else this.#back!.next = request;
		this.#back = request;
		if (++this.waiting > this.#limit) this.#drop("pipeline-limit");
	}

	/** Each has at least a start line, and the fields that the requests around the gap have in common. */
	#closeGap(request: HttpMessage, position: number, starts: number): MissingRequests {
		const first = !this.#asked;
		let least = LEAST;
		if (request.hostSignature !== 0 && (first || request.hostSignature === this.#hostSignature)) {
			least += 8 + request.hostEnd - request.hostStart;
		}
		if (!first && request.constantSignature === this.#constantSignature) least += request.constantBytes;
		const missing = this.gap.close(least, position, starts);
		if (this.#counts(missing)) this.#lockstep.steady = false;
		return missing;
	}

	/** The client does not wait for a response before it sends the next request: what was suspected may be. */
	#sendsSeveral(): void {
		if (this.#lockstep.broken) return;
		const before = this.#missing(this.front);
		this.#lockstep.broken = true;
		if (before === NONE_MISSING) this.#comeNext(this.front);
	}

	#counts({ certain }: MissingRequests): boolean {
		return certain || this.#lockstep.broken;
	}

	/** In doubt, what is suspected before the oldest request may be, unless the client has shown that it does not pipeline. */
	#suspect(request: HttpMessage): void {
		const { missing } = request;
		if (missing === undefined || this.#counts(missing) || this.#lockstep.proven) return;
		missing.certain = true;
		this.#comeNext(request);
	}

	/** What is missing before a request, as far as is known of this client. */
	#missing(request: HttpMessage | undefined): MissingRequests {
		const missing = request?.missing;
		return missing !== undefined && this.#counts(missing) ? missing : NONE_MISSING;
	}

	/** A 1xx response is the oldest request's, unless it begins before that. */
	informational(response: HttpMessage): void {
		const { front } = this;
		if (front === undefined || front.firstDataId > response.firstDataId) this.#foundHidden();
		else front.informational++;
	}

	/** A response began before every request that waits: what was suspected is there. */
	#foundHidden(): void {
		const { front, gap } = this;
		if (front?.missing?.certain === false) this.#sendsSeveral();
		// Not `||=`: that would write to what all connections without a gap share.
		if (front === undefined && gap.suspected) gap.open = true;
	}

	/** The response before, or a part of one that was not seen, came behind the beginning of this request. */
	overlapped(request: HttpMessage): void {
		if (!this.#lockstep.overlaps(request)) this.#sendsSeveral();
	}

	/**
	 * A final response's head was read: finds its request, or says on the response why there is none. `complete`: every
	 * request from before the response has been read.
	 */
	pair(response: HttpMessage, complete: boolean): HttpMessage | undefined {
		const { front } = this;
		if (this.#lockstep.follows(response)) this.#sendsSeveral();
		if (front === undefined || this.inDoubt || front.firstDataId > response.firstDataId) {
			return this.#search(response, complete);
		}
		return this.#take(front);
	}

	#search(response: HttpMessage, complete: boolean): HttpMessage | undefined {
		const { firstDataId } = response;
		let last: HttpMessage | undefined;
		for (let q = this.front; q !== undefined && q.firstDataId < firstDataId; q = q.next) last = q;
		if (last === undefined) return this.#none(response);
		if (this.inDoubt) this.#suspect(this.front!);
		const begun = this.#begunBefore(firstDataId, complete);
		// What was lost, or passed before, answered what began before it.
		if (this.#freshGap) this.#aheadMin = Math.max(this.#aheadMin, -this.#begunBefore(this.#gapTo, complete));
		this.#aheadMin = Math.max(this.#aheadMin, 1 - begun);
		const answered = this.#place();
		if (answered !== undefined && answered.firstDataId < response.firstDataId) return this.#take(answered);
		if (complete && this.#lockstep.isNeighbour(last, response)) return this.#take(last, true);
		this.#pass(response, this.#aheadMin > 0 ? "request-lost" : "order-unknown");
		this.#shift(-1, -1);
		this.#dropAnswered("order-unknown");
		return undefined;
	}

	/** How many began before this operation at most, of the oldest request that waits and those behind it. */
	#begunBefore(dataId: number, complete: boolean): number {
		let count = 0;
		let request = this.front;
		while (request !== undefined && request.firstDataId < dataId) {
			request = request.next;
			count++;
			const missing = request?.missing ?? NONE_MISSING;
			if (missing.from < dataId) count += missing.max;
		}
		return request !== undefined || (complete && this.gap.from > dataId) ? count : Number.POSITIVE_INFINITY;
	}

	/** One of those that wait is like this. */
	some(is: (request: HttpMessage) => boolean): boolean {
		for (let request = this.front; request !== undefined; request = request.next) if (is(request)) return true;
		return false;
	}

	/** The request that is next for certain; undefined: none is. */
	#place(): HttpMessage | undefined {
		if (this.#aheadMin !== this.#aheadMax || this.#aheadMax > 0) return undefined;
		let left = -this.#aheadMin;
		let request = this.front;
		while (left > 0) {
			request = request?.next;
			if (request === undefined) return undefined;
			const { min, max } = this.#missing(request);
			if (min !== max) return undefined;
			left -= 1 + min;
		}
		return left === 0 ? request : undefined;
	}

	/** No request was seen that began before this response. */
	#none(response: HttpMessage): undefined {
		// More responses than requests: what was not captured had one.
		this.#foundHidden();
		const lost = this.#aheadMax > 0 || (this.waiting === 0 && this.gap.open);
		// More responses than requests: the last neighbours were none.
		if (!lost && this.guessed) this.#sendsSeveral();
		this.#pass(response, lost ? "request-lost" : "request-not-seen");
		if (this.waiting > 0) {
			if (this.#aheadMax <= 0) return undefined;
			this.#aheadMin = Math.max(this.#aheadMin, 1);
		}
		this.#shift(-1, -1);
		return undefined;
	}

	/** Hands out a request as answered; those before it as what they are. */
	#take(request: HttpMessage, guessed = false): HttpMessage {
		while (this.front !== request) {
			this.#drop(guessed && this.#aheadMax > 0 ? "order-unknown" : "response-lost");
		}
		this.guessed = guessed;
		this.#shiftFront();
		this.#aheadMin = this.#aheadMax = 0;
		this.#comeNext(this.front);
		if (!this.#lockstep.learn(request, this.front === undefined)) this.#sendsSeveral();
		return request;
	}

	/** The oldest request waits no longer. */
	#shiftFront(): HttpMessage {
		const request = this.front!;
		this.front = request.next;
		request.next = undefined;
		if (this.front === undefined) this.#back = undefined;
		this.waiting--;
		return request;
	}

	#pass(response: HttpMessage, reason: UnpairedReason): void {
		response.alone = reason;
		response.anyRequest = true;
		this.#lockstep.steady = this.#freshGap = false;
		if (response.firstDataId > this.#passed) this.#passed = response.firstDataId;
	}

	#dropAnswered(reason: UnpairedReason): void {
		while (this.#aheadMax < 0 && this.waiting > 0) this.#drop(reason);
	}

	/** Hands out the oldest request alone. Whether it was answered does not matter: the count goes on. */
	#drop(reason: UnpairedReason): void {
		const request = this.#shiftFront();
		this.#shift(1, 1);
		this.#comeNext(this.front);
		this.#host.alone(request, reason);
	}

	/** Another request is the oldest one now. */
	#comeNext(next: HttpMessage | undefined): void {
		const { min, max } = this.#missing(next);
		this.#shift(min, max);
	}

	#shift(min: number, max: number): void {
		this.#aheadMin += min;
		this.#aheadMax += max;
	}

	/** A final response is over. */
	responseEnd(response: HttpMessage): void {
		this.#lockstep.responseEnd(response);
		const next = response.request === undefined ? undefined : this.front;
		if (next !== undefined && next.firstDataId < response.lastDataId) this.#sendsSeveral();
	}

	/** So many responses may be missing at most, in no operation behind `lastId`; `begun`: one began there. */
	lostResponses(begun: boolean, lastId: number, most: number): void {
		this.#gapTo = Math.max(this.#gapTo, lastId);
		this.#lockstep.steady = false;
		this.#freshGap = true;
		this.#aheadMin -= most;
		if (!begun) return;
		this.#aheadMax--;
		this.#dropAnswered("response-lost");
	}

	/** 1xx responses may be all that is missing, when so many bytes are and some are to be expected. */
	mayBeInformational(bytes: number, nextId: number): boolean {
		if (bytes > MAX_CONTINUES) return false;
		const { front } = this;
		if (front === undefined || front.firstDataId > nextId || this.#aheadMax > 0) return true;
		// Of a cut head it is not known what is expected.
		return front.expectsContinue || front.informational > 0 || front.partial.length > 0;
	}

	/** Hands out requests that wait in doubt for too long. */
	expire(nowNs: number, ageNs: number): void {
		while (this.mayExpire && nowNs - this.front!.endNs > ageNs) this.#drop("expired");
	}

	/** Hands out all requests that wait. */
	flush(reason: UnpairedReason): void {
		while (this.waiting > 0) {
			const exact = reason !== "no-response" || this.#aheadMin === this.#aheadMax;
			this.#drop(exact ? reason : this.#aheadMax > 0 ? "order-unknown" : "response-lost");
		}
	}
}
