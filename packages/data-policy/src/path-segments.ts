/** Kinds of path segments that name somebody or open something. */
export const SEGMENT_KINDS = ["ids", "emails", "tokens", "params"] as const;

/** `params`: what follows a `;`, as in `/a;jsessionid=…`. */
export type SegmentKind = (typeof SEGMENT_KINDS)[number];

const NUMBER = /^\d+$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const HEX = /^[0-9a-f]{12,}$/i;
const TOKEN_LETTERS = /^[\w.~%+=-]+$/;
/** Shorter ones are words as a rule. */
const TOKEN_LENGTH = 16;
/** The longest words are shorter. */
const WORD_LENGTH = 24;

/** A number, a UUID, or 12 and more hexadecimal digits of which one is a number. */
export function isId(segment: string): boolean {
	return NUMBER.test(segment) || UUID.test(segment) || (HEX.test(segment) && /\d/.test(segment));
}

export function isEmail(segment: string): boolean {
	const at = segment.search(/@|%40/i);
	return at > 0 && segment.indexOf(".", at + 2) !== -1;
}

/**
 * Looks like chance: 16 characters and more with letters and digits, or 24 and more letters in one piece. It is meant to mask too
 * much rather than too little: `release-notes-2026` is one.
 */
export function isToken(segment: string): boolean {
	if (segment.length < TOKEN_LENGTH || !TOKEN_LETTERS.test(segment)) return false;
	if (/\d/.test(segment) && /[a-z]/i.test(segment)) return true;
	return segment.length >= WORD_LENGTH && !/[-_.~+]/.test(segment);
}

/** Where the path's segments are: `[from, to)` of each, without its slash. Ends at the query. */
export function segmentsOf(path: string): readonly (readonly [from: number, to: number])[] {
	const query = path.search(/[?#]/);
	const end = query === -1 ? path.length : query;
	const segments: [number, number][] = [];
	for (let from = path.startsWith("/") ? 1 : 0; from < end; ) {
		const slash = path.indexOf("/", from);
		const to = slash === -1 || slash > end ? end : slash;
		segments.push([from, to]);
		from = to + 1;
	}
	return segments;
}

/**
 * What requests of one kind have in common: the path without its query, with `{}` for each segment that is an id, an e-mail address or
 * a token.
 */
export function pathTemplate(path: string): string {
	let template = "";
	for (const [from, to] of segmentsOf(path)) {
		const segment = path.slice(from, to);
		template += isId(segment) || isEmail(segment) || isToken(segment) ? "/{}" : `/${segment}`;
	}
	return template === "" ? "/" : template;
}
