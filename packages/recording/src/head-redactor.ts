import { type Framing, FramingHeaders, isKept } from "./header-fields.ts";
import { isMethodByte } from "./start-line.ts";

const X = 0x78;
const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const AND = 0x26;
const EQUALS = 0x3d;
const QUESTION = 0x3f;
const HASH = 0x23;

const MAX_TOKEN = 24;
const MAX_NAME = 256;
/** Of a header that frames: longer ones are not numbers or codings. */
const MAX_VALUE = 256;

const VERSION: Uint8Array = new TextEncoder().encode("HTTP/1.");
const SCHEME = /^https?:\/\//i;

/** RFC 9110 token characters, by code. */
const TOKEN: readonly boolean[] = Array.from({ length: 128 }, (_, code) =>
	/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)),
);

type Step =
	| "token"
	| "target"
	| "path"
	| "query"
	| "query-value"
	| "target-blank"
	| "version"
	| "status"
	| "reason"
	| "line"
	| "name"
	| "lead"
	| "value";

/** Redacts the head of a message, or the trailer of a chunked body, however it is cut into pieces. */
export class HeadRedactor {
	state: "reading" | "done" | "broken" = "done";
	/** Of a response; 0 in a request. */
	status = 0;
	/** Of a request. */
	method = "";
	#step: Step = "token";
	#text = "";
	#name = "";
	#count = 0;
	#crSeen = false;
	#headers: FramingHeaders = new FramingHeaders();

	begin(): void {
		this.state = "reading";
		this.status = 0;
		this.method = "";
		this.#text = "";
		this.#name = "";
		this.#step = "token";
		this.#headers = new FramingHeaders();
	}

	beginTrailer(): void {
		this.begin();
		this.#line();
	}

	/** How the body that follows is framed. */
	framing(): Framing {
		return this.#headers.framing();
	}

	/** Redacts bytes until the head is done or broken; returns the place behind the last byte that was handled. */
	redact(bytes: Uint8Array, from: number, to: number): number {
		let at = from;
		while (at < to && this.state === "reading") at = this.#next(bytes, at, to);
		return at;
	}

	#next(bytes: Uint8Array, at: number, to: number): number {
		switch (this.#step) {
			case "token":
				return this.#inToken(bytes, at);
			case "target":
				return this.#targetStarts(bytes, at, to);
			case "path":
				return this.#inPath(bytes, at, to);
			case "query":
				return this.#queryName(bytes, at, to);
			case "query-value":
			case "target-blank":
				return this.#inQueryValue(bytes, at, to);
			case "version":
				return this.#inVersion(bytes, at);
			case "status":
				return this.#inStatus(bytes, at);
			case "reason":
				return this.#inReason(bytes, at, to);
			case "line":
				return this.#lineStarts(bytes, at);
			case "name":
				return this.#inName(bytes, at, to);
			default:
				return this.#inValue(bytes, at, to);
		}
	}

	#break(at: number): number {
		this.state = "broken";
		return at;
	}

	#line(): void {
		this.#step = "line";
		this.#crSeen = false;
	}

	/** Method, or version of a response. */
	#inToken(bytes: Uint8Array, at: number): number {
		const byte = bytes[at]!;
		if (byte === SPACE) return this.#tokenEnds(at);
		const version = this.#text.startsWith("HTTP") && (byte === 0x2f || byte === 0x2e || isDigit(byte));
		if ((!isMethodByte(byte) && !version) || this.#text.length >= MAX_TOKEN) return this.#break(at);
		this.#text += String.fromCharCode(byte);
		return at + 1;
	}

	#tokenEnds(at: number): number {
		this.#count = 0;
		if (/^HTTP\/1\.\d$/.test(this.#text)) this.#step = "status";
		else if (this.#text === "" || this.#text.includes("/")) return this.#break(at);
		else {
			this.method = this.#text;
			this.#step = "target";
		}
		return at + 1;
	}

	/** `/path`, `*`, `host:port` of CONNECT, or an absolute URL whose user and password must not stay. */
	#targetStarts(bytes: Uint8Array, at: number, to: number): number {
		if (bytes[at] === 0x2f || bytes[at] === 0x2a) {
			this.#step = "path";
			return at;
		}
		let end = at;
		while (end < to && bytes[end]! > SPACE) end++;
		const target = latin1(bytes, at, Math.min(end, at + 512));
		const scheme = SCHEME.exec(target)?.[0].length ?? 0;
		if (scheme === 0 && this.method !== "CONNECT" && (end < to || !"https://".startsWith(target.toLowerCase()))) {
			return this.#break(at);
		}
		const authorityEnd = target.slice(scheme).search(/[/?#]/);
		const whole = authorityEnd >= 0 || (end < to && target.length === end - at);
		if ((scheme === 0 && this.method !== "CONNECT") || !whole) {
			// Who knows whether an @ follows in the next operation.
			this.#step = "target-blank";
			return at;
		}
		const authority = authorityEnd < 0 ? target.length : scheme + authorityEnd;
		const userEnd = target.lastIndexOf("@", authority - 1);
		if (userEnd > scheme) bytes.fill(X, at + scheme, at + userEnd);
		this.#step = "path";
		return at + authority;
	}

	#inPath(bytes: Uint8Array, from: number, to: number): number {
		let at = from;
		while (at < to && bytes[at]! > SPACE && bytes[at] !== QUESTION && bytes[at] !== HASH) at++;
		if (at === to) return at;
		const byte = bytes[at]!;
		if (byte === SPACE) this.#step = "version";
		else if (byte === QUESTION) this.#step = "query";
		else if (byte === HASH) this.#step = "target-blank";
		else if (byte === CR || byte === LF) return this.#break(at);
		return at + 1;
	}

	/** A name stays if its `=` is in sight: without one it may be a secret itself. */
	#queryName(bytes: Uint8Array, at: number, to: number): number {
		let end = at;
		while (end < to && bytes[end]! > SPACE && bytes[end] !== EQUALS && bytes[end] !== AND && bytes[end] !== HASH) end++;
		this.#step = "query-value";
		if (end === to || bytes[end] !== EQUALS) {
			bytes.fill(X, at, end);
			return end;
		}
		return end + 1;
	}

	#inQueryValue(bytes: Uint8Array, from: number, to: number): number {
		for (let at = from; at < to; at++) {
			const byte = bytes[at]!;
			if (byte === SPACE) this.#step = "version";
			else if (byte === CR || byte === LF) return this.#break(at);
			else if (byte === AND && this.#step === "query-value") this.#step = "query";
			else {
				if (byte === HASH) this.#step = "target-blank";
				bytes[at] = X;
				continue;
			}
			return at + 1;
		}
		return to;
	}

	#inVersion(bytes: Uint8Array, at: number): number {
		const byte = bytes[at]!;
		const position = this.#count++;
		if (position < VERSION.length ? byte === VERSION[position] : position === VERSION.length && isDigit(byte)) {
			return at + 1;
		}
		return position > VERSION.length ? this.#lineEnds(byte, at) : this.#break(at);
	}

	#inStatus(bytes: Uint8Array, at: number): number {
		const byte = bytes[at]!;
		if (this.#count++ < 3) {
			if (!isDigit(byte)) return this.#break(at);
			this.status = this.status * 10 + byte - 0x30;
			return at + 1;
		}
		if (byte !== SPACE) return this.#lineEnds(byte, at);
		this.#step = "reason";
		return at + 1;
	}

	#inReason(bytes: Uint8Array, from: number, to: number): number {
		let at = from;
		for (; at < to && bytes[at] !== LF; at++) if (bytes[at] !== CR) bytes[at] = X;
		if (at === to) return at;
		this.#line();
		return at + 1;
	}

	#lineEnds(byte: number, at: number): number {
		if (byte === LF) this.#line();
		else if (byte !== CR) return this.#break(at);
		return at + 1;
	}

	/** A header, the end of the head, or more of the header before (folded). */
	#lineStarts(bytes: Uint8Array, at: number): number {
		const byte = bytes[at]!;
		if (byte === LF) this.state = "done";
		else if (this.#crSeen) return this.#break(at);
		else if (byte === CR) this.#crSeen = true;
		else if (byte === SPACE || byte === TAB) return this.#folds(at);
		else {
			this.#name = "";
			this.#step = "name";
			return at;
		}
		return at + 1;
	}

	#folds(at: number): number {
		if (this.#name === "" || isFraming(this.#name)) return this.#break(at);
		this.#step = "lead";
		return at;
	}

	#inName(bytes: Uint8Array, from: number, to: number): number {
		let at = from;
		while (at < to && TOKEN[bytes[at]!]) at++;
		this.#name += latin1(bytes, from, Math.min(at, from + MAX_NAME)).toLowerCase();
		if (at - from + this.#name.length > MAX_NAME * 2 || this.#name.length > MAX_NAME)
			return this.#noName(bytes, from, at);
		if (at === to) return at;
		if (bytes[at] !== 0x3a || this.#name === "") return this.#noName(bytes, from, at);
		this.#text = "";
		this.#step = "lead";
		return at + 1;
	}

	/** Not a name after all: whatever it is goes. */
	#noName(bytes: Uint8Array, from: number, at: number): number {
		bytes.fill(X, from, at);
		return this.#break(at);
	}

	/** Blanks before the value stay; the value stays if its header is on the list. */
	#inValue(bytes: Uint8Array, from: number, to: number): number {
		let at = from;
		if (this.#step === "lead") {
			while (at < to && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
			if (at === to) return at;
			this.#step = "value";
		}
		const start = at;
		if (isKept(this.#name)) while (at < to && bytes[at] !== LF) at++;
		else for (; at < to && bytes[at] !== LF; at++) if (bytes[at] !== CR) bytes[at] = X;
		if (isFraming(this.#name) && this.#text.length < MAX_VALUE) {
			this.#text += latin1(bytes, start, Math.min(at, start + MAX_VALUE));
		}
		if (at === to) return at;
		if (isFraming(this.#name)) this.#headers.add(this.#name, this.#text);
		this.#line();
		return at + 1;
	}
}

/** Short pieces only: the engine makes one flat string of them in the end. */
function latin1(bytes: Uint8Array, from: number, to: number): string {
	let text = "";
	for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i]!);
	return text;
}

function isFraming(name: string): boolean {
	return name === "content-length" || name === "transfer-encoding";
}

function isDigit(byte: number): boolean {
	return byte >= 0x30 && byte <= 0x39;
}
