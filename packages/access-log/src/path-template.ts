/** More segments than this are cut: no API that people name is deeper, and no label should be longer. */
const MAX_SEGMENTS = 8;
const MAX_SEGMENT_LENGTH = 32;

/** A part of an API's name: letters (one digit may end them: `oauth2`), or a version (`v1`, `v1beta1`). */
const WORD = /^(?:[A-Za-z._~-]+\d?|v\d{1,3}(?:(?:alpha|beta)\d{1,2})?)$/;

/**
 * The path without what differs from one request to the next: its query, and segments that are numbers, ids, tokens or names with
 * other signs in them, as `{id}`. Bounded in length whatever the path is, and so fit for a label.
 *
 * @example
 * ```ts
 * import { pathTemplate } from "@wirescribe/access-log";
 *
 * console.log(pathTemplate("/v1/orders/8423/items?limit=5"));
 * // /v1/orders/{id}/items
 * ```
 */
export function pathTemplate(path: string): string {
	const end = path.search(/[?#;]/);
	const segments = (end === -1 ? path : path.slice(0, end)).split("/", MAX_SEGMENTS + 2);
	const cut = segments.length > MAX_SEGMENTS + 1;
	if (cut) segments.length = MAX_SEGMENTS + 1;
	const template = segments.map((segment) => (segment === "" || isWord(segment) ? segment : "{id}")).join("/");
	return cut ? `${template}/...` : template;
}

function isWord(segment: string): boolean {
	return segment.length <= MAX_SEGMENT_LENGTH && WORD.test(segment);
}
