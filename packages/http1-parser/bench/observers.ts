/**
 * How other passive readers go on behind lost bytes, as policies over the same chunks. They are models, made after what the projects'
 * sources and tests show of them: no code of theirs, and none of their speed, limits or leniency.
 *
 *   stop     a gap within a body of known length, or within one chunk, is passed; any other ends the direction, in the requests
 *            both (Zeek)
 *   length   a gap within a body of known length is passed; any other ends the direction (Suricata's libhtp)
 *   resync   the damaged message is thrown away, and the next start line found; responses take the latest request before them in
 *            time (Pixie)
 */
import type { Chunk, Direction } from "@wirescribe/buffer";

export type Policy = "stop" | "length" | "resync";

/** A message that was read whole: which one it is of its conversation, and when. */
interface Whole {
	readonly id: number;
	readonly startNs: number;
	readonly endNs: number;
	/** Its body has a gap. */
	readonly damaged: boolean;
}

/** A pair that is told of: the numbers of the request and of the response in their conversation. */
export interface Told {
	readonly request: number;
	readonly response: number;
	readonly damaged: boolean;
}

/** One direction: its bytes as text, with "\u{fff0}" for each that is lost, and when each piece came. */
class Text {
	readonly text: string;
	readonly #times: { readonly to: number; readonly chunk: Chunk }[] = [];

	constructor(chunks: readonly Chunk[], direction: Direction) {
		let text = "";
		let next: number | undefined;
		for (const chunk of chunks) {
			if (chunk.direction !== direction) continue;
			if (next !== undefined) text += LOST.repeat((chunk.offset! - next) >>> 0);
			text += String.fromCharCode(...chunk.payload);
			next = chunk.offset! + chunk.bytes;
			this.#times.push({ to: text.length, chunk });
		}
		this.text = text;
	}

	at(place: number): Chunk {
		return this.#times.find(({ to }) => place < to)!.chunk;
	}
}

const LOST = "\u{fff0}";
const START = /(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH) |HTTP\/1\.[01] /g;

/** Reads one direction. `isHead`: whether the n-th response, which begins in this chunk, answers HEAD; undefined: these are requests. */
class Reader {
	readonly messages: Whole[] = [];
	/** When it had to stop. */
	stoppedNs: number = Number.POSITIVE_INFINITY;
	readonly #text: Text;
	readonly #policy: Policy;
	readonly #isHead: ((n: number, at: Chunk) => boolean) | undefined;

	constructor(text: Text, policy: Policy, isHead?: (n: number, at: Chunk) => boolean) {
		this.#text = text;
		this.#policy = policy;
		this.#isHead = isHead;
		for (let at = 0; at < text.text.length; ) {
			const end = this.#message(at);
			if (end !== undefined) at = end;
			else if (policy !== "resync") {
				this.stoppedNs = text.at(at).endNs;
				return;
			} else at = this.#nextStart(at + 1);
		}
	}

	/** Behind the gap, or what was no message: the last start line before the end of a head. */
	#nextStart(from: number): number {
		const { text } = this.#text;
		const lost = text.indexOf(LOST, from);
		const gap = lost < 0 ? from : lost;
		const end = text.indexOf("\r\n\r\n", gap);
		if (end < 0) return text.length;
		let found = end + 4;
		for (const { index } of text.slice(gap, end).matchAll(START)) found = gap + index;
		return found;
	}

	/** Where the message ends that begins here; undefined: it cannot be followed. */
	#message(at: number): number | undefined {
		const { text } = this.#text;
		const end = text.indexOf("\r\n\r\n", at);
		const head = text.slice(at, end + 4);
		if (end < 0 || head.includes(LOST) || !/^\S+ \S+ /.test(head)) return undefined;
		const body = at + head.length;
		const status = Number(/^HTTP\S+ (\d+)/.exec(head)?.[1] ?? 0);
		if (status >= 100 && status < 200) return body;
		const none = status === 204 || status === 304 || this.#isHead?.(this.messages.length, this.#text.at(at)) === true;
		const length = Number(/\r\nContent-Length: (\d+)/.exec(head)?.[1] ?? 0);
		const chunked = /\r\nTransfer-Encoding: .*chunked/i.test(head);
		const after = none ? body : chunked ? this.#chunked(body) : this.#passed(body, length, this.#policy !== "resync");
		if (after === undefined) return undefined;
		const id = Number(/\r\nX-Id: (\d+)/.exec(head)?.[1] ?? -1);
		const damaged = text.slice(body, after).includes(LOST);
		const times = { startNs: this.#text.at(at).startNs, endNs: this.#text.at(after - 1).endNs };
		this.messages.push({ id, ...times, damaged });
		return after;
	}

	/** Behind so many bytes, where a gap must lie wholly within them. */
	#passed(from: number, length: number, mayLack: boolean): number | undefined {
		const { text } = this.#text;
		const to = from + length;
		const body = text.slice(from, to);
		if (body.length < length || (!mayLack && body.includes(LOST))) return undefined;
		return text[to] === LOST && body.endsWith(LOST) ? undefined : to;
	}

	#chunked(from: number): number | undefined {
		const { text } = this.#text;
		for (let at = from; ; ) {
			const line = /^([0-9a-f]+)[^\r]*\r\n/i.exec(text.slice(at, at + 100));
			if (line === null || line[0].includes(LOST)) return undefined;
			at += line[0].length;
			const size = Number.parseInt(line[1]!, 16);
			if (size === 0) {
				const end = text.indexOf("\r\n", at) === at ? at + 2 : text.indexOf("\r\n\r\n", at) + 4;
				return end < at || text.slice(at, end).includes(LOST) ? undefined : end;
			}
			const next = this.#passed(at, size, this.#policy === "stop");
			if (next === undefined || !text.startsWith("\r\n", next)) return undefined;
			at = next + 2;
		}
	}
}

/** What a reader with this policy tells of a conversation. `isHead`: the method of the request with this number was HEAD. */
export function observed(policy: Policy, chunks: readonly Chunk[], isHead: (id: number) => boolean): Told[] {
	const requests = new Reader(new Text(chunks, 2), policy);
	const latest = (at: Chunk) => requests.messages.findLast(({ startNs }) => startNs < at.startNs);
	const answered = (n: number, at: Chunk) => (policy === "resync" ? latest(at) : requests.messages[n]);
	const responses = new Reader(new Text(chunks, 1), policy, (n, at) => isHead(answered(n, at)?.id ?? -1));
	const until = policy === "stop" ? requests.stoppedNs : Number.POSITIVE_INFINITY;
	const told = responses.messages.filter(({ endNs }) => endNs <= until);
	if (policy === "resync") return inTime(requests.messages, told);
	return told.flatMap((response, n) => {
		const request = requests.messages[n];
		return request === undefined ? [] : [pairOf(request, response)];
	});
}

/** Each response takes the latest request that began before it and has none. */
function inTime(requests: readonly Whole[], responses: readonly Whole[]): Told[] {
	const taken = new Set<Whole>();
	return responses.flatMap((response) => {
		const request = requests.findLast((one) => one.startNs < response.startNs && !taken.has(one));
		if (request === undefined) return [];
		taken.add(request);
		return [pairOf(request, response)];
	});
}

function pairOf(request: Whole, response: Whole): Told {
	return { request: request.id, response: response.id, damaged: request.damaged || response.damaged };
}
