/** What a request's method means for the body of its response. */
export type Asked = "head" | "connect" | "other";

/** More requests than this are not pipelined by anybody. */
const MAX_OUTSTANDING = 1024;

/**
 * The two directions of one socket meet here: which method the next response answers, and whether HTTP is over.
 *
 * The event of a response may come before that of its request: it is then owed one, and the late request is not queued
 * for the response after.
 */
export class MessageOrder {
	/** After an upgrade or a tunnel's start nothing is HTTP any more. */
	opaque = false;
	#outstanding: Asked[] = [];
	#owed = 0;
	#lost = false;

	requested(method: string): void {
		if (this.#owed > 0) {
			this.#owed--;
			return;
		}
		if (this.#outstanding.length >= MAX_OUTSTANDING) this.#outstanding = [];
		this.#outstanding.push(method === "HEAD" ? "head" : method === "CONNECT" ? "connect" : "other");
	}

	/** Undefined: its request was not seen. */
	answered(): Asked | undefined {
		const asked = this.#outstanding.shift();
		if (asked === undefined && !this.#lost) this.#owed++;
		return asked;
	}

	/** Requests may have gone by unseen. */
	lost(): void {
		this.#lost = true;
		this.#owed = 0;
	}
}
