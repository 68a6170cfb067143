/** Whether bytes may be the start of an HTTP/1 message: asked before anything of them is kept. */

const SPACE = 0x20;
const LF = 0x0a;
const CR = 0x0d;
const MAX_METHOD = 24;

/** A start line that goes on in another operation must begin with one of these. */
const METHODS: readonly string[] =
	"GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK REPORT SEARCH PURGE".split(
		" ",
	);
const STARTS: readonly Uint8Array[] = METHODS.map((method) => new TextEncoder().encode(`${method} `));
const RESPONSE: Uint8Array = new TextEncoder().encode("HTTP/1.");

function isPrefix(prefix: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
	const length = Math.min(prefix.length, to - from);
	for (let i = 0; i < length; i++) if (bytes[from + i] !== prefix[i]) return false;
	return true;
}

function indexOf(bytes: Uint8Array, wanted: number, from: number, to: number): number {
	for (let i = from; i < to; i++) if (bytes[i] === wanted) return i;
	return -1;
}

/** `HTTP/1.x` as the last of a line that ends before `end`. */
function endsWithVersion(bytes: Uint8Array, from: number, end: number): boolean {
	const at = (bytes[end - 1] === CR ? end - 1 : end) - 8;
	return at > from && bytes[at - 1] === SPACE && isPrefix(RESPONSE, bytes, at, at + 7);
}

/** Where a message may start although the stream's place is not known: only a whole start line counts. */
export function isStartLine(bytes: Uint8Array, from: number, to: number, kind: "any" | "response"): boolean {
	const lineEnd = indexOf(bytes, LF, from, to);
	if (lineEnd < 0) return false;
	if (lineEnd - from > 12 && isPrefix(RESPONSE, bytes, from, lineEnd)) return true;
	return kind === "any" && bytes[from]! > SPACE && isRequestLine(bytes, from, lineEnd);
}

/**
 * True when the bytes are a start line, or the beginning of one, where a message must start. A line that is whole must be
 * right; one that goes on elsewhere must begin with a known method, so that other protocols' words (`AUTH`) are not kept.
 */
export function looksLikeStart(bytes: Uint8Array, start: number, to: number): boolean {
	let from = start;
	while (from < to && (bytes[from] === CR || bytes[from] === LF)) from++;
	if (from === to) return to > start;
	if (isPrefix(RESPONSE, bytes, from, to)) return true;
	const lineEnd = indexOf(bytes, LF, from, to);
	if (lineEnd < 0) return STARTS.some((text) => isPrefix(text, bytes, from, to));
	return isRequestLine(bytes, from, lineEnd);
}

function isRequestLine(bytes: Uint8Array, from: number, lineEnd: number): boolean {
	const methodEnd = indexOf(bytes, SPACE, from, Math.min(lineEnd, from + MAX_METHOD));
	if (methodEnd <= from) return false;
	for (let i = from; i < methodEnd; i++) if (!isMethodByte(bytes[i]!)) return false;
	return endsWithVersion(bytes, methodEnd, lineEnd);
}

export function isMethodByte(byte: number): boolean {
	return (byte >= 0x41 && byte <= 0x5a) || byte === 0x2d || byte === 0x5f;
}
