/**
 * The words of ctnetlink: requests for one tuple, and answers. Pure: no socket here.
 *
 *     nlmsghdr: u32 length, u16 type, u16 flags, u32 sequence, u32 port     host order
 *     nfgenmsg: u8 family, u8 version, u16 resource
 *     attributes: u16 length, u16 type, value, padding to 4                 values in network order
 */
import { unmapped } from "./address.ts";
import type { ConntrackEntry, LookupResult, LookupTuple, MissReason, Tuple } from "./tuple.ts";

const NLMSG_ERROR = 2;
const NLM_F_REQUEST = 1;
const NLM_HEAD = 16;
const MESSAGE_HEAD = 20;
/** Subsystem ctnetlink, message get. */
const CT_GET = 0x0101;
/** Subsystem ctnetlink, message new: an entry. */
const CT_NEW = 0x0100;
/** Subsystem ctnetlink, message delete: an entry that is no more. */
const CT_DELETE = 0x0102;
const NLM_F_CREATE = 0x400;
const NESTED = 0x8000;
const TYPE_MASK = 0x3fff;

const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_STATUS = 3;
const CTA_TIMEOUT = 7;
const CTA_MARK = 8;
const CTA_ZONE = 18;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;

const IPPROTO_TCP = 6;
const AF_INET = 2;
const AF_INET6 = 10;

const EPERM = 1;
const ENOENT = 2;
const EINVAL = 22;
const EOPNOTSUPP = 95;
const EPROTONOSUPPORT = 93;

/** The longest request, IPv6 with a zone, rounded up. */
export const REQUEST_BYTES = 128;

/** Writes the request for one tuple at `at`; returns its end. */
export function writeRequest(view: DataView, at: number, tuple: LookupTuple, sequence: number): number {
	const src = unmapped(tuple.src);
	const dst = unmapped(tuple.dst);
	const v4 = src.length === 4;
	view.setUint16(at + 4, CT_GET, true);
	view.setUint16(at + 6, NLM_F_REQUEST, true);
	view.setUint32(at + 8, sequence, true);
	view.setUint32(at + 12, 0, true);
	view.setUint32(at + 16, v4 ? AF_INET : AF_INET6, true);
	const orig = at + MESSAGE_HEAD;
	let end = orig + 8;
	end = writeBytes(view, end, v4 ? 1 : 3, src);
	end = writeBytes(view, end, v4 ? 2 : 4, dst);
	writeHead(view, orig + 4, end, CTA_TUPLE_IP | NESTED);
	const proto = end;
	view.setUint16(proto + 4, 5, true);
	view.setUint16(proto + 6, 1, true);
	view.setUint32(proto + 8, IPPROTO_TCP, true);
	end = writeU16(view, proto + 12, 2, tuple.sport);
	end = writeU16(view, end, 3, tuple.dport);
	writeHead(view, proto, end, CTA_TUPLE_PROTO | NESTED);
	writeHead(view, orig, end, CTA_TUPLE_ORIG | NESTED);
	if (tuple.zone) end = writeU16(view, end, CTA_ZONE, tuple.zone);
	view.setUint32(at, end - at, true);
	return end;
}

function writeHead(view: DataView, at: number, end: number, type: number): void {
	view.setUint16(at, end - at, true);
	view.setUint16(at + 2, type, true);
}

function writeBytes(view: DataView, at: number, type: number, bytes: Uint8Array): number {
	writeHead(view, at, at + 4 + bytes.length, type);
	for (let i = 0; i < bytes.length; i++) view.setUint8(at + 4 + i, bytes[i]!);
	return at + 4 + bytes.length;
}

function writeU16(view: DataView, at: number, type: number, value: number): number {
	writeHead(view, at, at + 6, type);
	view.setUint16(at + 4, value);
	view.setUint16(at + 6, 0);
	return at + 8;
}

type EachMessage = (view: DataView, type: number, at: number, length: number) => void;

/** The messages of a datagram that have a whole head. */
function eachMessage(bytes: Uint8Array, each: EachMessage): void {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	let at = 0;
	while (at + NLM_HEAD <= bytes.length) {
		const length = view.getUint32(at, true);
		if (length < NLM_HEAD || at + length > bytes.length) return;
		if (length >= MESSAGE_HEAD) each(view, view.getUint16(at + 4, true), at, length);
		at += (length + 3) & ~3;
	}
}

/** Hands each answer of a datagram over, with the sequence number of its request. */
export function readAnswers(bytes: Uint8Array, answer: (sequence: number, result: LookupResult) => void): void {
	eachMessage(bytes, (view, type, at, length) => {
		const sequence = view.getUint32(at + 8, true);
		if (type === NLMSG_ERROR) {
			const error = -view.getInt32(at + NLM_HEAD, true);
			if (error !== 0) answer(sequence, { miss: missReason(error) });
		} else if (type === CT_NEW) {
			answer(sequence, readEntry(view, at + MESSAGE_HEAD, at + length).result);
		}
	});
}

/** Hands each event of a datagram over that is about a TCP connection. */
export function readEvents(
	bytes: Uint8Array,
	sink: { created(entry: ConntrackEntry): void; destroyed(entry: ConntrackEntry): void },
): void {
	eachMessage(bytes, (view, type, at, length) => {
		const created = type === CT_NEW && (view.getUint16(at + 6, true) & NLM_F_CREATE) !== 0;
		if (!created && type !== CT_DELETE) return;
		const { result, protocol } = readEntry(view, at + MESSAGE_HEAD, at + length);
		if (protocol !== IPPROTO_TCP || "miss" in result) return;
		if (created) sink.created(result);
		else sink.destroyed(result);
	});
}

function missReason(error: number): MissReason {
	if (error === ENOENT) return "no-entry";
	if (error === EPERM) return "not-permitted";
	return error === EINVAL || error === EOPNOTSUPP || error === EPROTONOSUPPORT ? "no-module" : "busy";
}

function readEntry(view: DataView, from: number, to: number): { result: LookupResult; protocol: number } {
	let original: ProtocolTuple | undefined;
	let reply: ProtocolTuple | undefined;
	const numbers = { status: 0, mark: 0, zone: 0, timeoutSeconds: 0 };
	eachAttribute(view, from, to, (type, at, end) => {
		if (type === CTA_TUPLE_ORIG) original = readTuple(view, at, end);
		else if (type === CTA_TUPLE_REPLY) reply = readTuple(view, at, end);
		else if (type === CTA_STATUS) numbers.status = view.getUint32(at);
		else if (type === CTA_TIMEOUT) numbers.timeoutSeconds = view.getUint32(at);
		else if (type === CTA_MARK) numbers.mark = view.getUint32(at);
		else if (type === CTA_ZONE) numbers.zone = view.getUint16(at);
	});
	if (!original || !reply) return { result: { miss: "busy" }, protocol: 0 };
	return { result: { original: original.tuple, reply: reply.tuple, ...numbers }, protocol: original.protocol };
}

interface ProtocolTuple {
	readonly tuple: Tuple;
	readonly protocol: number;
}

function readTuple(view: DataView, from: number, to: number): ProtocolTuple {
	let protocol = 0;
	const tuple = { src: new Uint8Array(0), dst: new Uint8Array(0), sport: 0, dport: 0 };
	const bytes = (at: number, end: number): Uint8Array<ArrayBuffer> =>
		new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset + at, end - at).slice();
	eachAttribute(view, from, to, (group, groupAt, groupEnd) => {
		eachAttribute(view, groupAt, groupEnd, (type, at, end) => {
			if (group === CTA_TUPLE_IP && (type === 1 || type === 3)) tuple.src = bytes(at, end);
			else if (group === CTA_TUPLE_IP && (type === 2 || type === 4)) tuple.dst = bytes(at, end);
			else if (group === CTA_TUPLE_PROTO && type === 1) protocol = view.getUint8(at);
			else if (group === CTA_TUPLE_PROTO && type === 2) tuple.sport = view.getUint16(at);
			else if (group === CTA_TUPLE_PROTO && type === 3) tuple.dport = view.getUint16(at);
		});
	});
	return { tuple, protocol };
}

function eachAttribute(
	view: DataView,
	from: number,
	to: number,
	take: (type: number, at: number, end: number) => void,
): void {
	let at = from;
	while (at + 4 <= to) {
		const length = view.getUint16(at, true);
		if (length < 4 || at + length > to) return;
		take(view.getUint16(at + 2, true) & TYPE_MASK, at + 4, at + length);
		at += (length + 3) & ~3;
	}
}
