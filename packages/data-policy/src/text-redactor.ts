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
		for (const pattern of this.#rules.paths) pattern.mask(path, spans);
		if (this.#rules.segments.size > 0) this.#segments(path, spans);
		if (this.judgesQueries) this.#queryOf(path, spans);
		return this.#text(path, spans);
	}

	/** Any other text. */
	text(text: string): string {
		return this.#text(text, new Spans());
	}

	/** A header's value: a query in it, as in Referer and Location, is one, and a password before a host is none of anybody's business. */
	headerValue(value: string): string {
		const spans = new Spans();
		this.#queryOf(value, spans);
		const login = /\/\/([^/?#@\s]*)@/.exec(value);
		if (login) spans.add(login.index + 2, login.index + login[0].length - 1);
		return this.#text(value, spans);
	}

	#text(text: string, spans: Spans): string {
		for (const regex of this.#rules.regexes) regexSpans(regex, text, spans);
		return spans.isEmpty ? text : spans.render(text);
	}

	#segments(path: string, spans: Spans): void {
		const { segments: kinds } = this.#rules;
		for (const [from, to] of segmentsOf(path)) {
			const semicolon = path.indexOf(";", from);
			const end = semicolon === -1 || semicolon > to ? to : semicolon;
			if (isOf(kinds, path.slice(from, end))) spans.add(from, end);
			if (end < to && kinds.has("params")) spans.add(end + 1, to);
		}
	}

	#queryOf(text: string, spans: Spans): void {
		const mark = text.indexOf("?");
		if (mark === -1) return;
		const { values, allow } = this.#query;
		const { query } = this.#rules;
		const masks = (name: string): boolean =>
			query.some((one) => one.test(name)) || !(values || (name !== "" && allow.some((one) => one.test(name))));
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
