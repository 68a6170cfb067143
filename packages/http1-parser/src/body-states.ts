import { BYTES, HOLE, NONE } from "@wirescribe/buffer";
import { chunkedEnd } from "./chunked.ts";
import { isBelievable, scanHead } from "./head.ts";
import { atOperation, scanAgain } from "./head-states.ts";
import type { HttpMessage } from "./http-message.ts";
import * as LENIENT from "./lenient.ts";
import type { Reader } from "./reader.ts";
import { BLIND, CLOSE, LENGTH } from "./reader-state.ts";
import { INCOMPLETE, INVALID } from "./scan.ts";
import { isPrefixOf } from "./start-line.ts";

export function readLength(reader: Reader): boolean {
	const stream = reader.stream;
	const message = reader.message!;
	if (message.anyRequest && reader.left === message.contentLength) {
		const end = nextHead(reader);
		if (end === INCOMPLETE) return false;
		if (end !== INVALID) {
			bodyless(reader, message);
			return true;
		}
	}
	reader.left -= pass(reader, message, reader.left);
	while (reader.left > 0) {
		if (stream.span() === NONE) {
			const far = !reader.hinted && reader.left >= reader.limits.skipHintBytes;
			if (far && reader.tap?.wantsBytes(message) !== true) {
				reader.hinted = true;
				reader.host.skip(reader, stream.position + reader.left);
			}
			return false;
		}
		message.addPartial("body-bytes-lost");
		if (reader.missing("body", 0, stream.length, true)) return true;
		if (stream.length < 0) return lostTrack(reader, message);
		const step = Math.min(stream.length, reader.left);
		stream.advance(step);
		reader.tap?.missing(message, step);
		reader.left -= step + pass(reader, message, reader.left - step);
	}
	reader.finish(message);
	if (message.anyRequest && message.alone !== undefined) reader.guess();
	return true;
}

/** A response to a request nobody saw may be one to HEAD: then another head follows instead of the announced body. */
function bodyless(reader: Reader, message: HttpMessage): void {
	message.bodyBytes = message.decodedBodyBytes = 0;
	message.lenient |= LENIENT.headResponseAssumed;
	reader.finish(message);
	if (message.alone !== undefined) reader.guess();
}

/** Whether a head begins at the read position, in a body: `INVALID` for none, `INCOMPLETE` while that cannot be told. */
function nextHead(reader: Reader): number {
	const { stream } = reader;
	const span = stream.span();
	if (span === NONE && !reader.closed) return INCOMPLETE;
	if (span !== BYTES) return INVALID;
	const head = reader.nextHead(true);
	const { bytes, from, to } = stream;
	let end = reader.tried === 0 ? scanHead(head, bytes, from, to) : INCOMPLETE;
	let over = true;
	if (end === INCOMPLETE) {
		// Joining may move what the message's own head is read from.
		reader.message!.detach();
		const ends = stream.gather();
		end = scanAgain(reader, head, to - from, ends);
		over = ends !== NONE || reader.closed || reader.tried > reader.limits.maxHeaderBytes;
	}
	const begins = isPrefixOf(stream.bytes, stream.from, stream.to);
	if (end === INCOMPLETE && !over && (begins || reader.kind === "request")) return INCOMPLETE;
	// What begins like no response at all is a body.
	reader.message!.anyRequest &&= begins;
	reader.forgetHead();
	if (end < 0 || !reader.mayRead(head)) return INVALID;
	return isBelievable(head) ? end : INVALID;
}

/** Reads body bytes; returns how many. */
function pass(reader: Reader, message: HttpMessage, count: number): number {
	return reader.tap === undefined ? reader.stream.skip(count) : reader.tap.skip(reader.stream, message, count);
}

/** A hole of unknown length inside a body: its end cannot be known. */
function lostTrack(reader: Reader, message: HttpMessage): boolean {
	reader.tap?.missing(message, -1);
	message.addPartial("end-not-seen");
	reader.finish(message);
	reader.unsync(false, -1);
	reader.stream.advance(-1);
	return true;
}

export function readChunks(reader: Reader): boolean {
	const message = reader.message!;
	const body = reader.chunked!;
	const state = body.read(reader.stream, reader.tap, message);
	message.bodyBytes = body.wireBytes;
	message.decodedBodyBytes = body.decodedBytes;
	message.trailerText = body.trailers;
	if (body.lostBytes > 0) {
		message.addPartial("body-bytes-lost");
		if (reader.missing("body", body.lostAt - reader.stream.at, body.lostBytes, true)) return true;
		body.lostBytes = 0;
	}
	if (state === "more") return false;
	if (state === "broken") reader.broken(message, body.tooLong ? "chunk-line-too-long" : "framing-error");
	else if (state === "done") {
		// Another head is no chunk line.
		message.anyRequest = false;
		reader.finish(message);
	} else {
		message.addPartial("chunk-lines-not-captured");
		if (reader.missing("chunk-lines", 0, reader.stream.length, state === "lost")) return true;
		reader.tap?.missing(message, -1);
		if (state !== "lost") reader.lose(false, reader.stream.length, false);
		reader.state = BLIND;
		reader.mayBeOver = false;
	}
	return true;
}

/** A chunked body whose chunk lines were not all seen: an operation that ends like one ends it, or the next head. */
export function readBlind(reader: Reader): boolean {
	const stream = reader.stream;
	const message = reader.message!;
	const span = stream.span();
	if (span === NONE) return false;
	if (span === HOLE) {
		message.addPartial("body-bytes-lost");
		if (reader.missing("chunk-lines", 0, stream.length, true)) return true;
		reader.lose(false, stream.length, true);
		if (stream.length < 0) return lostTrack(reader, message);
		message.bodyBytes = message.decodedBodyBytes = message.bodyBytes + stream.length;
		stream.advance(stream.length);
		return true;
	}
	const piece = stream.front!;
	const begins = atOperation(reader) && message.firstDataId !== piece.dataId ? nextHead(reader) : INVALID;
	if (begins === INCOMPLETE) return false;
	if (begins !== INVALID) {
		message.addPartial("end-not-seen");
		reader.finish(message);
		reader.guess();
		return true;
	}
	const end = chunkedEnd(stream.ending());
	const step = piece.end - stream.at;
	if (reader.mayBeOver) reader.lose(false, step, true);
	else reader.mayBeOver = end === "perhaps";
	if (span !== BYTES || stream.to - stream.from < step) reader.starts = Number.POSITIVE_INFINITY;
	else reader.passOver(stream.bytes, stream.from, stream.to);
	stream.advance(step);
	message.bodyBytes = message.decodedBodyBytes = message.bodyBytes + step;
	if (end !== "yes") return true;
	reader.finish(message);
	reader.guess();
	return true;
}

/** A body that ends with the connection, or bytes that are nobody's any more. */
export function readUntilClose(reader: Reader): boolean {
	const stream = reader.stream;
	const message = reader.message;
	const span = stream.span();
	if (span === NONE) return false;
	if (message === undefined) {
		if (span === HOLE) stream.advance(stream.length);
		else stream.skip(Number.MAX_SAFE_INTEGER);
		return true;
	}
	let step = stream.length;
	if (span === HOLE) {
		message.addPartial("body-bytes-lost");
		if (reader.missing("body", 0, step, true)) return true;
		stream.advance(step);
		reader.tap?.missing(message, step);
	} else step = pass(reader, message, stream.front!.end - stream.at);
	if (step > 0) message.bodyBytes = message.decodedBodyBytes = message.bodyBytes + step;
	return true;
}

export function closeMessage(reader: Reader): void {
	const message = reader.message;
	if (message === undefined) return;
	if (reader.state !== CLOSE) {
		message.addPartial("cut-by-close");
		if (reader.state === LENGTH) {
			message.bodyBytes = message.decodedBodyBytes = message.contentLength - reader.left;
		}
	}
	reader.finish(message);
}
