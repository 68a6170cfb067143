import { BYTES, type Chunk, type Direction, NONE, SocketBuffer } from "@wirescribe/buffer";
import type { Anomaly, AnomalyCode } from "./anomaly.ts";
import { makeTap } from "./body-tap.ts";
import { type HolePlace, TracedMatcher, Tracer } from "./decisions.ts";
import type { ErrorCode } from "./errors.ts";
import type { Http1Counters, Http1Options, Http1Sink, ProtocolChange } from "./exchange.ts";
import { ExchangeOutlet } from "./exchange-outlet.ts";
import { cutHead } from "./head-states.ts";
import type { HttpMessage } from "./http-message.ts";
import { type ConnectionLimits, connectionLimitsOf } from "./limits.ts";
import { Matcher, type MatcherHost } from "./matcher.ts";
import { nextId, OrderEvidence } from "./order-evidence.ts";
import { Reader, type ReaderHost } from "./reader.ts";
import { START } from "./reader-state.ts";
import type { UnpairedReason } from "./reasons.ts";
import { mostResponses } from "./request-gap.ts";
import * as FIELD from "./signals.ts";

/** Two readers, one a direction, and the matcher between them: what `Http1Connection` stands for. */
export class ConnectionReader implements ReaderHost, MatcherHost {
	/** The bytes of both directions that are still to be read. */
	readonly buffer: SocketBuffer;
	readonly #outlet: ExchangeOutlet;
	readonly #sink: Http1Sink;
	readonly #limits: ConnectionLimits;
	readonly #ingress: Reader;
	readonly #egress: Reader;
	readonly #matcher: Matcher;
	readonly #evidence: OrderEvidence;
	readonly #tracer: Tracer | undefined;
	#requests: Reader | undefined = undefined;
	#responses: Reader | undefined = undefined;
	/** Since when a response waits for its request; -1: none does. */
	#blockedSince = -1;
	/** Directions with gaps from before it was known which one carries requests; bits. */
	#gapsBefore = 0;
	#wake = false;
	/** A request waits until responses have been read; or did, in vain. */
	#held = false;
	#forced = false;
	/** The operation of the byte before the request that begins. */
	#before = 0;
	/** Start lines may be in what was passed before the response that begins. */
	#startsPassed = false;
	#positions = true;
	#closed = false;
	#over = false;
	#failed = false;

	/** `counters` are the connection's: it outlives its readers. */
	constructor(options: Http1Options, sink: Http1Sink, counters: Http1Counters) {
		this.#outlet = new ExchangeOutlet(sink, counters);
		this.#sink = sink;
		const limits = connectionLimitsOf(options);
		this.#limits = limits;
		this.buffer = new SocketBuffer(limits);
		const { bodies = "none" } = options;
		const tap = () => (bodies === "none" ? undefined : makeTap(bodies, options.copy, sink.body?.bind(sink)));
		this.#ingress = new Reader(this.buffer.ingress, this, limits, tap());
		this.#egress = new Reader(this.buffer.egress, this, limits, tap());
		const { diagnostics, onAnomaly } = options;
		this.#tracer = diagnostics || onAnomaly ? new Tracer(diagnostics, onAnomaly) : undefined;
		this.#matcher =
			this.#tracer === undefined || diagnostics === undefined
				? new Matcher(limits.maxPipelined, this)
				: new TracedMatcher(limits.maxPipelined, this, this.#tracer);
		this.#evidence = new OrderEvidence(this.#matcher);
		if (options.role !== undefined) this.#assign(options.role === "server" ? this.#ingress : this.#egress);
	}

	/** The role that was told or learned. */
	get role(): "client" | "server" | undefined {
		if (this.#requests === undefined) return undefined;
		return this.#requests === this.#ingress ? "server" : "client";
	}

	/** True when time alone may change something: call `tick` then. */
	get needsTick(): boolean {
		if (this.#over) return false;
		return this.buffer.ingress.pending + this.buffer.egress.pending > 0 || this.#matcher.mayExpire;
	}

	/** Bytes copied and kept. */
	get retained(): number {
		return this.buffer.retained;
	}

	/** Nothing is under way: `save` tells everything there is to know of it. */
	get idle(): boolean {
		if (this.#over) return true;
		const open = this.#outlet.waiting > 0 || this.#blockedSince >= 0 || this.#forced || this.#tracer !== undefined;
		const parts = [this.#ingress, this.#egress, this.#matcher, this.#evidence.operations, this.buffer];
		return !open && parts.every(({ idle }) => idle);
	}

	/** Puts an idle one into numbers, of which a new one with the same options can be made by `load`. The first is the time. */
	save(into: number[]): void {
		into.push(this.buffer.nowNs);
		this.buffer.save(into);
		this.#matcher.save(into);
		this.#evidence.operations.save(into);
		const requests = this.#requests === undefined ? 0 : this.#direction(this.#requests);
		const synced = (this.#ingress.everSynced ? 1 : 0) | (this.#egress.everSynced ? 2 : 0);
		const flags =
			(this.#evidence.answered ? 1 : 0) | (this.#positions ? 2 : 0) | (this.#over ? 4 : 0) | (this.#closed ? 8 : 0);
		into.push(requests, synced, flags, this.#gapsBefore);
	}

	/** Takes what `save` has put. */
	load(from: number[]): void {
		this.#gapsBefore = from.pop()!;
		const flags = from.pop()!;
		const synced = from.pop()!;
		const requests = from.pop()!;
		if (requests > 0) this.#name(requests === 1 ? this.#ingress : this.#egress);
		this.#ingress.everSynced = (synced & 1) !== 0;
		this.#egress.everSynced = (synced & 2) !== 0;
		this.#evidence.answered = (flags & 1) !== 0;
		this.#positions = (flags & 2) !== 0;
		this.#closed = (flags & 8) !== 0;
		this.#evidence.operations.load(from);
		this.#matcher.load(from);
		this.buffer.load(from);
		this.buffer.nowNs = from.pop()!;
		if ((flags & 4) !== 0) this.#stop();
	}

	/** Requests begun and not handed out. */
	open(): number {
		const answered = this.#responses?.message?.request === undefined ? 0 : 1;
		const unfinished = this.#requests?.message?.alone === undefined ? 0 : 1;
		return this.#matcher.waiting + this.#outlet.waiting + answered + unfinished;
	}

	/** Takes a chunk. Its memory is the caller's again afterwards. */
	append(chunk: Chunk): void {
		if (this.#over) return;
		this.#evidence.operations.note(chunk.dataId, chunk.prevDataId);
		this.#take(chunk);
		if (chunk.offset === undefined) this.#positions = false;
		if (chunk.direction === 1) this.#run(this.#ingress, this.#egress);
		else this.#run(this.#egress, this.#ingress);
		this.buffer.settle();
	}

	#take(chunk: Chunk): void {
		if (this.#tracer?.anomalies === undefined) {
			this.buffer.append(chunk);
			return;
		}
		const reader = chunk.direction === 1 ? this.#ingress : this.#egress;
		const { evicted } = reader.stream.counters;
		this.buffer.append(chunk);
		if (reader.stream.counters.evicted > evicted) this.#tell("error", "LIMIT_PENDING", reader);
	}

	/** Time passes: what has waited long enough is given up. */
	tick(nowNs: number): void {
		if (this.#over) return;
		if (this.buffer.tick(nowNs) || this.#blockedSince >= 0) {
			// There may be several holes, one behind the other.
			do this.#runBoth();
			while (this.buffer.tick(nowNs));
		}
		if (this.#matcher.mayExpire) this.#matcher.expire(this.buffer.nowNs, this.#limits.expireNs);
	}

	/** The connection is over: everything that is left is handed out. */
	close(nowNs: number): void {
		if (this.#closed) return;
		// Responses still wait for requests behind a hole that is given up now.
		if (!this.#over) {
			do this.#runBoth();
			while (this.buffer.close(nowNs));
		}
		this.#closed = true;
		if (this.#over) return;
		if (this.#requests !== undefined) this.#requests.pausedFor = undefined;
		this.#runBoth();
		this.#requests?.close();
		this.#responses?.close();
		this.#matcher.flush("no-response");
		this.#stop();
	}

	/** Requests first, so that their responses find them. */
	#runBoth(): void {
		if (this.#requests === this.#egress) this.#run(this.#egress, this.#ingress);
		else this.#run(this.#ingress, this.#egress);
	}

	#run(first: Reader, second: Reader): void {
		do {
			this.#wake = false;
			first.run();
			if (second.stream.pending > 0) second.run();
			if (!this.#held) continue;
			// The responses have had their turn.
			this.#held = false;
			this.#wake = true;
			this.#forced = this.#matcher.isFull;
		} while (this.#wake);
		// It goes on with what comes next; until then its head's bytes may be moved, or be the caller's again.
		this.#responses?.message?.detach();
	}

	#name(requests: Reader): void {
		this.#requests = this.#evidence.requests = requests;
		this.#responses = requests === this.#ingress ? this.#egress : this.#ingress;
		this.#requests.kind = "request";
		this.#responses.kind = "response";
	}

	#assign(requests: Reader): void {
		this.#name(requests);
		if ((this.#gapsBefore & this.#direction(requests)) !== 0) this.#matcher.lostRequests(false, 0, -1, 0, true);
		const responses = this.#responses!;
		if ((this.#gapsBefore & this.#direction(responses)) !== 0) this.#evidence.lostResponses(responses, false, -1);
		this.#tracer?.tell({ type: "role", role: this.role! });
	}

	#direction(reader: Reader): Direction {
		return reader === this.#ingress ? 1 : 2;
	}

	learn(reader: Reader, response: boolean): boolean {
		if (this.#requests !== undefined) return reader.kind === (response ? "response" : "request");
		this.#assign(response ? (reader === this.#ingress ? this.#egress : this.#ingress) : reader);
		return true;
	}

	admit(firstDataId: number, response: boolean): boolean {
		if (!response) {
			this.#before = this.#requests!.stream.lastDataId;
			return !this.#matcher.isFull || this.#admitRequest(firstDataId);
		}
		const responses = this.#responses!;
		if (responses.starts > 0) {
			this.#startsPassed = true;
			// Now, not when it begins: what may be missing before it decides whether it waits.
			this.#matcher.lostResponses(false, firstDataId, responses.starts);
			responses.starts = 0;
		}
		if (this.#closed || !this.#evidence.mayBeEarly(firstDataId)) {
			this.#blockedSince = -1;
			return true;
		}
		const now = this.buffer.nowNs;
		if (this.#blockedSince < 0) {
			this.#blockedSince = now;
			this.#tracer?.tell({ type: "wait", direction: this.#direction(this.#responses!), dataId: firstDataId });
		}
		const over =
			now - this.#blockedSince >= this.buffer.windowNs || this.buffer.retained > this.#limits.maxPendingBytes;
		if (over) {
			this.#blockedSince = -1;
			this.#cutRequest(this.#requests!, firstDataId);
		}
		return over;
	}

	/** The rest of a request's head is lost when an operation is between it and its response: no bytes behind it need show that. */
	#cutRequest(requests: Reader, responseId: number): void {
		if (requests.strict || requests.state !== START || requests.tried === 0) return;
		// Since its last line it was not looked at: it may be none.
		requests.forgetHead();
		requests.run();
		const { stream } = requests;
		if (requests.tried === 0 || stream.span() !== BYTES) return;
		if (!this.#evidence.operations.isLost(stream.front!.dataId, responseId)) return;
		stream.gather();
		requests.forgetHead();
		cutHead(requests, "head-lost");
		requests.unsync(false, 0);
	}

	/** With many waiting, responses that came before this request are read before it. */
	#admitRequest(firstDataId: number): boolean {
		const { stream } = this.#responses!;
		if (this.#forced || this.#requests!.closed || stream.span() === NONE || stream.front!.dataId > firstDataId) {
			this.#forced = false;
			return true;
		}
		this.#held = true;
		return false;
	}

	begin(reader: Reader, message: HttpMessage): void {
		if (reader === this.#requests) {
			this.#outlet.counters.requestStartsRead++;
			if (this.#blockedSince >= 0) this.#wake = true;
			// It waits for its response, longer than the caller's memory does.
			message.detach();
			this.#matcher.request(message, reader.stream.position - message.headerBytes, reader.starts, this.#before);
			reader.starts = 0;
			return;
		}
		const behindRest = message.guess && message.midOperation && !this.#startsPassed;
		this.#startsPassed = false;
		if (isInformational(message)) {
			this.#matcher.informational(message);
			return;
		}
		if (!this.#evidence.answered) this.#evidence.firstResponse(message.firstDataId);
		if (behindRest) this.#evidence.behindRest(message.firstDataId);
		message.request = this.#matcher.pair(
			message,
			!this.#matcher.inDoubt || this.#evidence.isComplete(message.firstDataId),
		);
		if (message.request === undefined) return;
		if (message.request.mayLackBody) message.anyRequest = true;
		if (!message.request.complete) this.#tell("info", "EARLY_RESPONSE", reader, message);
		this.#settle(message.request);
	}

	#tell(severity: Anomaly["severity"], code: AnomalyCode, reader: Reader, message?: HttpMessage): void {
		this.#tracer?.anomalies?.tell(severity, code, this.#direction(reader), reader.stream, message);
	}

	ended(reader: Reader, message: HttpMessage): void {
		this.#tracer?.anomalies?.message(message, this.#direction(reader), reader.stream);
		if (reader === this.#requests) this.#requestEnd(reader, message);
		else if (!isInformational(message)) this.#responseEnd(reader, message);
	}

	#requestEnd(reader: Reader, request: HttpMessage): void {
		if (request.alone !== undefined) {
			this.#emit(request, undefined, request.alone);
			return;
		}
		const response = this.#outlet.take(request);
		if (response !== undefined) this.#emit(request, response);
		if (!request.settled && (request.isConnect || (request.fields & FIELD.upgrade) !== 0)) reader.pausedFor = request;
	}

	#responseEnd(reader: Reader, response: HttpMessage): void {
		const { request, bodyBytes } = response;
		this.#matcher.responseEnd(response);
		if (response.anyRequest && bodyBytes > 0) {
			// It may have answered HEAD: then what was read as its body was the next responses.
			this.#matcher.lostResponses(false, nextId(reader.stream), mostResponses(bodyBytes));
		}
		if (request === undefined) this.#emit(undefined, response, response.alone);
		else if (request.complete) this.#emit(request, response);
		else this.#outlet.keep(response);
		if (response.status === 101) this.#switch(reader, "upgraded");
		else if (request?.isConnect && response.status < 300) this.#switch(reader, "tunnel");
	}

	lost(reader: Reader, begun: boolean, length: number, lost: boolean): void {
		if (this.#requests === undefined) this.#gapsBefore |= this.#direction(reader);
		else if (reader === this.#responses) this.#evidence.lostResponses(reader, begun, length);
		else {
			const { front, at, position, lastDataId } = reader.stream;
			const here = front !== undefined && front.start <= at && !front.afterUnknownHole;
			this.#matcher.lostRequests(begun, position, length, here ? front.dataId : lastDataId, lost || begun);
		}
	}

	isFirst(reader: Reader): boolean {
		return this.#evidence.isFirst(reader);
	}

	hole(reader: Reader, within: HolePlace, behind: number, length: number, lost: boolean): void {
		if (lost && behind === 0) this.#evidence.explainHole(reader, length);
		this.#tracer?.hole(reader, this.#direction(reader), within, behind, length, lost);
	}

	resync(reader: Reader): void {
		this.#tracer?.resync(reader, this.#direction(reader));
	}

	skip(reader: Reader, position: number): void {
		if (this.#positions) this.#sink.skip?.(this.#direction(reader), position % 4294967296);
	}

	fail(reader: Reader, code: ErrorCode): void {
		if (this.#failed || this.#over) return;
		this.#failed = true;
		const direction = this.#direction(reader);
		const { front, position } = reader.stream;
		const error = {
			type: "error",
			code,
			direction,
			dataId: front?.dataId ?? 0,
			position: position % 4294967296,
		} as const;
		this.#tracer?.anomalies?.stop(code, direction, reader.stream);
		this.#requests?.close();
		this.#responses?.close();
		this.#matcher.flush("reading-stopped");
		this.#stop();
		this.#sink.error?.(error);
		this.#sink.protocol({ kind: "broken", nowNs: this.buffer.nowNs });
		this.#sink.skip?.(1, "all");
		this.#sink.skip?.(2, "all");
	}

	foreign(reader: Reader, kind: "http/2" | "broken"): boolean {
		if (this.#ingress.everSynced || this.#egress.everSynced) return false;
		this.#switch(reader, kind);
		return true;
	}

	#switch(reader: Reader, kind: ProtocolChange["kind"]): void {
		this.#tracer?.anomalies?.change(kind, this.#direction(reader), reader.stream);
		this.#requests?.close();
		this.#matcher.flush("protocol-switched");
		this.#stop();
		this.#sink.protocol({ kind, nowNs: this.buffer.nowNs });
		this.#sink.skip?.(1, "all");
		this.#sink.skip?.(2, "all");
	}

	#stop(): void {
		this.#over = true;
		this.#ingress.stop();
		this.#egress.stop();
		this.buffer.ingress.clear();
		this.buffer.egress.clear();
	}

	#settle(request: HttpMessage): void {
		request.settled = true;
		if (this.#requests?.pausedFor === request) this.#wake = true;
	}

	alone(request: HttpMessage, reason: UnpairedReason): void {
		request.alone = reason;
		this.#settle(request);
		if (request.complete) this.#emit(request, undefined, reason);
	}

	#tellAlone(reader: Reader, why: UnpairedReason, message: HttpMessage): void {
		this.#tracer?.alone(reader, this.#direction(reader), why, message);
	}

	#emit(request: HttpMessage | undefined, response: HttpMessage | undefined, unpaired?: UnpairedReason): void {
		if (unpaired !== undefined) {
			if (request === undefined) this.#tellAlone(this.#responses!, unpaired, response!);
			else this.#tellAlone(this.#requests!, unpaired, request);
		}
		this.#outlet.emit(request, response, unpaired);
	}
}

function isInformational(message: HttpMessage): boolean {
	return message.status < 200 && message.status !== 101;
}
