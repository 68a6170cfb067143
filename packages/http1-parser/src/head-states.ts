import { BYTES, CUT, HOLE, NONE, type Span } from "@wirescribe/buffer";
import { ChunkedBody } from "./chunked.ts";
import { type ErrorCode, objection } from "./errors.ts";
import { bodyOf } from "./framing.ts";
import { isBelievable, scanHead } from "./head.ts";
import type { HttpMessage } from "./http-message.ts";
import * as LENIENT from "./lenient.ts";
import { hasLineEnd, isHttp2 } from "./lines.ts";
import type { Reader } from "./reader.ts";
import { CHUNKED, CLOSE, LENGTH } from "./reader-state.ts";
import type { PartialReason } from "./reasons.ts";
import { INCOMPLETE, INVALID } from "./scan.ts";
import { takeCutRequestLine } from "./start-line.ts";

const SLASH = 47;

export function readHead(reader: Reader): boolean {
	const stream = reader.stream;
	const span = stream.span();
	if (span === NONE) return false;
	if (span !== BYTES) return passGap(reader);
	const { bytes, from, to } = stream;
	if (reader.tried === 0 && (bytes[from] === 13 || bytes[from] === 10)) {
		let i = from + 1;
		while (i < to && (bytes[i] === 13 || bytes[i] === 10)) i++;
		reader.crlf = true;
		reader.candidate ||= atOperation(reader) || hasLineEnd(bytes, from, i);
		stream.advance(i - from);
		return true;
	}
	if (!reader.synced && !reader.candidate && !atOperation(reader)) return search(reader);
	const head = reader.draft ?? reader.newHead();
	head.guess = !reader.synced;
	let end = reader.tried === 0 ? scan(reader, head, bytes, from, to, 0) : INCOMPLETE;
	let ends: Span = NONE;
	if (end === INCOMPLETE) {
		ends = stream.gather();
		end = scanAgain(reader, head, to - from, ends);
	}
	if (end < 0) reader.draft = head;
	if (end === INCOMPLETE) {
		if (ends === NONE && reader.tried <= reader.limits.maxHeaderBytes) return false;
		return cutHead(reader, ends === NONE ? "head-too-long" : ends === HOLE ? "head-lost" : "head-not-captured");
	}
	if (end === INVALID || !isGoodGuess(reader, head) || !reader.host.learn(reader, head.response)) {
		if (end !== INVALID && reader.mayRead(head)) passUnbelieved(reader, end - stream.from);
		return passInvalid(reader);
	}
	if (!reader.host.admit(stream.front!.dataId, head.response)) {
		reader.forgetHead();
		return false;
	}
	beginMessage(reader, head, end - stream.from);
	return true;
}

/** An operation begins at the read position, not only a piece of one. */
export function atOperation({ stream }: Reader): boolean {
	const front = stream.front!;
	return stream.at === front.start && front.sequence === 0;
}

/** Bodies may have start lines in them, or end right before one: where a head is only guessed it must be a good one. */
function isGoodGuess(reader: Reader, head: HttpMessage): boolean {
	if (reader.synced) return true;
	if (!isBelievable(head)) return false;
	if (reader.mayRead(head)) reader.host.resync?.(reader);
	return true;
}

/** Goes on with an unfinished head when that can change something: linear in its bytes, however they come. */
export function scanAgain(reader: Reader, head: HttpMessage, alone: number, ends: Span): number {
	const { bytes, from, to } = reader.stream;
	const have = to - from;
	const first = reader.tried === 0;
	// What follows a line end tells whether a line begins, or the head ends, or is none.
	const fresh = from + Math.max(0, reader.tried - 2);
	reader.tried = have;
	const enough = ends !== NONE || head.template !== undefined || have >= reader.scanned * 2;
	const worth = first ? have > alone : enough || hasLineEnd(bytes, fresh, to);
	if (worth || first) reader.scanned = have;
	return worth ? scan(reader, head, bytes, from, to, head.resume) : INCOMPLETE;
}

/** Reads a head, by a template where one may be used. */
function scan(reader: Reader, head: HttpMessage, bytes: Uint8Array, from: number, to: number, resume: number): number {
	const end = reader.limits.templates?.scan(reader, head, bytes, from, to, resume);
	return end ?? scanHead(head, bytes, from, to, resume);
}

function beginMessage(reader: Reader, message: HttpMessage, bytes: number): void {
	takeHead(reader, message, bytes, bytes);
	reader.host.begin(reader, message);
	const body = bodyOf(message);
	if (reader.strict) {
		const code = objection(message);
		if (code !== undefined) {
			reader.fail(code);
			return;
		}
	}
	switch (body) {
		case "none":
			reader.finish(message);
			break;
		case "length":
			reader.left = message.contentLength;
			message.bodyBytes = message.decodedBodyBytes = reader.left;
			reader.hinted = false;
			reader.state = LENGTH;
			break;
		case "chunked":
			reader.chunked = new ChunkedBody(reader.limits.maxChunkLine, reader.limits.maxTrailerBytes);
			reader.state = CHUNKED;
			break;
		case "close":
			if (message.request === undefined) endless(reader, message);
			else reader.state = CLOSE;
			break;
		default:
			reader.broken(message);
	}
}

/** The next `bytes` bytes are its head; of a cut one, `textBytes` are whole lines. */
function takeHead(reader: Reader, message: HttpMessage, bytes: number, textBytes: number): void {
	const { stream, limits } = reader;
	message.begin(stream.bytes, stream.from, bytes, stream.front!, textBytes);
	if (message.headerCount > limits.maxHeaders || message.headersStart > limits.maxStartLine) {
		message.limit(limits.maxHeaders, limits.maxStartLine);
	}
	message.midOperation = !atOperation(reader);
	stream.advance(bytes);
	if (reader.crlf) message.lenient |= LENIENT.leadingCrlf;
	reader.message = message;
	reader.crlf = reader.candidate = false;
	reader.synced = reader.everSynced = true;
	reader.draft = undefined;
	reader.tried = reader.unsynced = 0;
	reader.touch(message);
}

/** A gap where a message should begin. One of unknown length may be none at all. */
function passGap(reader: Reader): boolean {
	const { stream } = reader;
	if (stream.length < 0 && reader.synced && reader.host.isFirst?.(reader)) {
		stream.advance(-1);
		return true;
	}
	if (reader.missing("between", 0, stream.length, stream.span() === HOLE)) return true;
	reader.unsync(reader.synced && stream.length > 0, stream.length);
	stream.advance(stream.length);
	return true;
}

/** A head that ends in a gap or does not end: what is whole of it is told. */
export function cutHead(reader: Reader, reason: PartialReason): boolean {
	const stream = reader.stream;
	const { bytes, from, to } = stream;
	const missing = reason === "head-lost" || reason === "head-not-captured";
	if (missing && reader.missing("head", to - from, -1, reason === "head-lost")) return true;
	if (reader.strict && reason === "head-too-long") return reader.fail("HPE_HEADER_OVERFLOW");
	const message = reader.nextHead(!reader.synced);
	if (scanHead(message, bytes, from, to) === INVALID) return passInvalid(reader);
	const inStartLine = message.headersStart === 0;
	if (!isCutHead(reader, message) || !reader.host.learn(reader, message.response)) {
		if (reader.synced) reader.unsync(true, to - from);
		else if (missing) passUnbelieved(reader, to - from);
		reader.candidate = false;
		reader.forgetHead();
		stream.advance(to - from);
		return true;
	}
	if (!reader.host.admit(stream.front!.dataId, message.response)) return false;
	takeHead(reader, message, to - from, inStartLine ? to - from : bytes.lastIndexOf(10, to - 1) + 1 - from);
	message.addPartial(reason);
	reader.host.begin(reader, message);
	reader.finish(message);
	if (missing) passCut(reader);
	else reader.derail();
	return true;
}

/** A message begins here, or, where that is not certain, as much of a head as makes a whole one believable. */
function isCutHead(reader: Reader, head: HttpMessage): boolean {
	const inStartLine = head.headersStart === 0;
	if (reader.synced) return !inStartLine || isCutRequest(reader, head);
	return !inStartLine && atOperation(reader) && reader.mayRead(head) && isBelievable(head);
}

/** What looks like a head may be one, though it is not believed. */
function passUnbelieved(reader: Reader, bytes: number): void {
	if (!reader.synced) reader.lose(false, bytes, true);
}

/**
 * The start line itself is cut: a request all the same where one must begin. Before it is known who asks, its method and
 * the first byte of its target must show that it is one; a byte or two that the end left behind are none.
 */
function isCutRequest(reader: Reader, head: HttpMessage): boolean {
	const { bytes, from, to } = reader.stream;
	if (reader.kind === "response" || !takeCutRequestLine(head, bytes, from, to)) return false;
	if (head.methodEnd === 0 && reader.closed) return false;
	if (reader.kind === "request") return true;
	const target = from + head.partStart;
	return target < to && bytes[target] === SLASH && head.knownMethod !== "";
}

/** What was not captured behind a cut head is its own rest and its body; other messages where several come at once. */
function passCut(reader: Reader): void {
	const { stream } = reader;
	reader.guess();
	reader.candidate = false;
	if (stream.span() !== CUT) return;
	reader.lose(false, stream.length, false);
	stream.advance(stream.length);
}

/** No head begins here. */
function passInvalid(reader: Reader): boolean {
	const { bytes, from, to } = reader.stream;
	if (isHttp2(bytes, from, to) && reader.host.foreign(reader, "http/2")) return true;
	if (reader.strict) return reader.fail(invalidCode(reader));
	// What a stream begins with, before its first head, is no lost message: a proxy's line, the rest of a body.
	if (reader.synced && reader.everSynced) reader.derail();
	reader.synced = reader.candidate = false;
	reader.forgetHead();
	return search(reader);
}

function invalidCode(reader: Reader): ErrorCode {
	const { draft } = reader;
	if (draft?.lfExpected) return "HPE_LF_EXPECTED";
	if (draft !== undefined && draft.headersStart > 0 && reader.mayRead(draft)) return "HPE_INVALID_HEADER_TOKEN";
	return reader.kind === "response" ? "HPE_INVALID_CONSTANT" : "HPE_INVALID_METHOD";
}

function mayBegin(reader: Reader, bytes: Uint8Array, at: number, to: number): boolean {
	const head = reader.nextHead(true);
	return scanHead(head, bytes, at, to) !== INVALID && (head.headersStart === 0 || reader.mayRead(head));
}

/** Looks for a believable head at the beginning of a line. */
function search(reader: Reader): boolean {
	const stream = reader.stream;
	if (stream.span() !== BYTES) return true;
	const { bytes, from, to } = stream;
	let at = bytes.indexOf(10, from) + 1;
	for (; at > 0 && at < to; at = bytes.indexOf(10, at) + 1) {
		// An empty line, or what is left of one, is passed where heads are read, as when it comes as a piece of its own.
		if (bytes[at] !== 13 && !mayBegin(reader, bytes, at, to)) continue;
		reader.candidate = true;
		reader.passOver(bytes, from, at);
		stream.advance(at - from);
		return true;
	}
	// The next piece may begin with a line.
	reader.candidate = bytes[to - 1] === 10;
	reader.unsynced += to - from;
	reader.passOver(bytes, from, to);
	stream.advance(to - from);
	if (reader.unsynced > reader.limits.maxUnsyncedBytes) reader.host.foreign(reader, "broken");
	return true;
}

/** No length, and no request that says whether there is a body: it may answer HEAD, or last until the end. */
function endless(reader: Reader, message: HttpMessage): void {
	message.addPartial("end-not-seen");
	reader.finish(message);
	reader.derail();
	reader.candidate = true;
}
