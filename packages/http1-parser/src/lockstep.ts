import type { HttpMessage } from "./http-message.ts";

/**
 * Points that prove it: those of 16 requests that waited, or of 64 of which no more is known than that each came between two responses,
 * as a client that always has two under way may send them.
 */
const PROOF = 64;
const WAITED = 4;
const ALTERNATED = 1;

/** Whether the client of a connection waits for each response before it sends its next request. */
export class Lockstep {
	/** It was seen not to wait. */
	broken = false;
	/** Nothing was lost or handed out alone since the last pair. */
	steady = true;
	#points = 0;
	/** A request began when everything before had been answered: it has not always had several under way. */
	#known = false;
	/** Where and when the last response ended; -1: there was none. */
	#responseEnd = -1;
	#responseEndNs = 0;

	/** Enough requests have waited. */
	get proven(): boolean {
		return this.#points >= PROOF;
	}

	/** A request began before the last response had ended. */
	overlaps(request: HttpMessage): boolean {
		return this.#responseEnd > request.firstDataId;
	}

	/** A response comes behind another one, and nothing can have been sent in between. */
	follows(response: HttpMessage): boolean {
		return this.#responseEnd >= 0 && response.firstDataId - this.#responseEnd <= 1;
	}

	/** Learns from a pair; `alone`: no other request waits. False: its request did not wait. */
	learn(request: HttpMessage, alone: boolean): boolean {
		const waited = !this.overlaps(request);
		if (waited && this.steady && (alone || this.#responseEnd >= 0)) {
			this.#known = true;
			this.#add(WAITED);
		}
		this.steady = true;
		return waited;
	}

	/** A final response is over. */
	responseEnd(response: HttpMessage): void {
		this.#responseEnd = response.lastDataId;
		this.#responseEndNs = response.endNs;
	}

	/** Nothing lies between the two, and the connection has shown that a request is sent when nothing else is under way. */
	isNeighbour(request: HttpMessage, response: HttpMessage): boolean {
		if (this.broken || !request.complete || request.midOperation || response.midOperation) return false;
		// Of what is not whole the end is not known either: another one may have begun in it.
		if (request.partial.length > 0) return false;
		const step = response.firstDataId - request.lastDataId;
		// One id may be spent by a call that moved nothing; two may be a lost response and a lost request.
		if (step !== 1 && !(step === 2 && response.prevDataId === request.lastDataId)) return false;
		if (this.#responseEnd >= 0 && !this.overlaps(request)) {
			this.#add(this.#known || this.#wasIdle(request, response) ? WAITED : ALTERNATED);
		}
		return this.proven;
	}

	/** It broke a silence much longer than its response took: one to something sent earlier would have come in that silence. */
	#wasIdle(request: HttpMessage, response: HttpMessage): boolean {
		const begunNs = request.firstDataId === request.lastDataId ? request.endNs : request.startNs;
		return begunNs - this.#responseEndNs > 2 * (response.endNs - request.endNs);
	}

	#add(points: number): void {
		if (this.#points < PROOF) this.#points += points;
	}

	/** Puts it into numbers. */
	save(into: number[]): void {
		const flags = (this.broken ? 1 : 0) | (this.steady ? 2 : 0) | (this.#known ? 4 : 0);
		into.push(this.#points, this.#responseEnd, this.#responseEndNs, flags);
	}

	/** Takes what `save` has put last. */
	load(from: number[]): void {
		const flags = from.pop()!;
		this.#responseEndNs = from.pop()!;
		this.#responseEnd = from.pop()!;
		this.#points = from.pop()!;
		this.broken = (flags & 1) !== 0;
		this.steady = (flags & 2) !== 0;
		this.#known = (flags & 4) !== 0;
	}
}
