import { pairSpans } from "./pair-spans.ts";
import { isEmail, isId, isToken, type SegmentKind, segmentsOf } from "./path-segments.ts";
import type { RedactionRules } from "./redaction-rules.ts";
import { regexSpans } from "./regex-spans.ts";
import { Spans } from "./spans.ts";

/** What of queries is shown. */
export interface QueryOptions {
	/** All values, but for what rules mask. */
	readonly values: boolean;
	/** Values of these names; globs. */
	readonly allow: readonly { test(name: string): boolean }[];
}

/** A name and a password before a host. */
const LOGIN = /\/\/[^/?#@\s]*@/;
/** What stands before the path of a URL, or nothing where a path begins. */
const ORIGIN = /^(?:[a-z][a-z0-9+.-]*:)?\/\/[^/?#\s]*|^(?=\/)/i;

/** Redacts paths, hosts and the text of header values. */
export class TextRedactor {
	/** Queries are judged here; else they are left as they are. */
	readonly judgesQueries: boolean;
	readonly #rules: RedactionRules;
	readonly #query: QueryOptions;

	constructor(rules: RedactionRules, query: QueryOptions) {
		this.#rules = rules;
		this.#query = query;
		this.judgesQueries = rules.query.length > 0 || query.allow.length > 0;
	}

	/** Nothing would be changed of any path. */
	get isIdle(): boolean {
		const { paths, segments, regexes } = this.#rules;
		return !this.judgesQueries && paths.length + segments.size + regexes.length === 0;
	}

	path(path: string): string {
		const spans = new Spans();
		this.#pathOf(path, spans);
		if (this.judgesQueries) this.#queryOf(path, spans);
		return this.#text(path, spans);
	}

	/** Any other text. */
	text(text: string): string {
		return this.#text(text, new Spans());
	}

	/** A header's value. It may be a URL, as in Referer and Location: then its login, path and query are treated as such. */
	headerValue(value: string): string {
		const spans = new Spans();
		this.#queryOf(value, spans);
		const login = LOGIN.exec(value);
		if (login) spans.add(login.index + 2, login.index + login[0].length - 1);
		const origin = ORIGIN.exec(value)?.[0];
		if (origin !== undefined) {
			const path = new Spans();
			this.#pathOf(value.slice(origin.length), path);
			spans.addAll(path, origin.length);
		}
		return this.#text(value, spans);
	}

	#pathOf(path: string, spans: Spans): void {
		for (const pattern of this.#rules.paths) pattern.mask(path, spans);
		if (this.#rules.segments.size > 0) this.#segments(path, spans);
	}

	#text(text: string, spans: Spans): string {
		for (const regex of this.#rules.regexes) regexSpans(regex, text, spans);
		return spans.isEmpty ? text : spans.render(text);
	}

	#segments(path: string, spans: Spans): void {
		const { segments: kinds } = this.#rules;
		for (const [from, to] of segmentsOf(path)) {
			const [segment = ""] = path.slice(from, to).split(";", 1);
			const end = from + segment.length;
			if (isOf(kinds, segment)) spans.add(from, end);
			if (end < to && kinds.has("params")) spans.add(end + 1, to);
		}
	}

	#queryOf(text: string, spans: Spans): void {
		const mark = text.indexOf("?");
		if (mark === -1) return;
		const { values, allow } = this.#query;
		const { query } = this.#rules;
		const masks = (written: string): boolean => {
			const name = written.toLowerCase();
			return query.some((one) => one.test(name)) || !(values || (name !== "" && allow.some((one) => one.test(name))));
		};
		pairSpans(text, mark + 1, text.length, masks, spans);
	}
}

function isOf(kinds: ReadonlySet<SegmentKind>, segment: string): boolean {
	return (
		(kinds.has("ids") && isId(segment)) ||
		(kinds.has("emails") && isEmail(segment)) ||
		(kinds.has("tokens") && isToken(segment))
	);
}
