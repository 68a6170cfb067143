import type { Stream } from "@wirescribe/buffer";
import type { HttpMessage } from "./http-message.ts";
import type { Matcher } from "./matcher.ts";
import { Operations } from "./operations.ts";
import type { Reader } from "./reader.ts";
import { mostResponses } from "./request-gap.ts";

/** What the ids of a connection's operations say of its order: whether requests, or responses, may be missing before one. */
export class OrderEvidence {
	readonly operations: Operations = new Operations();
	/** Reads the requests, once it is known which one does. */
	requests: Reader | undefined = undefined;
	/** The beginning of the first response was seen, or is in a hole. */
	answered = false;
	readonly #matcher: Matcher;

	constructor(matcher: Matcher) {
		this.#matcher = matcher;
	}

	/** Nothing is missing before the first bytes of a stream. */
	isFirst({ stream }: Reader): boolean {
		const { lastDataId, front } = stream;
		return lastDataId === 0 && front!.sequence === 0 && this.operations.isComplete(0, front!.dataId);
	}

	/** `length` bytes were lost where a stream is read: their operation may be known now. */
	explainHole({ stream }: Reader, length: number): void {
		const { front, lastDataId, lastShared } = stream;
		// Else the operations before and behind may have moved them.
		if (length > 0 && front!.sequence === 0 && !lastShared) this.operations.explain(lastDataId, front!.dataId);
	}

	/** The last operation that can have moved what is missing at the read position, before this one. */
	#lastLost({ stream }: Reader, nextId: number): number {
		const { front, at, lastDataId } = stream;
		const whole = front?.sequence === 0 && (front.start > at || front.afterUnknownHole);
		return whole ? Math.max(lastDataId, this.operations.lastMissing(nextId)) : nextId;
	}

	/** Every request from before this operation has been read. */
	isComplete(dataId: number): boolean {
		const { stream } = this.requests!;
		const { front } = stream;
		// They may still be unread, behind a hole, or not be whole; an unfinished head is the front.
		if (front !== undefined && front.dataId < dataId) return false;
		return this.operations.isComplete(stream.lastDataId, dataId);
	}

	/** What may still come from before this operation of a response decides what it answers. */
	mayBeEarly(dataId: number): boolean {
		const { front, gap, inDoubt } = this.#matcher;
		if (front === undefined) return true;
		// The next request shows how many are missing before it.
		if (inDoubt) return gap.from < dataId || !this.isComplete(dataId);
		return !this.answered && front.next !== undefined && !this.operations.isComplete(front.lastDataId, dataId);
	}

	/** Responses may be missing in the next `length` bytes, -1: an unknown number; `begun`: one began there. */
	lostResponses(reader: Reader, begun: boolean, length: number): void {
		if (length === 0) return;
		if (begun) this.answered = true;
		const next = nextId(reader.stream);
		const sure = begun && !this.#matcher.mayBeInformational(length, next);
		this.#matcher.lostResponses(sure, this.#lastLost(reader, next), mostResponses(length));
	}

	/** A response begins behind the rest of another message. If that had begun before the oldest request, both were under way. */
	behindRest(dataId: number): void {
		const { front } = this.#matcher;
		if (front === undefined || front.firstDataId > dataId) return;
		// What was lost since may be its beginning.
		if (this.operations.isComplete(front.firstDataId, dataId)) this.#matcher.overlapped(front);
	}

	/** Nobody knows where a direction begins of which nothing was seen: responses before the first one show by ids alone. */
	firstResponse(dataId: number): void {
		this.answered = true;
		const { front, gap } = this.#matcher;
		const second = front?.next;
		if (second === undefined || second.firstDataId > dataId) return;
		if (this.operations.isComplete(front!.lastDataId, dataId)) return;
		// Where the requests follow each other byte for byte, what was handed in between, and is lost, was no request.
		const cut = (q: HttpMessage) => q.partial.length > 0 || q.missing !== undefined;
		const whole = !gap.open && !front!.expectsContinue && !this.#matcher.some(cut);
		const until = whole ? Math.min(dataId, this.requests!.stream.lastDataId) : 0;
		const begun = this.operations.isLost(front!.lastDataId, until);
		this.#matcher.lostResponses(begun, this.operations.lastMissing(dataId), Number.POSITIVE_INFINITY);
	}
}

/** The operation of the next byte, or of the last one. */
export function nextId({ front, lastDataId }: Stream): number {
	return front?.dataId ?? lastDataId;
}
