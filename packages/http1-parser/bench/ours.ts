import { type Chunk, type Direction, NO_BYTES } from "@wirescribe/buffer";
import { HeadTemplates, Http1Connection, type Message, MessageParser, MessageReader } from "../src/index.ts";
import type { Case, Input } from "./cases.ts";
import { Checker, type Contender, type Level } from "./check.ts";

interface MutableChunk extends Chunk {
	dataId: number;
	prevDataId: number;
	offset: number;
	bytes: number;
	payload: Uint8Array;
	startNs: number;
	endNs: number;
}

/** Numbers the operations of one connection, as the capture does; one object is filled again. */
class Numbering {
	nowNs = 1e9;
	readonly #chunks: readonly [MutableChunk, MutableChunk] = [emptyChunk(1), emptyChunk(2)];
	#id = 0;

	next(direction: Direction, payload: Uint8Array): Chunk {
		const chunk = this.#chunks[direction - 1]!;
		chunk.offset = (chunk.offset + chunk.bytes) % 4294967296;
		chunk.payload = payload;
		chunk.bytes = payload.length;
		chunk.prevDataId = this.#id;
		chunk.dataId = ++this.#id;
		chunk.startNs = this.nowNs;
		this.nowNs += 1000;
		chunk.endNs = this.nowNs;
		return chunk;
	}
}

function emptyChunk(direction: Direction): MutableChunk {
	const ids = { direction, dataId: 0, prevDataId: 0, sequence: 0 };
	return { ...ids, offset: 4294960000, bytes: 0, payload: NO_BYTES, startNs: 0, endNs: 0 };
}

type CheckHead = (message: Message) => void;

function headChecker(checker: Checker, level: Level): CheckHead {
	const [a, b, c] = checker.names;
	return (message) => {
		if (level === "strings") checker.flat(message.rawHeaders());
		const { method, target, status } = message;
		checker.head(method, target, status, message.get(a) ?? "", message.get(b) ?? "", message.get(c) ?? "");
	};
}

/** Direction 1 alone, through the push core: no matcher, nothing kept. */
function makeCore(of: Case, level: Level): Contender {
	const checker = new Checker(of, "wirescribe");
	const onHead = headChecker(checker, level);
	const onEnd = (message: Message) => checker.end(message.decodedBodyBytes);
	const parser = new MessageParser(
		of.kind,
		{ onRequestHead: onHead, onResponseHead: onHead, onEnd },
		{ method: "GET", templates: new HeadTemplates() },
	);
	const run = (input: Input) => {
		checker.begin(input);
		for (const bytes of input.views) parser.push(bytes);
		checker.done(false);
	};
	return { name: "wirescribe", checker, run };
}

/** The same through the public layer that returns messages to be kept. */
function makeKept(of: Case): Contender {
	const checker = new Checker(of, "wirescribe");
	const checkHead = headChecker(checker, "kept");
	const reader = new MessageReader(of.kind, { method: "GET", templates: new HeadTemplates() });
	const run = (input: Input) => {
		checker.begin(input);
		for (const bytes of input.views) {
			for (const message of reader.push(bytes)) {
				checkHead(message);
				checker.end(message.decodedBodyBytes);
			}
		}
		checker.done(false);
	};
	return { name: "wirescribe", checker, run };
}

/** Both directions, as they are overheard: chunks with ids, offsets and times, paired. */
function makeObserved(of: Case): Contender {
	const checker = new Checker(of, "wirescribe");
	const checkHead = headChecker(checker, "observed");
	const numbering = new Numbering();
	const asks = of.kind === "request";
	const connection = new Http1Connection(
		{ templates: new HeadTemplates() },
		{
			exchange({ request, response, unpaired, partial }) {
				if (request === undefined || response === undefined || unpaired !== undefined || partial.length > 0) {
					throw new Error(`wirescribe, case ${of.id}: ${unpaired} ${partial.join()}`);
				}
				checkHead(asks ? request : response);
				checker.end((asks ? request : response).decodedBodyBytes);
				if (asks ? response.status === 204 : request.method === "GET") checker.companions++;
			},
			protocol({ kind }) {
				throw new Error(`wirescribe, case ${of.id}: ${kind}`);
			},
		},
	);
	const run = (input: Input) => {
		checker.begin(input);
		if (!asks) connection.append(numbering.next(2, input.companionView));
		for (const bytes of input.views) connection.append(numbering.next(1, bytes));
		if (asks) connection.append(numbering.next(2, input.companionView));
		connection.tick(numbering.nowNs);
		checker.done(true);
	};
	return { name: "wirescribe", checker, run };
}

/** This package's contender at a level. */
export function makeOurs(of: Case, level: Level): Contender {
	if (level === "observed") return makeObserved(of);
	return level === "kept" ? makeKept(of) : makeCore(of, level);
}
