import type { Http1Counters, Http1Sink } from "./exchange.ts";
import type { HttpMessage } from "./http-message.ts";
import type { PartialReason, UnpairedReason } from "./reasons.ts";

const NOTHING: readonly never[] = [];

/** Where exchanges of a connection leave: counts them, and keeps responses that are over while their requests are not. */
export class ExchangeOutlet {
	readonly counters: Http1Counters;
	readonly #sink: Http1Sink;
	#early: HttpMessage[] | undefined = undefined;

	/** `counters` are the connection's: it outlives this. */
	constructor(sink: Http1Sink, counters: Http1Counters) {
		this.#sink = sink;
		this.counters = counters;
	}

	/** Responses that wait for the ends of their requests. */
	get waiting(): number {
		return this.#early?.length ?? 0;
	}

	/** Keeps a response until its request is over. */
	keep(response: HttpMessage): void {
		this.#early ??= [];
		this.#early.push(response.detach());
	}

	/** The response that was kept for this request. */
	take(request: HttpMessage): HttpMessage | undefined {
		const at = this.#early?.findIndex((response) => response.request === request) ?? -1;
		if (at < 0) return undefined;
		const [response] = this.#early!.splice(at, 1);
		if (this.#early!.length === 0) this.#early = undefined;
		return response;
	}

	/** Hands out an exchange, or a half. */
	emit(request: HttpMessage | undefined, response: HttpMessage | undefined, unpaired?: UnpairedReason): void {
		const partial = join(request?.partial, response?.partial);
		const { counters } = this;
		if (request === undefined) counters.responsesUnpaired++;
		else if (unpaired !== undefined) counters.unpaired++;
		else if (partial.length > 0) counters.partial++;
		else counters.logged++;
		this.#sink.exchange({ request, response, unpaired, partial, informational: request?.informational ?? 0 });
	}
}

function join(a: readonly PartialReason[] = NOTHING, b: readonly PartialReason[] = NOTHING): readonly PartialReason[] {
	if (b.length === 0) return a;
	return a.length === 0 ? b : [...new Set([...a, ...b])];
}
