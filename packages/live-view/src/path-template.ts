const NUMBER = /^\d+$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Digests, object ids, commits: eight hex digits or more, at least one of them a digit. */
const HEX = /^(?=.*\d)[0-9a-f]{8,}$/i;
/** Dates and times. */
const DATE = /^\d{4}-\d{2}(-\d{2})?(T[\d:.]+Z?)?$/;
/** Tokens: long, and letters and digits mixed. */
const TOKEN = /^(?=.*\d)(?=.*[a-z])[\w~.=-]{20,}$/i;
/** Deeper paths end here. */
const MAX_SEGMENTS = 8;

function isId(segment: string): boolean {
	return NUMBER.test(segment) || UUID.test(segment) || HEX.test(segment) || DATE.test(segment) || TOKEN.test(segment);
}

/**
 * A path without what differs from request to request, so that requests for the same thing have the same template: the
 * query goes, and segments that look like ids (numbers, UUIDs, digests, dates, tokens) become `{id}`.
 *
 * ```ts
 * pathTemplate("/orders/4711/items?page=2"); // "/orders/{id}/items"
 * ```
 */
export function pathTemplate(path: string): string {
	const query = path.search(/[?#]/);
	const bare = query === -1 ? path : path.slice(0, query);
	// An id is longer than a name, or begins with a digit: most paths have neither.
	if (!/\/\d|[^/]{8}/.test(bare) && bare.length <= 2 * MAX_SEGMENTS) return bare;
	const segments = bare.split("/");
	const kept = segments.length > MAX_SEGMENTS + 1 ? segments.slice(0, MAX_SEGMENTS + 1) : segments;
	const template = kept.map((segment) => (isId(segment) ? "{id}" : segment)).join("/");
	return kept === segments ? template : `${template}/…`;
}
